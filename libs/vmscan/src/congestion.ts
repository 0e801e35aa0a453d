// Waiting for the block layer to catch up.
//
// All sleeps are uninterruptible and end early when some device leaves congestion. A task in them shows as D.
// source: mm/backing-dev.c:congestion_wait, wait_iff_congested; mm/page-writeback.c:throttle_vm_writeout
import { __GFP_FS, __GFP_IO, type Task, type Zone } from "@swaplab/page-alloc"
import type { Sleeps, Tracepoint } from "@swaplab/sim"
import { HZ_10_NS } from "./constants.ts"
import type { Pgdat } from "./pgdat.ts"

function* sleepOnCongestion(
  pgdat: Pgdat,
  task: Task,
  timeoutNs: number,
  why: string,
  point: Tracepoint
): Sleeps<void> {
  const process = task.process
  const start = pgdat.sim.now
  const before = process.why
  // an allocation under way stays visible: a lockup report must name it
  process.why = before === null ? why : `${before}; ${why}`
  yield* pgdat.congestion.wait.sleepTimeout(process, pgdat.sim.jiffies(timeoutNs))
  process.why = before
  if (point.enabled) point.emit(process.group, timeoutNs / 1000, Math.floor((pgdat.sim.now - start) / 1000))
}

/** congestion_wait(BLK_RW_ASYNC, …): sleeps whether or not anything is congested. */
export const congestionWait = (pgdat: Pgdat, task: Task, timeoutNs: number, why: string): Sleeps<void> =>
  sleepOnCongestion(pgdat, task, timeoutNs, why, pgdat.trace.congestionWait)

/** wait_iff_congested: sleeps only if some device is congested and reclaim has marked this zone as congested. */
export function* waitIffCongested(pgdat: Pgdat, task: Task, zone: Zone, timeoutNs: number, why: string): Sleeps<void> {
  if (zone.congested && pgdat.congestion.anyCongested()) {
    yield* sleepOnCongestion(pgdat, task, timeoutNs, why, pgdat.trace.waitIffCongested)
    return
  }
  const start = pgdat.sim.now
  yield* task.condResched()
  const point = pgdat.trace.waitIffCongested
  if (point.enabled) {
    point.emit(task.process.group, timeoutNs / 1000, Math.floor((pgdat.sim.now - start) / 1000))
  }
}

/** 110 % of the dirty threshold are under writeback. */
const tooMuchWriteback = (pgdat: Pgdat): boolean => {
  const threshold = pgdat.mm.hardDirtyLimit()
  return pgdat.mm.writebackPages() > threshold + Math.floor(threshold / 10)
}

/** throttle_vm_writeout: a task that may wait for I/O waits until less is under writeback; others wait once. */
export function* throttleVmWriteout(pgdat: Pgdat, task: Task, gfp: number): Sleeps<void> {
  while (tooMuchWriteback(pgdat)) {
    yield* congestionWait(pgdat, task, HZ_10_NS, "reclaim: throttle_vm_writeout, too many pages under writeback")
    if ((gfp & (__GFP_FS | __GFP_IO)) !== (__GFP_FS | __GFP_IO)) break
  }
}
