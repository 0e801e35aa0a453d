// What each kind of fault does: exact counters, and that everything is as before when it has ended.
import { FAULT_NAMES, type FaultName, FAULTS } from "#src/faults/faults.ts"
import { type FaultResult, portsOf, runCluster, type RunResult, type ScenarioEncoded } from "@swaplab/cluster"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

type Faults = NonNullable<ScenarioEncoded["faults"]>

const brokenLaws = (result: RunResult) => result.laws.filter(({ holds }) => !holds)

/** Two clients that swap for half a second or so, with these faults. */
const GROUP = {
  ...SMALL,
  count: 2,
  nbd: { whenLost: "persist" },
  workload: { usemem: { processesPerCpu: 2, size: "24 MiB", passes: 2 } }
} as const

const run = (faults: Faults, more: Partial<ScenarioEncoded> = {}, kernel = "slab-series"): RunResult =>
  runCluster(scenario([GROUP], { duration: "60 s", faults, ...more }), kernel, 1)

const counts = ({ effects }: FaultResult): Record<string, number> =>
  Object.fromEntries(effects.map(({ count, what }) => [what, count]))

/** One case of each kind: its entry, and what must be true of what it did. */
const CASES: Readonly<
  Record<FaultName, readonly [options: object, seen: (did: Record<string, number>, result: RunResult) => void]>
