// Throttling of direct reclaimers while the reserve that network swap lives on is half gone.
//
// A task that wants to enter direct reclaim waits on pfmemalloc_wait until free pages exceed half of the sum of the min
// watermarks: killably and for as long as it takes with __GFP_FS, at most a second without. Kernel threads never wait.
// It acts only where the reserve is really eaten. Ordinary allocations stop above the min marks and lowmem_reserve, so
// users of the reserve must hold that protection and more than half of the marks before anybody is parked: 173 pages on a
// machine of 64 MiB, where one connection's send buffer is bounded by 1/128 of memory, 126 pages. Hence
// pgscan_direct_throttle stays 0 there; with vm.min_free_kbytes at 256 it rises.
// Not modelled: nodes without usable low zones (reserve 0).
// source: mm/vmscan.c:pfmemalloc_watermark_ok, throttle_direct_reclaim
import { __GFP_FS, PF_KTHREAD, PGSCAN_DIRECT_THROTTLE, type Task, WMARK_MIN, type Zone } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { HZ_NS, ZONE_NORMAL } from "./constants.ts"
import type { Pgdat } from "./pgdat.ts"

/** The rule alone: free pages of the zones up to Normal exceed half of their min watermarks. */
export const aboveHalfReserve = (zones: Iterable<Pick<Zone, "index" | "free" | "watermark">>): boolean => {
  let reserve = 0
  let free = 0
  for (const zone of zones) {
    if (zone.index > ZONE_NORMAL) continue
    reserve += zone.watermark[WMARK_MIN]
    free += zone.free
  }
  return free > reserve >> 1
}

/** pfmemalloc_watermark_ok: the rule; wakes a sleeping kswapd if it does not hold. */
export const pfmemallocWatermarkOk = (pgdat: Pgdat): boolean => {
  const ok = aboveHalfReserve(pgdat.zones)
  if (!ok && pgdat.kswapdWait.waiters > 0) {
    pgdat.classzoneIdx = Math.min(pgdat.classzoneIdx, ZONE_NORMAL)
    pgdat.kswapdWait.wakeUp()
  }
  return ok
}

/** Wakes every throttled task; each checks the rule again and may go back to sleep. */
export const wakeThrottled = (pgdat: Pgdat, task: Task): void => {
  task.ns += pgdat.pfmemallocWait.wakeAll() * pgdat.costs.wakeNs
}

/** throttle_direct_reclaim: returns when the task may go on into reclaim, or has been killed. */
export function* throttleDirectReclaim(pgdat: Pgdat, task: Task, gfp: number): Sleeps<void> {
  if ((task.flags & PF_KTHREAD) !== 0 || pfmemallocWatermarkOk(pgdat)) return
  if (pgdat.switches.throttleCounter) pgdat.vmstat.inc(PGSCAN_DIRECT_THROTTLE)
  const process = task.process
  const before = process.why
  process.why = "throttle_direct_reclaim: half of the min reserve is gone"
  if ((gfp & __GFP_FS) === 0 && pgdat.switches.throttleBounded) {
    const deadline = pgdat.sim.now + pgdat.sim.jiffies(HZ_NS)
    while (!process.killed && pgdat.sim.now < deadline && !pfmemallocWatermarkOk(pgdat)) {
      yield* pgdat.pfmemallocWait.sleepTimeout(process, deadline - pgdat.sim.now, "interruptible")
    }
  } else {
    while (!process.killed && !pfmemallocWatermarkOk(pgdat)) {
      yield* pgdat.pfmemallocWait.sleep(process, "killable")
    }
  }
  process.why = before
}
