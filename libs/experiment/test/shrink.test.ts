import { type LockupTaxonomy, madeUpLockup, type Scenario, withOverrides } from "@swaplab/cluster"
import { type Mapping, overrideOf, toYaml } from "@swaplab/config"
import {
  layerInProcess,
  Runner,
  type SavedLockup,
  type SavedResult,
  shrink,
  type ShrinkOptions,
  type Shrunk,
  type Simulate
} from "@swaplab/experiment"
import { Deferred, Effect, Either, Fiber, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "./fake.ts"

const MIB = 1024 * 1024

/** Starves in the receive path where there is traffic, nbd-memalloc and at least 24 MiB; in the sender without the patch. */
const classOf = (scenario: Scenario, kernel: string): LockupTaxonomy | null => {
  const [group] = scenario.clients
  const { base, patches } = scenario.kernels[kernel]
  const memalloc = patches["nbd-memalloc"] ?? base === "v3.6"
  if (!memalloc) return "tx starvation"
  return Number(group.background.packetsPerSecond) > 0 && group.ram >= 24 * MIB ? "rx starvation" : null
}

const simulate: Simulate = (scenario, kernel, seed) => {
  const found = classOf(scenario, kernel)
  const run = fakeResult(kernel, seed, found === null ? "completed" : "lockup")
  return {
    ...run,
    clients: run.clients.map((client) => ({
      ...client,
      lockup: found === null ? null : madeUpLockup({ taxonomy: found })
    }))
  }
}

const LOADED = scenarioWith({
  description: "To be made smaller.",
  seeds: [1, 7],
  duration: "900 s",
  kernels: { patched: { allocator: "slub", base: "v3.6 - throttle" }, other: { allocator: "slab", base: "v3.5" } },
  compare: { baseline: "patched", against: "other" },
  lan: { loss: "1 %" },
  clients: [
    {
      name: "client",
      count: 3,
      start: "normal(2 s, 1 s)",
      ram: "96 MiB",
      swap: "480 MiB",
      cpus: 4,
      background: { packetsPerSecond: 500 }
    },
    { name: "idle", ram: "32 MiB", nic: { driver: "igb" } }
  ]
})

const SAVED: SavedResult = {
  file: "out/result.json",
  loaded: LOADED,
  runs: [],
  findings: [],
  lockups: [],
  timeouts: []
}
const LOCKUP: SavedLockup = {
  kind: "deadlock",
  taxonomy: "rx starvation",
  atNs: 6.2e9,
  sinceNs: 0.2e9,
  text: "",
  kernel: "patched",
  seed: 7,
  client: "client-1"
}

const run = (
  options: Partial<ShrinkOptions> = {},
  lockup = LOCKUP,
  size = 1,
  simulation = simulate,
  saved = SAVED
): Shrunk | null => {
  const runner = layerInProcess(simulation).pipe(
    Layer.flatMap((context) => {
      const { unsafeMap } = context
      const service = unsafeMap.get(Runner.key) as typeof Runner.Service
      return Layer.succeed(Runner, { ...service, size })
    })
  )
  return Effect.runSync(Effect.provide(shrink(saved, lockup, { maxRuns: 500, ...options }), runner))
}

const small = (shrunk: Shrunk | null): Shrunk => {
  if (shrunk === null) throw new Error("nothing was shrunk")
  return shrunk
}

describe("a scenario made smaller", () => {
  const shrunk = small(run())

  it("keeps what the lockup needs, and nothing else", () => {
    expect(shrunk.given).toEqual(
      {
        name: "fake",
        seeds: [7],
        duration: "13 s",
        kernels: { patched: { allocator: "slub", base: "v3.5", patches: { "nbd-memalloc": true } } },
        clients: [{
          ram: "24 MiB",
          cpus: 1,
          pageCache: "0 %",
          swap: "12 MiB",
          workload: { usemem: { processesPerCpu: 1, size: "1x RAM", passes: 1 } },
          background: { packetsPerSecond: 1 }
        }],
        expect: { default: "any" }
      } satisfies Mapping
    )
    expect([shrunk.finished, shrunk.report.taxonomy]).toEqual([true, "rx starvation"])
    expect(shrunk.kept).toContain("no group idle")
    expect(shrunk.kept).toContain("no lan")
  })

  it("is a scenario file", () => {
    const yaml = toYaml(shrunk.given, ["one", "two"])
    expect(yaml.split("\n").slice(0, 4)).toEqual(["# one", "# two", "name: fake", "seeds:"])
    expect(yaml).toContain("    background:\n      packetsPerSecond: 1\n")
    expect(scenarioWith(shrunk.given).warnings).toEqual([])
  })

  it("and the count of runs do not depend on the number of workers", () => {
    const wide = small(run({}, LOCKUP, 5))
    expect(wide).toEqual(shrunk)
  })

  it("ends when the runs are used up, with what it has", () => {
    const short = small(run({ maxRuns: 10 }))
    expect([short.runs, short.finished]).toEqual([10, false])
    expect(short.kept.length).toBeGreaterThan(0)
    expect(short.kept).toEqual(shrunk.kept.slice(0, short.kept.length))
  })

  it("stays in its class: without the patch it would be another lockup", () => {
    expect(shrunk.kept).not.toContain("no patches")
    const other = small(run({}, { ...LOCKUP, kernel: "other", taxonomy: "tx starvation" }))
    expect(other.given.kernels).toEqual({ other: { allocator: "slab", base: "v3.5" } })
    expect((other.given.clients as ReadonlyArray<Mapping>)[0].ram).toBe("8 MiB")
  })

  it("needs a lockup to begin with", () => {
    expect(run({}, { ...LOCKUP, taxonomy: "isolated pages" })).toBe(null)
  })

  it("has no kernel that the groups which are left do not use", () => {
    const loaded = Either.getOrThrow(
      withOverrides(LOADED, [overrideOf("", ["clients", 1, "kernel"], "other")])
    )
    const first = small(run({ maxRuns: 1 }, LOCKUP, 1, simulate, { ...SAVED, loaded }))
    expect(Object.keys(first.given.kernels as Mapping)).toEqual(["patched", "other"])
    const whole = small(run({}, LOCKUP, 1, simulate, { ...SAVED, loaded }))
    expect(whole.given).toEqual(shrunk.given)
  })
})

describe("a search whose runs fail", () => {
  const alone: Simulate = (scenario, ...rest) => {
    if (scenario.clients.length === 1) throw new Error("a page was freed twice")
    return simulate(scenario, ...rest)
  }

  it("takes such a step for one without the lockup, and names it", () => {
    const shrunk = small(run({}, LOCKUP, 1, alone))
    expect(shrunk.given.clients).toHaveLength(2)
    expect(shrunk.lost.slice(0, 2)).toEqual([
      { what: "no group client", reason: "a page was freed twice" },
      { what: "no group idle", reason: "a page was freed twice" }
    ])
    expect([shrunk.finished, shrunk.interrupted]).toEqual([true, false])
    expect(run({}, LOCKUP, 5, alone)).toEqual(shrunk)
  })

  it("fails when it is the run of the lockup itself", () => {
    const never: Simulate = () => {
      throw new Error("a page was freed twice")
    }
    expect(() => run({}, LOCKUP, 1, never)).toThrow("patched, seed 7: a page was freed twice")
  })
})

it("a search that is interrupted ends with what it has found", async () => {
  const found = await Effect.runPromise(Effect.gen(function*() {
    const begun = yield* Deferred.make<void>()
    let runs = 0
    const runner = Layer.succeed(Runner, {
      size: 1,
      run: (job, board) =>
        Effect.gen(function*() {
          if (++runs <= 5) return simulate(job.loaded.scenario, job.kernel, job.seed, board.hooks(job.id), null)
          yield* Deferred.succeed(begun, undefined)
          while (!board.stopped) yield* Effect.yieldNow()
          return fakeResult(job.kernel, job.seed, "stopped", 1e9)
        })
    })
    const results: Array<Shrunk | null> = []
    const search = Effect.map(shrink(SAVED, LOCKUP, { maxRuns: 500 }), (shrunk) => results.push(shrunk))
    const fiber = yield* Effect.fork(Effect.uninterruptible(Effect.provide(search, runner)))
    yield* Deferred.await(begun)
    yield* Fiber.interrupt(fiber)
    return results[0]
  }))
  const shrunk = small(found)
  expect(shrunk).toEqual({ ...small(run({ maxRuns: 5 })), interrupted: true })
  expect([shrunk.finished, shrunk.kept.length > 0]).toEqual([false, true])
})

it("keeps the faults that a lockup needs, with as few keys as will do", () => {
  const loaded = scenarioWith({
    duration: "900 s",
    kernels: { patched: { allocator: "slub", base: "v3.5" } },
    clients: [{ count: 1 }],
    faults: [
      { what: "loss", where: "client", at: "1 s", for: "5 s", probability: "5 %", direction: "to-switch" },
      { what: "down", where: "client", at: "2 s", for: "5 s", direction: "to-switch" },
      // after twice the time that the lockup takes
      { what: "restart", where: "server", at: "30 s", for: "5 s", store: "lost" }
    ]
  })
  // it takes a cable that is out
  const locks: Simulate = (scenario, kernel, seed) => {
    const found = scenario.faults.some(({ what }) => what === "down")
    const made = fakeResult(kernel, seed, found ? "lockup" : "completed")
    const lockup = found ? madeUpLockup({ taxonomy: "dead network" }) : null
    return { ...made, clients: made.clients.map((client) => ({ ...client, lockup })) }
  }
  const lockup = { ...LOCKUP, taxonomy: "dead network" as const }
  const { given } = small(run({}, lockup, 1, locks, { ...SAVED, loaded }))
  expect(given.faults).toEqual([{ what: "down", where: "client", at: "0 ns" }])
})
