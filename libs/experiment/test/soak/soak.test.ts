import { layerInProcess } from "#src/runner.ts"
import { canaryOf } from "#src/soak/canary.ts"
import { COVERAGE, ROWS } from "#src/soak/coverage.ts"
import { DRAWN_KERNEL, drawScenario } from "#src/soak/draw-scenario.ts"
import { hasSeries, lostFinding } from "#src/soak/findings.ts"
import { IMPOSSIBLE } from "#src/soak/impossible.ts"
import { EVERYTHING, type SoakPlan } from "#src/soak/soak-file.ts"
import { runSoak, soakJob } from "#src/soak/soak.ts"
import { decodeScenario, FAULT_NAMES, faultNamed, madeUpResult, runCluster } from "@swaplab/cluster"
import { parseYaml, plainOf, toYaml } from "@swaplab/config"
import { CARD_NAMES } from "@swaplab/net-skb"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"

const drawn = (seed: number, plan: SoakPlan = EVERYTHING) => Either.getOrThrow(drawScenario(plan, seed))

const narrowed = (swarm: Readonly<Record<string, ReadonlyArray<unknown>>>): SoakPlan => ({
  ...EVERYTHING,
  swarm: new Map([...EVERYTHING.swarm, ...Object.entries(swarm)])
})

let many: ReadonlyArray<ReturnType<typeof drawn>["loaded"]["scenario"]> | null = null

/** Enough of them to have everything. */
const MANY = () => many ??= Array.from({ length: 120 }, (_, i) => drawn(i + 1).loaded.scenario)

/** Small ones, that cannot lock up for good. */
const SMALL = narrowed({
  base: ["v3.6"],
  patches: [0],
  "clients.count": [1],
  "clients.ram": ["12 MiB"],
  "clients.zram": [null],
  "clients.zswap": [null],
  numa: [null],
  backgroundCount: [0]
})

describe("a drawn scenario", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(drawn(7).given).toEqual(drawn(7).given)
    expect(drawn(7).given).not.toEqual(drawn(8).given)
  })

  it("has nothing but what the swarm was narrowed to", () => {
    const plan = narrowed({
      "clients.ram": ["24 MiB"],
      numa: [null],
      base: ["v9"],
      faults: ["down"],
      faultCount: [1],
      patches: [0]
    })
    for (let seed = 1; seed <= 10; seed++) {
      const { scenario } = drawn(seed, plan).loaded
      expect(scenario.clients[0].ram).toBe(24 * 1024 * 1024)
      expect(scenario.kernels[DRAWN_KERNEL]).toMatchObject({ base: "v9", patches: {} })
      for (const { what } of scenario.faults) expect(what).toBe("down")
    }
  })

  it("narrowing one thing leaves the others as they are", () => {
    const plan = narrowed({ "clients.ram": ["24 MiB"] })
    // those that are drawn at the first attempt
    for (const seed of [1, 2, 3]) expect(drawn(seed, plan).given.kernels).toEqual(drawn(seed).given.kernels)
  })

  it("draws every kind of fault, and none of them outlives the trouble", () => {
    const seen = new Set<string>()
    for (const { faults } of MANY()) {
      for (const { for: length, what, at } of faults) {
        seen.add(what)
        const ns = [at, length].map((moment) => Number(JSON.stringify(moment).match(/"ns":(\d+)/)?.[1]))
        expect(ns[0] + ns[1]).toBeLessThanOrEqual(20e9)
      }
    }
    expect([...seen].toSorted()).toEqual([...FAULT_NAMES].toSorted())
  })

  it("has several groups, servers, switches, and what takes long, where it is told so", () => {
    const plan = narrowed({
      groups: [2],
      servers: [2],
      switches: [2],
      costlyIn: [1],
      costly: ["session"],
      programs: ["server"],
      faultCount: [0]
    })
    const { scenario } = drawn(1, plan).loaded
    expect(scenario.clients.map(({ count, name, programs }) => [name, count, programs])).toEqual([
      ["client", 1, "server"],
      ["other", 1, "server"]
    ])
    expect(scenario.servers?.map(({ name }) => name)).toEqual(["server", "server-2"])
    expect(scenario.lan.switches?.map(({ name }) => name)).toEqual(["core", "room"])
  })

  it("has memory nodes that are large enough, each with a CPU", () => {
    const { numa, ram, cpus, count } =
      drawn(1, narrowed({ numa: [{ nodes: 2 }], costlyIn: [1e9] })).loaded.scenario.clients[0]
    expect(numa).toMatchObject({ nodes: 2, split: [32 * 2 ** 20, 8 * 2 ** 20] })
    expect([ram, count]).toEqual([40 * 2 ** 20, 1])
    expect(cpus).toBeGreaterThanOrEqual(2)
  })

  it("has every card, and both values of every feature of a card", () => {
    const seen = new Set<string>()
    for (const { clients } of MANY()) {
      for (const { nic: { driver, ethtool } } of clients) {
        seen.add(driver)
        for (const name of ["gro", "tso"] as const) seen.add(`${name} ${ethtool[name]}`)
      }
    }
    for (const what of [...CARD_NAMES, "gro on", "gro off", "tso on", "tso off"]) expect(seen).toContain(what)
  })

  it("a swarm in which nothing fits says so", () => {
    const found = drawScenario(narrowed({ "clients.ram": ["13 B"], numa: [null] }), 1)
    expect(Either.isLeft(found) && found.left.message).toContain("seed 1: none of 200 drawings is a scenario")
  })
})

