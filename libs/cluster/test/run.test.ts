import { outcomeOfExits } from "#src/run/client-run.ts"
import {
  buildCluster,
  CLIENT_STATES,
  runCluster,
  type RunHooks,
  type RunProgress,
  type RunResult,
  type ScenarioEncoded
} from "@swaplab/cluster"
import { CARD_NAMES, cardOf } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { scenario, SMALL, started } from "./clusters.ts"

/** 20 MiB, written once. */
const LITTLE: Pick<ScenarioEncoded["clients"][number], "workload"> = {
  workload: { usemem: { size: "20 MiB", passes: 1 } }
}

/** All of a result that must not depend on the host. */
const reproducible = (result: RunResult): unknown => ({ ...result, cpuSeconds: 0 })

describe("a run", () => {
  it("is the same twice, to the last figure, and another one with another seed", () => {
    const of = scenario([{ ...SMALL, count: 2, background: { packetsPerSecond: 300 } }], { lan: { loss: "0.1 %" } })
    const first = runCluster(of, "slub-series", 7)
    expect(reproducible(runCluster(of, "slub-series", 7))).toEqual(reproducible(first))
    expect(runCluster(of, "slub-series", 8).fingerprint).not.toBe(first.fingerprint)
    expect(first.fingerprint).toMatch(/^[0-9a-f]+$/)
  })

  it("sums up what its clients did over the window of the workload", () => {
    const result = runCluster(scenario([{ ...SMALL, count: 2, start: "250 ms" }]), "slab-series", 1)
    const [client] = result.clients
    expect(result.clients.map(({ name }) => name)).toEqual(["client-1", "client-2"])
    expect(client.pagesTouched).toBe(12_288)
    expect(client.vmstat.pswpout * 4096).toBe(client.swapOutBytes)
    expect(result.sysNs).toBe(result.clients.reduce((sum, { sysNs }) => sum + sysNs, 0))
    expect(result.elapsedNs).toBe(Math.max(...result.clients.map(({ elapsedNs }) => elapsedNs)))
    expect(result.elapsedNs).toBe(result.simulatedNs - 250e6)
    // what is on its way when the last process ends has not arrived
    const written = result.clients.reduce((sum, { swapOutBytes }) => sum + swapOutBytes, 0)
    expect(result.servers[0].writeBytes).toBeLessThanOrEqual(written)
    expect(result.servers[0].writeBytes).toBeGreaterThan(0.9 * written)
    expect(client.lockup).toBe(null)
    expect(client.integrityErrors).toBe(0)
  })

  it("starts each client at a time that it draws for itself, and measures it from there", () => {
    const late: ScenarioEncoded["clients"][number] = { ...SMALL, start: "uniform(09:00, 09:00:02)", ...LITTLE }
    const more = { clock: "08:59:59" }
    const two = runCluster(scenario([{ ...late, count: 2 }], more), "slab-series", 1)
    const three = runCluster(scenario([{ ...late, count: 3 }], more), "slab-series", 1)
    const starts = three.clients.map(({ startedNs }) => Number(startedNs))
    expect(starts.every((ns) => ns >= 1e9 && ns <= 3e9)).toBe(true)
    expect(new Set(starts).size).toBe(3)
    expect(two.clients.map(({ startedNs }) => startedNs)).toEqual(starts.slice(0, 2))
    expect(two.elapsedNs).toBe(two.simulatedNs - Math.min(...starts.slice(0, 2)))
    for (const { elapsedNs } of two.clients) expect(elapsedNs).toBeLessThan(1e9)
    // another seed, other starts
    expect(runCluster(scenario([late], more), "slab-series", 2).clients[0].startedNs).not.toBe(starts[0])
  })

  it("says which clients would have started after the end", () => {
    const of = scenario([{ ...SMALL, ...LITTLE, count: 8, start: "exponential(0 s, 2 s)" }], { duration: "2 s" })
    const result = runCluster(of, "slab-series", 1)
    const never = result.clients.filter(({ startedNs }) => startedNs === null)
    expect([never.length > 0, never.length < 8]).toEqual([true, true])
    expect(never.every(({ elapsedNs, outcome }) => elapsedNs === 0 && outcome === "timeout")).toBe(true)
    expect(result.warnings.map((text) => text.split(":")[0])).toEqual(never.map(({ name }) => name))
  })

  it("counts the allocations that failed with a message, not attempts that had something to fall back on", () => {
    const { cluster } = started(scenario([SMALL]), "slub-series")
    cluster.sim.run()
    const { counters } = cluster.clients[0].machine.pages
    expect(counters.quietFailures).toBeGreaterThan(0)
    const [client] = runCluster(scenario([SMALL]), "slub-series", 1).clients
    expect(client.failedAllocations).toBe(
      counters.failures.reduce((sum, count) => sum + count, 0) - counters.quietFailures
    )
    expect(client.firstFailedAllocation === null).toBe(client.failedAllocations === 0)
    expect(client.lowWater.map(({ zone }) => zone)).toEqual(["DMA"])
    // swapping takes memory below the low mark, and never all of it
    for (const { lowestFree, min } of client.lowWater) {
      expect(lowestFree).toBeGreaterThan(0)
      expect(lowestFree).toBeLessThan(min * 1.5)
    }
  })

  it("ends with `timeout` when the duration is over, and `stopped` when the user says so", () => {
    const late = runCluster(scenario([SMALL], { duration: "50 ms" }), "slab-series", 1)
    expect([late.outcome, late.simulatedNs]).toEqual(["timeout", 50e6])
    const heard: Array<RunProgress> = []
    const hooks: RunHooks = {
      progress: (progress) => heard.push(progress),
      shouldStop: () => heard.length > 0,
      cpuSeconds: () => 1.5
    }
    const long = scenario([{ ...SMALL, workload: { usemem: { size: "48 MiB", passes: 50 } } }])
    const stopped = runCluster(long, "slab-series", 1, hooks)
    expect([stopped.outcome, stopped.cpuSeconds, heard.length]).toEqual(["stopped", 1.5, 1])
    expect(heard[0]).toMatchObject({ clients: 1, clientsAlive: 1 })
    expect(heard[0].events).toBeGreaterThanOrEqual(100_000)
    expect(stopped.events).toBe(heard[0].events)
  })

  it("records columns for every client and the server, at the interval of the scenario and at the end", () => {
    const result = runCluster(scenario([{ ...SMALL, count: 2 }], { series: { interval: "20 ms" } }), "slab-series", 1)
    const { timesNs, columns } = result.series
    const perClient = [
      "nr_free_pages",
      "nr_inactive_anon",
      "nr_active_anon",
      "nr_writeback",
      "pswpin",
      "pswpout",
      "pgscan_direct_throttle",
      "slab_pages",
      "requests",
      "pages_touched",
      "drops",
      "paused_ns",
      "retransmits"
    ]
    expect(columns.map(({ name }) => name)).toEqual([
      ...["client-1", "client-2"].flatMap((client) => perClient.map((name) => `${client}.${name}`)),
      "server.requests",
      "server.resident",
      "server.drops",
      "server.paused_ns",
      "server.link_in_busy_ns",
      "server.link_out_busy_ns",
      ...["server", "client-1", "client-2"].flatMap((port) =>
        ["no_room", "lost", "unplugged", "queue_max_bytes"].map((name) => `${port}.port_${name}`)
      ),
      "switch.buffer_bytes",
      ...["client-1", "client-2"].flatMap((client) =>
        ["state", "major_faults", "major_fault_ns"].map((name) => `${client}.${name}`)
      )
    ])
    expect(Array.from(timesNs.slice(0, 3))).toEqual([0, 20e6, 40e6])
    expect(timesNs.at(-1)).toBe(result.simulatedNs)
    for (const { values } of columns) expect(values).toHaveLength(timesNs.length)
    const last = (name: string): number => columns.find((column) => column.name === name)?.values.at(-1) ?? -1
    expect(last("client-2.pages_touched")).toBe(12_288)
    expect(last("client-1.pswpout")).toBe(result.clients[0].vmstat.pswpout)
    expect(last("server.requests")).toBeGreaterThanOrEqual(result.servers[0].requests)
    const [{ faultLatency }] = result.clients
    expect(last("client-1.major_faults")).toBe(faultLatency.count)
    expect(last("client-1.major_fault_ns")).toBeCloseTo(faultLatency.count * (faultLatency.meanNs ?? 0))
    expect(CLIENT_STATES[last("client-1.state")]).toBe("done")
  })

  it("warns when swap was too small, and calls a killed workload `oom`", () => {
    const tight = scenario([{ ...SMALL, swap: "8 MiB" }])
    const result = runCluster(tight, "slab-series", 1)
    expect(result.outcome).toBe("oom")
    expect(result.clients[0].oomKills).toBeGreaterThan(0)
    expect(result.warnings).toContainEqual(expect.stringMatching(/^client-1: swap was full \d+ times$/))
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
  })
})

