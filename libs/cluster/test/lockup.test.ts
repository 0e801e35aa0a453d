import { type LockupFacts, lockupReport } from "#src/run/lockup.ts"
import { buildCluster, knotOf, type LockupReport, runCluster, type Scenario } from "@swaplab/cluster"
import { GFP_ATOMIC, GFP_NOIO } from "@swaplab/page-alloc"
import { beforeAll, describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

describe("the lockup of vanilla SLUB", () => {
  const of = scenario([{
    name: "client",
    nic: { driver: "r8169" },
    workload: { usemem: { passes: 1 } }
    // a dear scan keeps the futile reclaim of the sender cheap for the host
  }], { costs: { scanPage: "10 us" } })
  let report: LockupReport
  let result: ReturnType<typeof runCluster>

  beforeAll(() => {
    result = runCluster(of, "slub-vanilla", 1)
    const { lockup } = result.clients[0]
    if (lockup === null) throw new Error(`no lockup: ${result.outcome}`)
    report = lockup
  })

  it("is found, as a proved deadlock, and ends the run", () => {
    expect([result.outcome, result.clients[0].outcome]).toEqual(["lockup", "lockup"])
    expect([report.kind, report.taxonomy, report.client]).toEqual(["deadlock", "tx starvation", "client-1"])
    expect(report.atNs).toBe(result.simulatedNs)
    expect(report.atNs - report.sinceNs).toBeGreaterThanOrEqual(6e9)
    expect(report.lastCompletionNs).toBeLessThanOrEqual(report.sinceNs)
  })

  it("names the cycle: the sender needs a page, pages need replies, replies need the sender", () => {
    const { graph } = report
    expect(graph.cycle).toEqual(["nbd0", "memory", "sent", "nbd-client", "socket"])
    expect(graph.closed).toBe(true)
    // requests that are not sent yet lead back to the sender as well
    expect([...knotOf(graph)].toSorted()).toEqual(["memory", "nbd-client", "nbd0", "sent", "socket", "unsent"])
    expect(report.cycle[0]).toMatch(/^nbd0 \(.*\) → order:0, mode:0x[0-9a-f]+ \(GFP_NOIO/)
    expect(report.cycle[3]).toBe("nbd-client (S, on nbd0 sock receive) → replies")
    expect(report.cycle[4]).toMatch(/^socket of nbd0 \(owned by nbd0 while it sends; \d+ bytes in the backlog\)/)
    expect(report.cycle[5]).toBe("→ nbd0; no way leads out")
  })

  it("names the allocation that failed first, and why", () => {
    const { firstFailure } = report
    if (firstFailure === null) throw new Error("no failure")
    expect(firstFailure.task).toBe("client-1 nbd0")
    expect(firstFailure.allocFlags).toBe("ALLOC_WMARK_MIN|ALLOC_CPUSET")
    // since then the sender has not had its page; the last progress is known to 100 ms only
    const firstNs = firstFailure.before?.timeNs ?? firstFailure.timeNs
    expect(Math.abs(firstNs - report.sinceNs)).toBeLessThan(0.2e9)
    // SLUB has asked for its preferred order before, and reclaimed in vain
    expect(firstFailure.before?.order).toBe(3)
    expect(firstFailure.order).toBe(0)
    expect(firstFailure.zones.map(({ name }) => name)).toEqual(["DMA32", "DMA"])
    for (const { free, floor, min } of firstFailure.zones) {
      expect(free).toBeLessThanOrEqual(floor)
      expect(floor).toBeGreaterThanOrEqual(min)
    }
  })

  it("names the allocation that cannot succeed, and the reserve at that moment", () => {
    const { allocation, zones } = report
    expect(allocation?.task).toBe("client-1 nbd0")
    expect(allocation?.order).toBe(0)
    expect((allocation?.gfp ?? 0) & GFP_NOIO).toBe(GFP_NOIO)
    expect(allocation?.flags).toMatch(/^GFP_NOIO/)
    expect(zones.map(({ name }) => name)).toEqual(["DMA", "DMA32"])
    const [, dma32] = zones
    expect(dma32.free).toBeLessThanOrEqual(dma32.floor)
    expect(dma32.free).toBeGreaterThan(0)
    expect(dma32.min).toBeGreaterThan(0)
  })

  it("lists who sleeps where, and what would wake them", () => {
    const asleep = report.tasks.filter(({ state }) => state === "uninterruptible")
    expect(asleep.length).toBeGreaterThanOrEqual(16)
    expect(asleep.map(({ task }) => task)).toContain("client-1 kswapd0")
    for (const { waitQueue, wokenBy, sinceNs } of asleep) {
      expect(waitQueue).not.toBe("")
      expect(wokenBy).not.toBe("")
      expect(sinceNs).toBeLessThanOrEqual(report.atNs)
    }
    expect(report.requestsOutstanding).toBeGreaterThan(0)
  })

  it("prints all of it", () => {
    const { text } = report
    expect(text.split("\n")[0]).toBe(
      `deadlock of client-1 at ${(report.atNs / 1e9).toFixed(3)} s: tx starvation, no progress since ` +
        `${(report.sinceNs / 1e9).toFixed(3)} s`
    )
    for (const line of report.cycle) expect(text).toContain(`    ${line}\n`)
    expect(text).toMatch(
      /^ {4}\d+ tasks \(usemem-\d+, …\) \(D, on nbd0 request slot \(async\)\) → request slots \(writes\): a/m
    )
    expect(text).toMatch(
      /first refused: at \d\.\d{3} s, client-1 nbd0: order:3, .*; then at \d\.\d{3} s order:0, .*; DMA32 free \d+ <= floor \d+/
    )
    expect(text).toContain(`stuck allocation: ${report.allocation?.text} by client-1 nbd0`)
    expect(text).toContain(`block requests outstanding: ${report.requestsOutstanding}, `)
    expect(text).toContain("tasks (client-1 ")
  })

  it("leaves no law broken: the pages are all there, they only cannot move", () => {
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
  })
})

/** The first report of a run. */
const lockupOf = (of: Scenario, kernel: string, seed = 1): LockupReport => {
  const result = runCluster(of, kernel, seed)
  const { lockup } = result.clients[0]
  if (lockup === null) throw new Error(`no lockup: ${result.outcome}`)
  expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
  return lockup
}

/** 64 MiB and 4 CPUs, as in scenarios/seed-2012.yaml. */
const SEED_2012 = {
  name: "client",
  cpus: 4,
  pageCache: "5 %",
  nic: { driver: "r8169", txRing: 64 },
  workload: { usemem: { passes: 1 } }
} as const

const NO_RECEIVE = {
  kernels: {
    k: { allocator: "slub", base: "v3.6", patches: { "skb-reserve": false, "pfmemalloc-receive": false } }
  },
  hz: 250
} as const

describe("what starved, in runs", () => {
  it("rx starvation: replies find no memory", () => {
    const report = lockupOf(scenario([{ ...SEED_2012, cpus: 8 }], NO_RECEIVE), "k")
    expect([report.kind, report.taxonomy]).toEqual(["deadlock", "rx starvation"])
    expect(report.graph.cycle).toEqual(["nbd-client", "receive ring", "memory", "sent"])
    expect(report.firstFailure?.task).toBe("softirq")
    expect(report.firstFailure?.flags).toMatch(/^GFP_ATOMIC/)
    expect(report.firstFailure?.allocFlags).toBe("ALLOC_WMARK_MIN|ALLOC_HARDER|ALLOC_HIGH")
    for (const { free, floor } of report.firstFailure?.zones ?? []) expect(free).toBeLessThanOrEqual(floor)
  })

  it("unrelated traffic: packets that nobody reads hold what the receive path lacks", () => {
    const report = lockupOf(
      scenario([{ ...SEED_2012, background: { packetsPerSecond: 8000, sockets: 8 } }], NO_RECEIVE),
      "k"
    )
    expect(report.taxonomy).toBe("unrelated traffic")
    expect(report.graph.cycle).toContain("receive ring")
    expect(report.graph.nodes.find(({ id }) => id === "unread")?.lines[0]).toMatch(/^\d+ pages of packets$/)
  })

  it("isolated pages: the sender waits for pages that reclaimers hold, who wait for the sender", () => {
    const report = lockupOf(
      scenario([{
        ...SEED_2012,
        ram: "16 MiB",
        nic: { driver: "e1000", txRing: 64 },
        swap: "320 MiB",
        workload: { usemem: { processesPerCpu: 32, passes: 2 } }
      }], {
        kernels: { k: { allocator: "slub", base: "v3.6", patches: { "nbd-memalloc": false, throttle: false } } },
        hz: 250,
        costs: { scanPage: "10 us" }
      }),
      "k"
    )
    expect(report.taxonomy).toBe("isolated pages")
    expect(report.graph.cycle.slice(0, 2)).toEqual(["nbd0", "isolated"])
    expect(report.graph.closed).toBe(true)
    expect(report.graph.nodes.find(({ id }) => id === "isolated")?.lines[0]).toMatch(
      /^DMA.*: \d+ isolated, \d+ inactive$/
    )
  })
})

describe("what starved, in states that the test makes", () => {
  const FACTS: LockupFacts = { kind: "hang", sinceNs: 0, lastCompletionNs: 0, packetsLost: 0 }

  /** A client whose sender stands where the test puts it; 3 requests are sent. */
  const stand = (queue: "slots" | "bio" | "send space" | null, refused = false) => {
    const { clients: [{ connection, machine }], sim } = buildCluster(scenario([SMALL]), "slab-vanilla", 1)
    sim.run(1e6)
    const { nbd, nbdSender: sender } = machine
    if (sender === null || nbd === null) throw new Error("no sender")
    Object.defineProperty(nbd, "sentCount", { value: 3 })
    Object.defineProperty(machine.disk, "inFlight", { value: () => 3 })
    const queues = {
      slots: machine.disk.requestSlot[1],
      bio: machine.disk.bios.pool.wait,
      "send space": connection.clientSocket.sendSpace
    }
    sender.waitingOn = queue === null ? null : queues[queue]
    if (refused) {
      const zones = machine.pages.zonelist(GFP_NOIO)
      sender.refusal.write(1e6, sender.name, GFP_NOIO, 0, 0, zones)
      sender.refusal.open = true
      // free memory is far above all floors: say that it was not
      for (let i = 0; i < zones.length; i++) sender.refusal.floor[i] = 1e6
    }
    const report = (facts: Partial<LockupFacts> = {}): LockupReport => lockupReport(connection, { ...FACTS, ...facts })
    return { connection, machine, sender, report }
  }

  it("tx starvation, with the floors of the allocation", () => {
    const { connection, report } = stand(null, true)
    connection.clientSocket.owned = true
    connection.clientSocket.backlogLen = 4711
    const found = report()
    expect(found.taxonomy).toBe("tx starvation")
    expect(found.text).toContain("4711 bytes in the backlog")
    expect(found.zones.map(({ floor }) => floor)).toEqual(found.zones.map(() => 1e6))
    expect(found.allocation).toMatchObject({ task: "client-1 nbd0", order: 0, gfp: GFP_NOIO, flags: "GFP_NOIO" })
  })

  it("is open when the allocation would be served at its next try", () => {
    const { connection, sender, report } = stand(null, true)
    connection.clientSocket.owned = true
    connection.clientSocket.backlogLen = 4711
    sender.refusal.floor.fill(0)
    const { graph } = report()
    expect([graph.cycle.includes("memory"), graph.closed]).toEqual([true, false])
    expect(report().cycle.at(-1)).toBe("→ nbd0; a way leads out")
  })

  it.each(["slots", "bio"] as const)("request slots: the sender on %s", (queue) => {
    const { connection, report } = stand(queue)
    connection.clientSocket.owned = true
    connection.clientSocket.backlogLen = 100
    expect(report().taxonomy).toBe("request slots")
  })

  it("rx starvation: packets were lost, and none of them lies elsewhere", () => {
    const { machine, report } = stand("send space")
    machine.pages.atomicRefusal.write(1e6, "softirq", GFP_ATOMIC, 0, 0, machine.pages.zonelist(GFP_ATOMIC))
    machine.pages.atomicRefusal.floor.fill(1e6)
    const found = report({ packetsLost: 2 })
    expect([found.taxonomy, found.allocation, found.firstFailure?.task]).toEqual(["rx starvation", null, "softirq"])
    expect(found.graph.edges).toContainEqual({
      from: "nbd0",
      to: "receive ring",
      label: "ACKs, for room in its send buffer"
    })
    machine.net.udpMemory.allocated = 2e6
    expect(report({ packetsLost: 2 }).taxonomy).toBe("unrelated traffic")
  })

  it("an ACK that is under way closes no cycle, and says so", () => {
    const found = stand("send space").report()
    expect([found.graph.cycle, found.taxonomy, found.firstFailure]).toEqual([[], "unclassified", null])
    expect(found.text).toContain("  no wait-for cycle\n")
    expect(found.text).toContain("  no allocation has failed\n  no allocation is stuck\n")
    expect(found.text).toContain("→ server and network: ACKs, for room in its send buffer")
  })
})
