import { buildCluster, type LockupFacts, type LockupReport, lockupReport, runCluster } from "@swaplab/cluster"
import { GFP_NOIO } from "@swaplab/page-alloc"
import { WaitQueue } from "@swaplab/sim"
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
  }, 600_000)

  it("is found, as a proved deadlock, and ends the run", () => {
    expect([result.outcome, result.clients[0].outcome]).toEqual(["lockup", "lockup"])
    expect([report.kind, report.taxonomy, report.client]).toEqual(["deadlock", "tx starvation", "client-1"])
    expect(report.atNs).toBe(result.simulatedNs)
    expect(report.atNs - report.sinceNs).toBeGreaterThanOrEqual(6e9)
    expect(report.lastCompletionNs).toBeLessThanOrEqual(report.sinceNs)
  })

  it("names the cycle: the sender needs a page, pages need replies, replies need the sender", () => {
    expect(report.cycle).toHaveLength(3)
    expect(report.cycle[0]).toMatch(/^client-1 nbd0 \(.\) .* needs a page: order:\d/)
    expect(report.cycle[1]).toMatch(/^client-1 nbd-client \(S\) .* needs a reply; \d+ requests wait to be sent/)
    expect(report.cycle[2]).toBe("→ client-1 nbd0")
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
    expect(text).toContain(`stuck allocation: ${report.allocation?.text} by client-1 nbd0`)
    expect(text).toContain(`block requests outstanding: ${report.requestsOutstanding}, `)
    expect(text).toContain("tasks (client-1 ")
  })

  it("leaves no law broken: the pages are all there, they only cannot move", () => {
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
  })
})

describe("what starved", () => {
  const FACTS: LockupFacts = {
    kind: "hang",
    sinceNs: 0,
    lastCompletionNs: 0,
    sent: 3,
    backlogBytes: 0,
    packetsLost: 0
  }

  /** A report on a machine whose sender stands where the test puts it. */
  const report = (
    why: string | null,
    queue: string | null,
    facts: Partial<LockupFacts> = {},
    oomKills = 0
  ): LockupReport => {
    const { clients: [{ machine }], sim } = buildCluster(scenario([SMALL]), "slab-vanilla", 1)
    sim.run(1e6)
    const sender = machine.nbdSender
    if (sender === null) throw new Error("no sender")
    sender.why = why
    sender.waitingOn = queue === null ? null : new WaitQueue(sim, queue)
    machine.oomKills = oomKills
    return lockupReport(machine, { ...FACTS, ...facts })
  }

  const SHORT = "order:1, mode:0x10 (GFP_NOIO), DMA free 100 <= floor 130"

  it.each(
    [
      ["tx starvation", SHORT, null, {}, 0],
      [
        "tx starvation",
        `${SHORT}; reclaim: most isolated pages are under writeback`,
        "congestion_wqh[async]",
        { packetsLost: 9 },
        0
      ],
      ["isolated pages", `${SHORT}; reclaim: too_many_isolated, waits for pages`, "congestion_wqh[async]", {}, 0],
      ["rx starvation", null, "client-1 nbd0 sock send space", { packetsLost: 2 }, 0],
      ["request slots", null, "nbd0 request slot (async)", {}, 0],
      ["request slots", null, "mempool bio-0", {}, 0],
      ["oom-rescued", null, "nbd0 waiting_wq", {}, 1],
      ["unclassified", null, "nbd0 waiting_wq", {}, 0]
    ] as const
  )("%s: sender with %s on %s", (taxonomy, why, queue, facts, oomKills) => {
    expect(report(why, queue, facts, oomKills).taxonomy).toBe(taxonomy)
  })

  it("takes the floor of the zone that the allocation was refused in, and min for the others", () => {
    const { zones, allocation } = report(SHORT, null)
    expect(allocation).toEqual({
      task: "client-1 nbd0",
      order: 1,
      gfp: 0x10,
      flags: "GFP_NOIO",
      text: SHORT
    })
    const [dma, ...others] = zones
    expect(dma.floor).toBe(130)
    for (const zone of others) expect(zone.floor).toBe(zone.min)
  })

  it("says what lies in the backlog, and when no allocation is stuck", () => {
    const waiting = report(SHORT, null, { backlogBytes: 4711 })
    expect(waiting.text).toContain("3 are sent, 4711 bytes lie in the backlog of the socket that the sender owns")
    const idle = report(null, "nbd0 waiting_wq")
    expect(idle.allocation).toBe(null)
    expect(idle.text).toContain("  no allocation is stuck\n")
    expect(idle.cycle).toEqual(["client-1 nbd0 (S) on nbd0 waiting_wq has nothing to do"])
  })

  it("follows an ACK to nobody on the client", () => {
    const { cycle } = report(null, "client-1 nbd0 sock send space")
    expect(cycle).toEqual(["client-1 nbd0 (S) on client-1 nbd0 sock send space needs an ACK of what it has sent"])
  })
})