> = {
  restart: [{ store: "lost" }, (did, { servers: [{ troubles }] }) => {
    // nothing else goes wrong at the server in this run
    expect(did).toEqual({
      "connections killed": 2,
      "requests unanswered": troubles.requestsUnanswered,
      "attempts to connect refused": troubles.connectsRefused,
      "pages of swap lost": troubles.pagesForgotten
    })
    expect(did["pages of swap lost"]).toBeGreaterThan(0)
  }],
  stop: [{}, (did) => {
    expect(did["connections killed"]).toBe(2)
    expect(did["pages of swap lost"]).toBe(0)
  }],
  // two connections, each with one request that its worker has read and one behind it that nobody reads
  pause: [{}, (did) => expect(did["requests that waited"]).toBe(4)],
  "slow-disk": [
    { extra: "2 ms" },
    (did, { servers: [{ troubles }] }) => expect(did["requests slowed"]).toBe(troubles.requestsSlowed)
  ],
  "disk-full": [{}, (did, { servers: [server] }) => {
    expect(did["writes refused"]).toBe(server.noSpace)
    expect(did["writes refused"]).toBeGreaterThan(0)
  }],
  errors: [{ command: "write", probability: "20 %" }, (did, { clients, servers: [{ troubles }] }) => {
    expect(did["requests answered with an error"]).toBe(troubles.errorsInjected)
    // the page stays dirty and is written again: nobody is killed for it
    expect(clients.map(({ outcome }) => outcome)).toEqual(["timeout", "timeout"])
  }],
  "server-steal-cpu": [{ share: "50 %" }, (did) => {
    expect(did["ms of CPU time slowed"]).toBeGreaterThan(0)
    expect(did["ms of CPU time slowed"]).toBeLessThanOrEqual(800)
  }],
  "steal-cpu": [{ share: "50 %" }, (did) => {
    expect(did["ms of CPU time slowed"]).toBeGreaterThan(0)
    // two CPUs for 200 ms
    expect(did["ms of CPU time slowed"]).toBeLessThanOrEqual(402)
  }],
  "power-off": [{}, (did, { clients }) => {
    expect(did).toEqual({ "machines off": 1, "processes ended": 4, "machines on again": 1 })
    expect(clients.map(({ boots }) => boots)).toEqual([2, 1])
  }],
  crash: [{}, (did, { clients }) => {
    expect(did).toEqual({ "machines off": 1, "processes ended": 4, "machines on again": 1 })
    expect(clients.map(({ boots }) => boots)).toEqual([2, 1])
  }],
  // silence: a machine without power refuses nobody, and what was on its disk is kept
  "server-power-off": [{}, (did, { servers: [{ troubles }] }) =>
    expect(did).toEqual({
      "connections killed": 2,
      "requests unanswered": troubles.requestsUnanswered,
      "attempts to connect refused": 0,
      "pages of swap lost": 0
    })],
  down: [{}, (did, { clients: [first] }) => {
    expect(did["frames lost"]).toBe(first.network.port.drops.unplugged)
    expect(did["frames lost"]).toBeGreaterThan(0)
  }],
  flap: [{ out: "10 ms", in: "10 ms" }, (did) => {
    // on for 200 ms: out at 0, 20, 40 … 180
    expect(did["times out"]).toBe(10)
    expect(did["frames lost"]).toBeGreaterThan(0)
  }],
  rate: [{ rate: "10 Mbit" }, (did) => {
    // 10 Mbit for 200 ms are 250 KB a direction: less than 180 full frames each, and as many short ones
    expect(did["frames delivered"]).toBeGreaterThan(50)
    expect(did["frames delivered"]).toBeLessThan(720)
  }],
  latency: [{ latency: "5 ms" }, (did) => expect(did["frames delivered"]).toBeGreaterThan(0)],
  loss: [{ probability: "10 %" }, (did, { clients: [first] }) => {
    expect(did["frames lost"]).toBe(first.network.port.drops.lostIn + first.network.port.drops.lostOut)
    expect(did["frames lost"]).toBeGreaterThan(0)
  }],
  "burst-loss": [{ toBad: "5 %", toGood: "50 %" }, (did, { clients: [first] }) => {
    expect(did["frames lost"]).toBe(first.network.port.drops.lostIn + first.network.port.drops.lostOut)
    expect(did["bursts"]).toBeGreaterThan(0)
    // a burst is lost whole: 1 / r frames each on average
    expect(did["frames lost"]).toBeGreaterThanOrEqual(did["bursts"])
  }],
  reorder: [{ probability: "20 %", delay: "200 us" }, (did) => {
    expect(did["frames overtaken"]).toBeGreaterThan(0)
    expect(did["frames overtaken"]).toBeLessThanOrEqual(did["frames late"])
  }],
  duplicate: [{ probability: "20 %" }, (did, { clients: [first] }) => {
    expect(did["frames twice"]).toBeGreaterThan(0)
    // copies of data are seen by TCP
    expect(first.network.duplicates).toBeGreaterThan(0)
  }],
  "pause-storm": [{ on: "10 ms", period: "20 ms" }, (did) => {
    expect(did["orders to pause"]).toBe(10)
    expect(did["frames held"]).toBeGreaterThan(0)
    expect(did["ms silent"]).toBe(100)
  }],
  "switch-buffer": [{ size: "8 KiB" }, (did, result) => {
    const all = portsOf(result).reduce((sum, { drops }) => sum + drops.switchBuffer, 0)
    expect(did["frames dropped"]).toBeLessThanOrEqual(all)
    expect(did["frames dropped"]).toBeGreaterThan(0)
  }],
  hog: [{ size: "12 MiB" }, (did, { clients: [, second] }) => {
    expect(did["pages written"]).toBeGreaterThan(500)
    expect(second.oomKills).toBe(0)
  }],
  flood: [{ packetsPerSecond: 20_000, sockets: 2 }, (did) => {
    expect(did["packets sent"]).toBeGreaterThan(3500)
    expect(did["packets sent"]).toBeLessThan(4500)
    // nobody reads: two full buffers, the rest is dropped there or before
    const [came, dropped] = [did["packets that came to the sockets"], did["packets that the sockets dropped"]]
    expect(came - dropped).toBeLessThan(500)
    expect(came).toBeLessThanOrEqual(did["packets sent"])
  }],
  failslab: [{ probability: "20 %" }, (did) => {
    expect(did["allocations asked for"]).toBeGreaterThan(1000)
    expect(did["allocations failed"] / did["allocations asked for"]).toBeCloseTo(0.2, 1)
  }],
  fail_page_alloc: [{ probability: "50 %", minOrder: 0 }, (did) => {
    expect(did["allocations asked for"]).toBeGreaterThan(1000)
    expect(did["allocations failed"] / did["allocations asked for"]).toBeCloseTo(0.5, 1)
  }],
  sysctl: [{ name: "vm.page-cluster", value: 0 }, (did) => expect(did).toEqual({ "sysctls changed": 1 })],
  patch: [{ patch: "throttle", set: "off" }, (did) => expect(did).toEqual({ "patches exchanged": 1 })]
}