it("the file of a drawn scenario gives the same run", () => {
  for (const seed of [3]) {
    const { given, loaded } = drawn(seed, SMALL)
    const tree = Effect.runSync(parseYaml("drawn.yaml", toYaml(given), { what: "a scenario", top: "a scenario" }))
    const again = Either.getOrThrow(decodeScenario("drawn.yaml", plainOf(tree) as typeof given))
    expect(runCluster(again.scenario, DRAWN_KERNEL, seed).fingerprint)
      .toBe(runCluster(loaded.scenario, DRAWN_KERNEL, seed).fingerprint)
  }
})

it("every option that a fault is drawn with is one of its own", () => {
  for (const name of FAULT_NAMES) {
    const { options, swarm } = faultNamed(name)
    for (const key of Object.keys(swarm)) expect(Object.keys(options)).toContain(key)
  }
})

describe("the job of a drawing", () => {
  const stuckToo = (swarm: Readonly<Record<string, ReadonlyArray<unknown>>>) => {
    const plan = narrowed({ patches: [0], faultCount: [1], trouble: ["300 ms"], ...swarm })
    return soakJob(plan, drawn(1, plan)).earlyStop?.enough?.stuckToo
  }

  it("ends with a closed cycle where the kernel is known for it, and it is not a run that is to be proved", () => {
    const others = { faults: ["down"] }
    expect(stuckToo({ ...others, base: ["v3.6"], provedIn: [1e9] })).toBe(false)
    expect(stuckToo({ ...others, base: ["v3.5"], provedIn: [1e9] })).toBe(true)
    expect(stuckToo({ ...others, base: ["v3.5"], provedIn: [1] })).toBe(false)
  })

  it("knows a kernel that loses a patch of the series while it runs", () => {
    const { given } = drawn(1, narrowed({ base: ["v3.6"], patches: [0], faultCount: [0] }))
    const series = (...faults: ReadonlyArray<object>) =>
      hasSeries({ seed: 1, given, loaded: Either.getOrThrow(decodeScenario("x.yaml", { ...given, faults })) })
    expect(series()).toBe(true)
    expect(series({ what: "patch", where: "client-1", at: "1 ms", for: "1 ms", patch: "throttle", set: "off" })).toBe(
      false
    )
  })
})

describe("a soak test", () => {
  it("counts runs, client-hours and rows, and goes on after a run that was lost", async () => {
    let runs = 0
    const simulate: typeof runCluster = (...given) => {
      if (++runs === 2) throw new Error("page 17 of client-3 is gone")
      return runCluster(...given)
    }
    const soak = await Effect.runPromise(
      runSoak(SMALL, { firstSeed: 1, runs: 3, untilFailure: false }).pipe(Effect.provide(layerInProcess(simulate)))
    )
    expect(soak.runs).toBe(3)
    expect(soak.clientHours).toBeGreaterThan(0)
    expect(soak.coverage.get("vmstat pswpout")).toBeGreaterThan(0)
    expect(soak.groups[0]).toMatchObject({
      runs: 1,
      seed: 2,
      signature: "fault of swaplab: page # of client-# is gone"
    })
    expect(soak.groups[0].finding).toMatchObject({ ours: true, expected: null })
  })

  it("ends with the first unexpected finding where it is told to", async () => {
    const simulate: typeof runCluster = () => {
      throw new Error("at once")
    }
    const soak = await Effect.runPromise(
      runSoak(SMALL, { firstSeed: 1, runs: 50, untilFailure: true }).pipe(Effect.provide(layerInProcess(simulate)))
    )
    expect(soak.runs).toBe(1)
  })
})

/** A run of nothing. */
const QUIET = madeUpResult({ kernel: DRAWN_KERNEL, seed: 1, outcome: "completed", elapsedNs: 1e9, clients: [] })

describe("the canary", () => {
  const seeds = Array.from({ length: 20_000 }, (_, i) => i + 1).filter((seed) => canaryOf(seed).length > 0)

  it("is one run in a hundred", () => {
    // five standard deviations of 20,000 draws with a probability of 0.01 are 70
    expect(Math.abs(seeds.length - 200)).toBeLessThan(70)
  })

  it("raises the alarm, and only where it is asked for", async () => {
    const soak = (canary: boolean) =>
      Effect.runPromise(
        runSoak({ ...SMALL, canary }, { firstSeed: seeds[0], runs: 1, untilFailure: false }).pipe(
          Effect.provide(layerInProcess(() => QUIET))
        )
      )
    const [group] = (await soak(true)).groups
    expect(group).toMatchObject({ signature: "law canary", runs: 1, seed: seeds[0] })
    expect(group.finding).toMatchObject({ ours: true, expected: null })
    expect((await soak(false)).groups).toEqual([])
  })
})

describe("the table of coverage", () => {
  it("has a row of each kind once", () => {
    expect(new Set(ROWS).size).toBe(ROWS.length)
    for (
      const row of [
        "class request slots",
        "fault down: hit",
        "drop txQueue",
        "vmstat pgmajfault",
        "outcome oom",
        "counter page-alloc slowpath",
        "counter zswap writtenBackPages"
      ]
    ) expect(COVERAGE).toContain(row)
  })

  it("has no levels", () => {
    expect(ROWS.filter((row) => /nr_(?!vmscan|dirtied|written)/.test(row))).toEqual([])
  })

  it("leaves out what is impossible, with a reason for each", () => {
    expect([...IMPOSSIBLE.keys()].filter((row) => !ROWS.includes(row))).toEqual([])
    expect([...IMPOSSIBLE].filter(([, why]) => why.length < 30)).toEqual([])
    expect(COVERAGE.filter((row) => IMPOSSIBLE.has(row))).toEqual([])
  })
})

it("a message without its numbers is the signature of a lost run", () => {
  expect(lostFinding("frame 0x12 of 3.5 is lost\nat x").signature).toBe("fault of swaplab: frame # of # is lost")
})
