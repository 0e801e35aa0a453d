// kswapd at work: reclaims from all zones of the node until each is above its high watermark.
//
// It starts over at priority 12 after every 32 pages reclaimed, so it becomes desperate only when it frees almost
// nothing. kswapd may sleep in here like any reclaimer: for a request slot, for congestion, for a bio.
// Modelled: everything that matters with CONFIG_COMPACTION=n. Not modelled: memcg soft limits, compaction of the node,
// laptop mode (kswapd may always write).
// source: mm/vmscan.c:balance_pgdat, pgdat_balanced
import {
  GFP_KERNEL,
  KSWAPD_SKIP_CONGESTION_WAIT,
  PAGEOUTRUN,
  type Task,
  WMARK_HIGH,
  WMARK_LOW,
  WMARK_MIN,
  type Zone
} from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { ScanControl } from "./batch.ts"
import { congestionWait } from "./congestion.ts"
import { DEF_PRIORITY, HZ_10_NS, KSWAPD_ZONE_BALANCE_GAP_RATIO, SWAP_CLUSTER_MAX } from "./constants.ts"
import { newPageoutList, writePageoutList } from "./pageout-list.ts"
import type { Pgdat } from "./pgdat.ts"
import { ageActiveAnon, shrinkZone } from "./shrink-zone.ts"
import { pfmemallocWatermarkOk, wakeThrottled } from "./throttle.ts"

/** What one call of balance_pgdat achieved. */
export interface Balanced {
  /** Order it was reclaiming for at the end. */
  order: number
  /** Highest zone it had to look at. */
  classzone: number
}

/** The state that one pass hands to the next. */
interface Pass {
  order: number
  readonly classzone: number
  endZone: number
  allZonesOk: boolean
  /** Present pages of the balanced zones, for order > 0. */
  balanced: number
  totalScanned: number
  hasUnderMinZone: boolean
}

/** pgdat_balanced: the balanced zones hold a quarter of the pages of the zones up to `classzone`. */
export const pgdatBalanced = (pgdat: Pgdat, balancedPages: number, classzone: number): boolean => {
  let present = 0
  for (const zone of pgdat.zones) {
    if (zone.index <= classzone) present += zone.present
  }
  return balancedPages >= present >> 2
}

const passDone = (pgdat: Pgdat, pass: Pass): boolean =>
  pass.allZonesOk || (pass.order > 0 && pgdatBalanced(pgdat, pass.balanced, pass.classzone))

const givenUp = (zone: Zone, sc: ScanControl): boolean => zone.allUnreclaimable && sc.priority !== DEF_PRIORITY

/** From the highest zone down: the first that is not above its high watermark. False if there is none. */
const findEndZone = (pgdat: Pgdat, task: Task, pass: Pass, sc: ScanControl): boolean => {
  for (let i = pgdat.zones.length - 1; i >= 0; i--) {
    const zone = pgdat.zones[i]
    if (givenUp(zone, sc)) continue
    ageActiveAnon(pgdat, task, pgdat.lruvecs[i], sc)
    if (!pgdat.pages.zoneWatermarkOk(zone, pass.order, zone.watermark[WMARK_HIGH], 0, 0)) {
      pass.endZone = zone.index
      return true
    }
    zone.congested = false
  }
  return false
}

