// Per-CPU lists of order-0 pages in front of the buddy lists.
//
// Modelled: batches, hot and cold ends, the round-robin drain. Pages in these lists are not free memory to anybody: no
// watermark sees them. Not modelled: the cost of the inter-processor interrupts of drain_all_pages.
// source: mm/page_alloc.c:rmqueue_bulk, free_hot_cold_page, free_pcppages_bulk, drain_pages
import { assert } from "@swaplab/sim"
import type { AllocTrace } from "./alloc-trace.ts"
import type { Buddy } from "./buddy.ts"
import { type Frames, NONE } from "./frames.ts"
import { MIGRATE_ISOLATE, MIGRATE_MOVABLE, MIGRATE_PCPTYPES } from "./gfp.ts"
import { NR_FREE_PAGES } from "./vmstat-items.ts"
import type { VmStat } from "./vmstat.ts"
import type { PerCpuPages, Zone } from "./zone.ts"

export class PerCpuLists {
  readonly #frames: Frames
  readonly #buddy: Buddy
  readonly #vmstat: VmStat
  readonly #trace: AllocTrace

  constructor(buddy: Buddy, vmstat: VmStat, trace: AllocTrace) {
    this.#frames = buddy.frames
    this.#buddy = buddy
    this.#vmstat = vmstat
    this.#trace = trace
  }

  /** An order-0 page for this CPU; NONE when neither list nor buddy has one. */
  take(zone: Zone, cpu: number, type: number, cold: boolean): number {
    const pcp = zone.pcp[cpu]
    const list = pcp.lists[type]
    if (list.head === NONE) this.#refill(zone, pcp, type, cold)
    const page = cold ? list.popTail(this.#frames) : list.popHead(this.#frames)
    if (page !== NONE) pcp.count--
    return page
  }

  /** free_hot_cold_page() */
  put(zone: Zone, cpu: number, pfn: number, cold: boolean): void {
    const frames = this.#frames
    let type = this.#buddy.typeOf(pfn)
    frames.private[pfn] = type
    if (type >= MIGRATE_PCPTYPES) {
      assert(type !== MIGRATE_ISOLATE, "no pageblock is ever isolated")
      type = MIGRATE_MOVABLE
    }
    const pcp = zone.pcp[cpu]
    if (cold) pcp.lists[type].addTail(frames, pfn)
    else pcp.lists[type].addHead(frames, pfn)
    pcp.count++
    if (pcp.count >= pcp.high) this.drain(zone, pcp, pcp.batch)
  }

  /** free_pcppages_bulk(): gives `toFree` pages back to the buddy, the coldest of each list in turn. */
  drain(zone: Zone, pcp: PerCpuPages, toFree: number): void {
    assert(toFree <= pcp.count, "draining more than there is")
    if (toFree === 0) return
    const frames = this.#frames
    let left = toFree
    let type = 0
    let batchFree = 0
    zone.allUnreclaimable = false
    zone.pagesScanned = 0
    while (left > 0) {
      // the more empty lists were passed, the more is taken from the next one
      let list
      do {
        batchFree++
        if (++type === MIGRATE_PCPTYPES) type = 0
        list = pcp.lists[type]
      } while (list.head === NONE)
      if (batchFree === MIGRATE_PCPTYPES) batchFree = left
      do {
        const page = list.popTail(frames)
        // not the type of the list: pages of reserve pageblocks travel in the movable list
        const freedType = frames.private[page]
        this.#buddy.freeOne(zone, page, 0, freedType)
        if (this.#trace.pcpuDrain.enabled) this.#trace.pcpuDrain.emit(this.#trace.group, page, 0, freedType)
        left--
        batchFree--
      } while (left > 0 && batchFree > 0 && list.head !== NONE)
    }
    pcp.count -= toFree
    zone.free += toFree
    this.#vmstat.items[NR_FREE_PAGES] += toFree
  }

  /** rmqueue_bulk(): both ends are filled so that pages are used in the order in which they left the buddy. */
  #refill(zone: Zone, pcp: PerCpuPages, type: number, cold: boolean): void {
    const frames = this.#frames
    const list = pcp.lists[type]
    let taken = 0
    while (taken < pcp.batch) {
      const page = this.#buddy.take(zone, 0, type)
      if (page === NONE) break
      frames.private[page] = type
      if (cold) list.addHead(frames, page)
      else list.addTail(frames, page)
      taken++
    }
    pcp.count += taken
    zone.free -= taken
    if (zone.free < zone.lowestFree) zone.lowestFree = zone.free
    this.#vmstat.items[NR_FREE_PAGES] -= taken
  }

  checkInvariants(zone: Zone): void {
    for (const pcp of zone.pcp) {
      let pages = 0
      for (const list of pcp.lists) {
        list.checkInvariants(this.#frames)
        pages += list.count
        for (let pfn = list.head; pfn !== NONE; pfn = this.#frames.next[pfn]) {
          assert(this.#frames.flags[pfn] === 0, "a page of a per-CPU list has flags")
          assert(this.#frames.refCount[pfn] === 0, "a page of a per-CPU list has references")
          assert(pfn >= zone.start && pfn < zone.end, "a page is in the per-CPU list of another zone")
        }
      }
      assert(pages === pcp.count, "the count of a per-CPU list differs from its lists")
      // only frees drain: refills of the three types can each add a batch
      assert(pages < pcp.high + MIGRATE_PCPTYPES * pcp.batch, "a per-CPU list was not drained")
    }
  }
}