describe("each kind", () => {
  it.each(FAULT_NAMES.map((name) => [name] as const))("%s", (name) => {
    const [options, seen] = CASES[name]
    const { on } = FAULTS[name]
    const where = on === "switch" ? {} : { where: on === "server" ? "server" : "client-1" }
    const faults = [{ what: name, ...where, at: "100 ms", for: "200 ms", ...options }] as unknown as Faults
    const result = run(faults, {
      duration: "400 ms",
      ...(name === "slow-disk" && { server: { disk: "sata-ssd", pageCache: "4 MiB" } })
    })
    const [fault] = result.faults
    expect(result.faults).toHaveLength(1)
    expect([fault.what, fault.beganNs, fault.hit]).toEqual([name, 1e8, true])
    // a client without its server is at its end before the server is back
    expect(fault.endedNs).toBe(result.simulatedNs < 3e8 ? null : 3e8)
    seen(counts(fault), result)
    expect(brokenLaws(result)).toEqual([])
    expect(result.warnings.filter((warning) => warning.startsWith("faults"))).toEqual([])
  })
})

describe("the script", () => {
  it("begins each fault when its entry says", () => {
    const result = run([
      { what: "latency", where: "client-1", at: "100 ms", for: "50 ms", latency: "1 ms" },
      {
        what: "loss",
        where: "clients",
        every: "200 ms",
        from: "100 ms",
        until: "700 ms",
        for: "10 ms",
        probability: "1 %"
      },
      { what: "rate", where: "server", between: ["200 ms", "400 ms"], for: "10 ms", rate: "900 Mbit" }
    ], { duration: "800 ms" })
    const began = (entry: number) =>
      result.faults.filter((fault) => fault.entry === entry).map(({ beganNs, where }) => `${beganNs / 1e6} ${where}`)
    expect(began(0)).toEqual(["100 client-1"])
    expect(began(1)).toEqual([300, 500, 700].map((ms) => `${ms} client-1,client-2`))
    const [drawn] = result.faults.filter(({ entry }) => entry === 2)
    expect(drawn.beganNs).toBeGreaterThan(2e8)
    expect(drawn.beganNs).toBeLessThan(4e8)
    expect(drawn.endedNs).toBe(drawn.beganNs + 1e7)
  })

  it("leaves out what would contradict a fault that is on, and says so", () => {
    const result = run([
      { what: "down", where: "client-1", at: "exponential(100 ms, 1 ms)", for: "300 ms" },
      { what: "flap", where: "client-1", at: "exponential(200 ms, 1 ms)", for: "100 ms" }
    ], { duration: "300 ms" })
    expect(result.faults.map(({ what }) => what)).toEqual(["down"])
    expect(result.warnings.filter((warning) => warning.startsWith("faults"))).toEqual([
      "faults[1] (cable out for 1 s, in for 1 s at client-1) was left out once: one that sets the same was still on"
    ])
  })

  it("begins one at the moment at which the one before it ends", () => {
    const result = run([
      { what: "rate", where: "client-1", at: "200 ms", for: "100 ms", rate: "500 Mbit" },
      { what: "rate", where: "client-1", at: "100 ms", for: "100 ms", rate: "200 Mbit" }
    ], { duration: "400 ms" })
    expect(result.faults.map(({ beganNs, endedNs, entry }) => [entry, beganNs, endedNs])).toEqual([
      [1, 1e8, 2e8],
      [0, 2e8, 3e8]
    ])
    expect(result.warnings.filter((warning) => warning.startsWith("faults"))).toEqual([])
  })

  it("counts two that set different parts of one thing apart", () => {
    const { faults, warnings } = run([
      { what: "errors", where: "server", at: "100 ms", for: "200 ms", command: "write", probability: "100 %" },
      { what: "errors", where: "server", at: "100 ms", for: "200 ms", command: "read", probability: "0.000001 %" }
    ], { duration: "400 ms" })
    expect(faults.map(({ effects: [{ count }] }) => count > 0)).toEqual([true, false])
    expect(warnings.filter((warning) => warning.startsWith("faults"))).toEqual([
      "faults[1] (0.000001 % of read requests fail at server) had no effect: no requests answered with an error"
    ])
  })

  it("counts a fault once, however many its places are", () => {
    const faults: Faults = [{ what: "down", where: ["client-1", "client-2", "server"], at: "100 ms", for: "2 s" }]
    const [fault, ...others] = run(faults).faults
    expect(others).toEqual([])
    expect(fault.where).toEqual(["server", "client-1", "client-2"])
    expect([fault.clients, fault.stalled, fault.notBack]).toEqual([2, 2, 0])
    // each client stood still once, and no longer than until it went on
    expect(fault.stillNs).toBeLessThanOrEqual(2 * (fault.backAfterNs ?? 0))
  })

  it("counts what it does not keep", () => {
    const faults: Faults = [{ what: "latency", where: "clients", every: "200 us", for: "50 us", latency: "1 us" }]
    const { faults: kept, warnings } = run(faults, { duration: "400 ms" })
    expect(kept).toHaveLength(1000)
    expect(warnings).toContain("1000 more beginnings of faults are not in the result, which keeps 1000")
  })

  it("has nothing to begin on a client without power", () => {
    const result = run([
      { what: "power-off", where: "client-1", at: "100 ms", for: "300 ms" },
      {
        what: "steal-cpu",
        where: "client-1",
        every: "100 ms",
        from: "50 ms",
        until: "400 ms",
        for: "80 ms",
        share: "50 %"
      }
    ], { duration: "600 ms" })
    expect(result.faults.map(({ beganNs, what }) => [what, beganNs])).toEqual([["power-off", 1e8]])
    expect(result.warnings).toContain(
      "faults[1] (50 % of the CPUs taken at client-1) was left out 3 times: the client had no power"
    )
  })

  it("puts no second hog where the first one still waits for its page", () => {
    const result = run([
      { what: "hog", where: "client-1", every: "300 ms", for: "100 ms", size: "24 MiB" },
      { what: "pause", where: "server", at: "310 ms", for: "2 s" }
    ], { duration: "1500 ms" })
    expect(result.faults.map(({ beganNs, what }) => [what, beganNs / 1e6])).toEqual([["hog", 300], ["pause", 310]])
    expect(result.warnings).toContain(
      "faults[0] (hog of 24 MiB at client-1) was left out 4 times: the one before it was not gone yet"
    )
    expect(brokenLaws(result)).toEqual([])
  })

  it("says which fault hit nothing", () => {
    const result = run([
      { what: "failslab", where: "client-1", at: "100 ms", probability: "100 %", caches: ["no such cache"] },
      { what: "latency", where: "client-1", at: "100 ms", for: "100 ms", latency: "20 us" }
    ], { duration: "300 ms" })
    expect(result.faults.map(({ hit }) => hit)).toEqual([false, false])
    expect(result.warnings.filter((warning) => warning.startsWith("faults"))).toEqual([
      "faults[0] (failslab: 100 % of the allocations fail (no such cache) at client-1) had no effect: no allocations failed",
      "faults[1] (latency 20 us at client-1) had no effect: no frames delivered"
    ])
  })

  it("gives the same faults to the same seed, and others to another", () => {
    const faults: Faults = [{ what: "down", where: "client-1", every: "exponential(0 s, 50 ms)", for: "5 ms" }]
    const began = (seed: number) =>
      runCluster(scenario([GROUP], { duration: "300 ms", faults }), "slab-series", seed).faults.map(({ beganNs }) =>
        beganNs
      )
    expect(began(1)).toEqual(began(1))
    expect(began(1)).not.toEqual(began(2))
  })
})

