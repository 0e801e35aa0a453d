// The LRU lists of one zone (struct lruvec) and the statistics that balance them (struct zone_reclaim_stat).
// source: include/linux/mmzone.h, include/linux/mm_inline.h
import {
  type Frames,
  NR_ISOLATED_ANON,
  NR_LRU_BASE,
  PageList,
  PG_active,
  PG_isolated,
  PG_lru,
  PG_swapbacked,
  PG_unevictable,
  type Zone
} from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { LRU_ACTIVE, LRU_FILE, LRU_UNEVICTABLE, NR_LRU_LISTS } from "./constants.ts"

/** page_lru_base_type: the inactive list of the page's kind. */
export const lruBase = (flags: number): number => (flags & PG_swapbacked) !== 0 ? 0 : LRU_FILE

/** page_lru: the list a page belongs on, by its flags. */
export const pageLru = (flags: number): number => {
  if ((flags & PG_unevictable) !== 0) return LRU_UNEVICTABLE
  return lruBase(flags) + ((flags & PG_active) !== 0 ? LRU_ACTIVE : 0)
}

export class LruVec {
  readonly zone: Zone
  /** inactive_anon, active_anon, inactive_file, active_file, unevictable; newest pages at the head. */
  readonly lists: ReadonlyArray<PageList> = Array.from({ length: NR_LRU_LISTS }, () => new PageList())
  /** Pages of each kind (anon, file) held by reclaimers. */
  readonly isolated: [anon: number, file: number] = [0, 0]
  /** Floating averages: pages scanned, and of these the ones found in use. Index 0 anon, 1 file. */
  readonly recentScanned: [anon: number, file: number] = [0, 0]
  readonly recentRotated: [anon: number, file: number] = [0, 0]

  constructor(zone: Zone) {
    this.zone = zone
  }

  /** add_page_to_lru_list: at the head. The page's flags must name this list already. */
  addHead(frames: Frames, pfn: number, lru: number): void {
    this.lists[lru].addHead(frames, pfn)
    this.zone.modState(NR_LRU_BASE + lru, 1)
  }

  /** del_page_from_lru_list. */
  remove(frames: Frames, pfn: number, lru: number): void {
    this.lists[lru].remove(frames, pfn)
    this.zone.modState(NR_LRU_BASE + lru, -1)
  }

  /** NR_ISOLATED_ANON or NR_ISOLATED_FILE of the zone. */
  modIsolated(file: 0 | 1, n: number): void {
    this.isolated[file] += n
    this.zone.modState(NR_ISOLATED_ANON + file, n)
  }

  /** zone_reclaimable_pages: what reclaim could get at; anonymous pages count only while swap has free slots. */
  reclaimablePages(swapAvailable: boolean): number {
    const lists = this.lists
    const file = lists[2].count + lists[3].count
    return swapAvailable ? file + lists[0].count + lists[1].count : file
  }

  /** zone_reclaimable: false once the reclaimable pages have been scanned six times over without one being freed. */
  reclaimable(swapAvailable: boolean): boolean {
    return this.zone.pagesScanned < this.reclaimablePages(swapAvailable) * 6
  }

  checkInvariants(frames: Frames): void {
    for (let lru = 0; lru < NR_LRU_LISTS; lru++) {
      const list = this.lists[lru]
      list.checkInvariants(frames)
      assert(this.zone.pageState(NR_LRU_BASE + lru) === list.count, "lruvec: zone counter differs from the list")
      for (let pfn = list.head; pfn >= 0; pfn = frames.next[pfn]) {
        const flags = frames.flags[pfn]
        assert((flags & PG_lru) !== 0 && (flags & PG_isolated) === 0, "lruvec: page on a list without PG_lru")
        assert(pageLru(flags) === lru, "lruvec: page on the wrong list")
        assert(pfn >= this.zone.start && pfn < this.zone.end, "lruvec: page of another zone")
        assert(frames.refCount[pfn] > 0, "lruvec: free page on a list")
      }
    }
    for (const file of [0, 1]) {
      assert(this.isolated[file] >= 0, "lruvec: negative number of isolated pages")
      assert(this.zone.pageState(NR_ISOLATED_ANON + file) === this.isolated[file], "lruvec: isolated count differs")
    }
  }
}