describe("the server's disk", () => {
  const time = { median: "100 us", p99: "100 us" }
  const figures = { read: time, write: time, channels: 4 }

  it("by figures: a run ends with the same pages, and its writes reach it", () => {
    const result = runCluster(scenario([SMALL], { server: { disk: figures, pageCache: "8 MiB" } }), "slab-series", 1)
    expect([result.outcome, result.servers[0].noSpace]).toEqual(["completed", 0])
    expect(result.servers[0].diskUtilisation).toBeGreaterThan(0)
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
  })

  it("that is full refuses writes, which is counted and said", () => {
    const full = scenario([SMALL], { server: { disk: { ...figures, capacity: "8 MiB" } }, duration: "1 s" })
    const result = runCluster(full, "slab-series", 1)
    expect(result.servers[0].noSpace).toBeGreaterThan(0)
    expect(result.warnings).toContain(`the disk of server was full: ${result.servers[0].noSpace} writes were refused`)
    expect(result.warnings).toContain("client-1: swap I/O errors")
  })
})

describe("how a client ended", () => {
  it("is the worst exit of its processes", () => {
    expect(outcomeOfExits(["completed", "completed"])).toBe("completed")
    expect(outcomeOfExits(["completed", "killed"])).toBe("oom")
    expect(outcomeOfExits(["killed", "sigbus"])).toBe("sigbus")
    expect(outcomeOfExits(["sigbus", "corruption", "completed"])).toBe("corruption")
  })
})