describe("what follows", () => {
  it("a pulled cable costs TCP's back-off beyond its own time, and the clients come back", () => {
    const [fault] = run([{ what: "down", where: "client-1", at: "100 ms", for: "5 s" }]).faults
    expect([fault.clients, fault.stalled, fault.notBack]).toEqual([1, 1, 0])
    expect(fault.backAfterNs).toBeGreaterThan(5e9)
    // RTO 200 ms doubles: sent again after 0.2, 0.6, 1.4, 3, 6.2 s
    expect(fault.backAfterNs).toBeLessThan(7e9)
    expect(fault.timeouts).toBeGreaterThanOrEqual(4)
  })

  it("who finds zeroes where the server has forgotten its swap is harmed", () => {
    const faults: Faults = [{ what: "restart", where: "server", at: "100 ms", for: "200 ms", store: "lost" }]
    const of = scenario([{ ...GROUP, nbd: { whenLost: "reconnect" } }], { duration: "60 s", faults })
    const { clients, faults: [fault] } = runCluster(of, "slab-series", 1)
    expect(clients.map(({ outcome }) => outcome)).toEqual(["lost-swap", "lost-swap"])
    // all programs of both
    expect([fault.lostSwap, fault.sigbus, fault.unharmed]).toEqual([8, 0, 0])
  })

  it("a fault that will end is no deadlock, whatever stands still", () => {
    const result = run([{ what: "down", where: "client-1", at: "100 ms", for: "60 s" }], { duration: "200 s" })
    expect(result.clients.map(({ lockup }) => lockup)).toEqual([null, null])
    expect(result.outcome).toBe("completed")
  })

  it("one that never ends is named beside the lockup that it causes", () => {
    const result = run([{ what: "down", where: "client-1", at: "100 ms" }], { duration: "200 s" })
    const [{ lockup }] = result.clients
    expect(lockup?.taxonomy).toBe("dead network")
    expect(lockup?.faults).toEqual(["cable out at client-1 since 0.100 s"])
    expect(lockup?.text).toContain("a fault that is on, a possible cause: cable out at client-1 since 0.100 s")
    expect(result.faults[0].lockups).toBe(1)
    expect(result.faults[0].notBack).toBe(1)
  })
})

