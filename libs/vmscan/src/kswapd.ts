// kswapd: when it sleeps and what wakes it.
//
// source: mm/vmscan.c:kswapd, kswapd_try_to_sleep, prepare_kswapd_sleep, wakeup_kswapd
import {
  KSWAPD_HIGH_WMARK_HIT_QUICKLY,
  KSWAPD_LOW_WMARK_HIT_QUICKLY,
  PF_KSWAPD,
  PF_KTHREAD,
  PF_MEMALLOC,
  PF_SWAPWRITE,
  type Task,
  WMARK_HIGH,
  WMARK_LOW,
  type Zone
} from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { balancePgdat, pgdatBalanced } from "./balance-pgdat.ts"
import { HZ_10_NS } from "./constants.ts"
import type { Pgdat } from "./pgdat.ts"
import { wakeThrottled } from "./throttle.ts"

/** prepare_kswapd_sleep: all watermarks are met and, under the switch, nobody is throttled. */
const prepareSleep = (pgdat: Pgdat, task: Task, order: number, interrupted: boolean, classzone: number): boolean => {
  if (interrupted) return false
  if (pgdat.switches.kswapdWakesThrottled && pgdat.pfmemallocWait.waiters > 0) {
    wakeThrottled(pgdat, task)
    return false
  }
  let balanced = 0
  let allZonesOk = true
  for (const zone of pgdat.zones) {
    if (zone.index > classzone) break
    const ok = zone.allUnreclaimable ||
      pgdat.pages.zoneWatermarkOk(zone, order, zone.watermark[WMARK_HIGH], zone.index, 0)
    if (ok) balanced += zone.present
    else allZonesOk = false
  }
  return order > 0 ? pgdatBalanced(pgdat, balanced, classzone) : allZonesOk
}

/** kswapd_try_to_sleep: a nap of 100 ms first; if nothing woke kswapd and all is still well, a sleep until woken. */
function* tryToSleep(pgdat: Pgdat, task: Task, order: number, classzone: number): Sleeps<void> {
  const { process } = task
  let interrupted = false
  process.why = "kswapd: balanced"
  if (prepareSleep(pgdat, task, order, interrupted, classzone)) {
    interrupted = yield* pgdat.kswapdWait.sleepTimeout(process, pgdat.sim.jiffies(HZ_10_NS), "interruptible")
  }
  if (prepareSleep(pgdat, task, order, interrupted, classzone)) {
    if (pgdat.trace.kswapdSleep.enabled) pgdat.trace.kswapdSleep.emit(process.group, pgdat.node)
    pgdat.pages.setPercpuThresholds(pgdat.zones, false)
    yield* pgdat.kswapdWait.sleep(process, "interruptible")
    pgdat.pages.setPercpuThresholds(pgdat.zones, true)
  } else {
    pgdat.vmstat.inc(interrupted ? KSWAPD_LOW_WMARK_HIT_QUICKLY : KSWAPD_HIGH_WMARK_HIT_QUICKLY)
  }
  process.why = null
}

/** The program of the kernel thread kswapd0, or that of another node. Never returns. */
export function* kswapd(pgdat: Pgdat, task: Task): Sleeps<never> {
  task.flags |= PF_MEMALLOC | PF_SWAPWRITE | PF_KSWAPD | PF_KTHREAD
  task.process.daemon = true
  let order = 0
  let newOrder = 0
  let balancedOrder = 0
  let classzone = pgdat.highestZone
  let newClasszone = classzone
  let balancedClasszone = classzone
  for (;;) {
    // if the last run failed, a request of the same or a harder kind is unlikely to do better: consider sleeping on
    // what was achieved
    if (balancedClasszone >= newClasszone && balancedOrder === newOrder) {
      newOrder = pgdat.kswapdMaxOrder
      newClasszone = pgdat.classzoneIdx
      pgdat.kswapdMaxOrder = 0
      pgdat.classzoneIdx = pgdat.highestZone
    }
    if (order < newOrder || classzone > newClasszone) {
      order = newOrder
      classzone = newClasszone
    } else {
      yield* tryToSleep(pgdat, task, balancedOrder, balancedClasszone)
      order = newOrder = pgdat.kswapdMaxOrder
      classzone = newClasszone = pgdat.classzoneIdx
      pgdat.kswapdMaxOrder = 0
      pgdat.classzoneIdx = pgdat.highestZone
    }
    if (pgdat.trace.kswapdWake.enabled) pgdat.trace.kswapdWake.emit(task.process.group, pgdat.node, order)
    const balanced = yield* balancePgdat(pgdat, task, order, classzone)
    balancedOrder = balanced.order
    balancedClasszone = balanced.classzone
    yield* task.condResched()
  }
}

/** wakeup_kswapd: remembers a higher order; wakes kswapd if it sleeps and the zone is below its low watermark. */
export const wakeupKswapd = (pgdat: Pgdat, zone: Zone, order: number, classzone: number): void => {
  if (zone.present === 0) return
  if (pgdat.kswapdMaxOrder < order) {
    pgdat.kswapdMaxOrder = order
    pgdat.classzoneIdx = Math.min(pgdat.classzoneIdx, classzone)
  }
  if (pgdat.kswapdWait.waiters === 0) return
  if (pgdat.pages.zoneWatermarkOk(zone, order, zone.watermark[WMARK_LOW], 0, 0)) return
  const point = pgdat.trace.wakeupKswapd
  if (point.enabled) point.emit(pgdat.group, pgdat.node, zone.index, order)
  pgdat.kswapdWait.wakeUp()
}