describe("a cluster", () => {
  const names = (clients: ScenarioEncoded["clients"]): ReadonlyArray<string> =>
    buildCluster(scenario(clients), "slab-vanilla", 1).clients.map(({ machine }) => machine.name)

  it("names client-2 before client-10", () => {
    expect(names([{ ...SMALL, count: 11 }])).toEqual(Array.from({ length: 11 }, (_, i) => `client-${i + 1}`))
    expect(names([{ ...SMALL, name: "pc10" }, { ...SMALL, name: "pc9" }])).toEqual(["pc9-1", "pc10-1"])
  })

  it("a further client changes no random numbers of the others", () => {
    const alone = buildCluster(scenario([SMALL]), "slab-vanilla", 5)
    const many = buildCluster(scenario([{ ...SMALL, name: "a", count: 2 }, { ...SMALL, count: 3 }]), "slab-vanilla", 5)
    const machine = (cluster: typeof alone, name: string) => {
      const found = cluster.clients.find((client) => client.machine.name === name)
      if (found === undefined) throw new Error(`no ${name}`)
      return found.machine
    }
    // where the search for swap slots begins, drawn at swapon
    const start = (cluster: typeof alone, name: string): number => machine(cluster, name).swap.areas[0].map.clusterNext
    expect(start(many, "client-1")).toBe(start(alone, "client-1"))
    expect(new Set(many.clients.map((client) => client.machine.swap.areas[0].map.clusterNext)).size).toBe(5)
  })

  it("noise arrives at every client it is meant for, at its rate, and at no other", () => {
    const of = scenario([
      { ...SMALL, name: "loud", background: { packetsPerSecond: 2000, bytes: 1000 } },
      { ...SMALL, name: "still" }
    ])
    const cluster = buildCluster(of, "slab-vanilla", 1)
    cluster.sim.run(2e9)
    const [loud, still] = cluster.clients
    expect(loud.machine.name).toBe("loud-1")
    // 4000 expected, standard deviation 63
    expect(Math.abs(loud.down.deliveredFrames - 4000)).toBeLessThan(200)
    expect(still.down.deliveredFrames).toBe(0)
    expect(loud.machine.nic.rxMissed).toBe(0)
    loud.machine.checkInvariants()
  })

  it("a kernel of the group goes before that of the cell", () => {
    const of = scenario([{ ...SMALL, kernel: "slub-series" }, { ...SMALL, name: "other" }])
    const cluster = buildCluster(of, "slab-vanilla", 1)
    expect(cluster.clients.map(({ machine }) => machine.spec.kernel.allocator)).toEqual(["slub", "slab"])
  })
})

describe("every card", () => {
  it.each(CARD_NAMES)("%s is a choice of the schema, boots, swaps and receives", (driver) => {
    const nic = { driver, rxRing: 64 } as const
    const { cluster } = started(scenario([{ ...SMALL, nic }]))
    const [{ connection, machine }] = cluster.clients
    const { fixedRings, ring, sg } = cardOf(driver)
    expect(connection.clientSocket.tso).toBe(sg)
    expect(machine.nic.rx.posted).toBe(fixedRings ? ring : 64)
    cluster.sim.run(150e6)
    expect(machine.disk.counters.completed).toBeGreaterThan(10)
  })

  it("a kernel that the scenario does not have is our mistake, not a machine without options", () => {
    expect(() => buildCluster(scenario([SMALL]), "none", 1)).toThrow("no kernel called none")
  })
})