/** From the lowest zone up to the end zone: reclaims where the watermark and a gap on top are not met. */
function* shrinkUpward(pgdat: Pgdat, task: Task, pass: Pass, sc: ScanControl): Sleeps<void> {
  const { pages, mm } = pgdat
  let lruPages = 0
  for (const lruvec of pgdat.lruvecs) {
    if (lruvec.zone.index <= pass.endZone) lruPages += lruvec.reclaimablePages(pgdat.swapAvailable)
  }
  for (let i = 0; i < pgdat.zones.length; i++) {
    const zone = pgdat.zones[i]
    if (zone.index > pass.endZone) break
    if (givenUp(zone, sc)) continue
    sc.nrScanned = 0
    const high = zone.watermark[WMARK_HIGH]
    const gap = Math.min(
      zone.watermark[WMARK_LOW],
      Math.ceil(zone.present / KSWAPD_ZONE_BALANCE_GAP_RATIO)
    )
    if (!pages.zoneWatermarkOk(zone, pass.order, high + gap, pass.endZone, 0)) {
      yield* shrinkZone(pgdat, task, pgdat.lruvecs[i], sc)
      const slabFreed = mm.shrinkSlab(task, sc.gfp, sc.nrScanned, lruPages)
      pass.totalScanned += sc.nrScanned
      if (slabFreed === 0 && !pgdat.lruvecs[i].reclaimable(pgdat.swapAvailable)) zone.allUnreclaimable = true
    }
    if (zone.allUnreclaimable) {
      if (pass.endZone !== 0 && pass.endZone === zone.index) pass.endZone--
      continue
    }
    if (pages.zoneWatermarkOk(zone, pass.order, high, pass.endZone, 0)) {
      zone.congested = false
      if (zone.index <= pass.classzone) pass.balanced += zone.present
    } else {
      pass.allZonesOk = false
      if (!pages.zoneWatermarkOk(zone, pass.order, zone.watermark[WMARK_MIN], pass.endZone, 0)) {
        pass.hasUnderMinZone = true
      }
    }
  }
}

/** One outer pass: priorities 12 down to 0, or until balanced, or until 32 pages were reclaimed. */
function* balancePass(pgdat: Pgdat, task: Task, pass: Pass, sc: ScanControl): Sleeps<void> {
  pass.totalScanned = 0
  sc.nrReclaimed = 0
  pgdat.vmstat.inc(PAGEOUTRUN)
  for (sc.priority = DEF_PRIORITY; sc.priority >= 0; sc.priority--) {
    pass.hasUnderMinZone = false
    pass.allZonesOk = true
    pass.balanced = 0
    task.ns += pgdat.costs.passNs
    if (!findEndZone(pgdat, task, pass, sc)) return
    yield* shrinkUpward(pgdat, task, pass, sc)
    if (pgdat.switches.throttle && pgdat.pfmemallocWait.waiters > 0 && pfmemallocWatermarkOk(pgdat)) {
      wakeThrottled(pgdat, task)
    }
    if (passDone(pgdat, pass)) return
    if (pass.totalScanned !== 0 && sc.priority < DEF_PRIORITY - 2) {
      // an atomic allocation may fail any moment: no nap
      if (pass.hasUnderMinZone) pgdat.vmstat.inc(KSWAPD_SKIP_CONGESTION_WAIT)
      else yield* congestionWait(pgdat, task, HZ_10_NS, "kswapd: scans much and frees little")
    }
    if (sc.nrReclaimed + (sc.pageoutList?.count ?? 0) >= SWAP_CLUSTER_MAX) return
  }
}

/** For order > 0: every zone must at least have its high watermark of single pages. */
const orderZeroMet = (pgdat: Pgdat, pass: Pass, sc: ScanControl): boolean => {
  for (const zone of pgdat.zones) {
    if (zone.index > pass.endZone) break
    if (givenUp(zone, sc)) continue
    if (!pgdat.pages.zoneWatermarkOk(zone, 0, zone.watermark[WMARK_HIGH], 0, 0)) return false
    zone.congested = false
  }
  return true
}

/** balance_pgdat. */
export function* balancePgdat(pgdat: Pgdat, task: Task, order: number, classzone: number): Sleeps<Balanced> {
  const sc = new ScanControl(GFP_KERNEL, order, Number.MAX_SAFE_INTEGER, DEF_PRIORITY, true)
  const pass: Pass = {
    order,
    classzone,
    endZone: 0,
    allZonesOk: true,
    balanced: 0,
    totalScanned: 0,
    hasUnderMinZone: false
  }
  pgdat.reclaimers++
  for (;;) {
    sc.pageoutList = newPageoutList(pgdat, task)
    yield* balancePass(pgdat, task, pass, sc)
    yield* writePageoutList(pgdat, task, sc)
    if (!passDone(pgdat, pass)) {
      yield* task.condResched()
      // fragmentation may make higher orders hopeless: single pages matter most
      if (sc.nrReclaimed < SWAP_CLUSTER_MAX) pass.order = sc.order = 0
      continue
    }
    if (pass.order === 0 || orderZeroMet(pgdat, pass, sc)) break
    pass.order = sc.order = 0
  }
  pgdat.reclaimers--
  return { order: pass.order, classzone: pass.endZone }
}