describe("whatever the script", () => {
  const clients = { where: fc.constantFrom("client-1", "client-2", "clients") }
  const WHERE = { switch: {}, server: { where: fc.constant("server") }, port: clients, client: clients }
  /** Options that leave a client a chance, of each kind. */
  const entry = fc.constantFrom(...FAULT_NAMES).chain((what) =>
    fc.record({
      what: fc.constant(what),
      ...WHERE[FAULTS[what].on],
      at: fc.integer({ min: 0, max: 600 }).map((ms) => `${ms} ms`),
      for: fc.integer({ min: 1, max: 400 }).map((ms) => `${ms} ms`)
    }).map((times) => ({ ...CASES[what][0], ...times }))
  )

  it("when all faults have ended, progress is back or the reason is known, and every law holds", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, { minLength: 1, maxLength: 5, selector: ({ what }) => FAULTS[what].sets }),
        fc.integer({ min: 1, max: 1000 }),
        (faults, seed) => {
          const of = scenario([GROUP], { duration: "300 s", faults: faults as unknown as Faults })
          const result = runCluster(of, seed % 2 === 0 ? "slab-series" : "slub-series", seed)
          expect(brokenLaws(result)).toEqual([])
          // a server that starts again without what it stored, as this one does, may cost a program its pages
          const lost = faults.some(({ what }) => what === "restart") ? ["lost-swap"] : []
          for (const { lockup, outcome } of result.clients) {
            expect(["completed", "lockup", "oom", "sigbus", ...lost]).toContain(outcome)
            if (outcome === "lockup") expect(lockup?.kind).toBe("deadlock")
          }
        }
      ),
      { numRuns: 8 }
    )
  })
})
