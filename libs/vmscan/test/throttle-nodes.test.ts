// Who is throttled by whom on a machine with two nodes, of which one is drained.
import { GFP_KERNEL, WMARK_MIN, type Zone } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { Toy, type ToyTask } from "./toy.ts"

const MIB = 2 ** 20

const SWITCHES = { throttle: true, throttleBounded: true, throttleCounter: true, kswapdWakesThrottled: true }

/** Two nodes, a CPU each; `drained` has exactly half of the min reserve free, which is too little. */
const machine = (drained: number) => {
  const toy = new Toy({ cpus: 2, numa: { nodeBytes: [32 * MIB, 32 * MIB] }, vmscan: { switches: SWITCHES } })
  const zones = toy.vmscan.pgdats[drained].zones
  const reserve = zones.reduce((sum, zone) => sum + zone.watermark[WMARK_MIN], 0)
  const free = (pages: number) =>
    zones.forEach((zone, i) => {
      zone.free = i === zones.length - 1 ? pages : 0
    })
  free(reserve >> 1)
  return { toy, free, half: reserve >> 1 }
}

/** A task on a CPU of `node` enters direct reclaim for the zones that `mask` leaves. */
const reclaimer = (toy: Toy, node: number, mask = 0b11) => {
  const { numa } = toy.pages
  if (numa === null) throw new Error("no nodes")
  const unmasked = numa.list(node, GFP_KERNEL)
  const zonelist: ReadonlyArray<Zone> = unmasked.filter((zone) => (mask >> zone.node & 1) !== 0)
  const task = toy.spawn("T", (self: ToyTask) => toy.vmscan.tryToFreePages(self, GFP_KERNEL, 0, zonelist, unmasked))
  task.cpu = node
  toy.sim.run(toy.sim.now)
  return task.process
}

const waitsAt = (toy: Toy, process: ReturnType<typeof reclaimer>): number =>
  toy.vmscan.pgdats.findIndex(({ pfmemallocWait }) => pfmemallocWait === process.waitingOn)

describe("throttle_direct_reclaim on two nodes", () => {
  it.each([0, 1])("node %i is drained: tasks that prefer it wait there, those of the other node go on", (drained) => {
    const { toy } = machine(drained)
    const [own, other] = [reclaimer(toy, drained), reclaimer(toy, 1 - drained)]
    expect([waitsAt(toy, own), waitsAt(toy, other)]).toEqual([drained, -1])
    expect(toy.pages.vmstat.get("pgscan_direct_throttle")).toBe(1)
  })

  it("the node of the CPU decides, not the node that the task is bound to", () => {
    const { toy } = machine(0)
    expect(waitsAt(toy, reclaimer(toy, 0, 0b10))).toBe(0)
    expect(waitsAt(toy, reclaimer(toy, 1, 0b01))).toBe(-1)
  })

  it("only the kswapd of that node wakes them", () => {
    const { free, half, toy } = machine(0)
    const waiting = reclaimer(toy, 0)
    free(half + 1)
    toy.vmscan.pgdats[1].pfmemallocWait.wakeAll()
    toy.sim.run(toy.sim.now)
    expect(waitsAt(toy, waiting)).toBe(0)
    toy.vmscan.pgdats[0].pfmemallocWait.wakeAll()
    toy.sim.run(toy.sim.now)
    expect(waitsAt(toy, waiting)).toBe(-1)
  })

  it("wakes the sleeping kswapd of the drained node, and no other", () => {
    const { free, toy } = machine(0)
    free(5000)
    const kswapds = [0, 1].map((node) => toy.spawn(`kswapd${node}`, (task) => toy.vmscan.kswapd(task, node)))
    toy.sim.run(1e9)
    free(1)
    reclaimer(toy, 0)
    toy.sim.run(toy.sim.now, 1)
    expect(kswapds.map(({ process }) => process.waitingOn?.name === "kswapd_wait")).toEqual([false, true])
  })
})
