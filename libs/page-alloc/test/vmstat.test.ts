import * as items from "#src/vmstat-items.ts"
import { NR_VM_ZONE_STAT_ITEMS, PGSCAN_KSWAPD_DMA32 } from "#src/vmstat-items.ts"
import { NR_ISOLATED_ANON, NR_LRU_BASE, VmStat, VMSTAT_NAMES } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { machine } from "./support.ts"

/** v3.6, without NUMA, COMPACTION and THP. */
const LINES = `nr_free_pages nr_inactive_anon nr_active_anon nr_inactive_file nr_active_file nr_unevictable nr_mlock
nr_anon_pages nr_mapped nr_file_pages nr_dirty nr_writeback nr_slab_reclaimable nr_slab_unreclaimable
nr_page_table_pages nr_kernel_stack nr_unstable nr_bounce nr_vmscan_write nr_vmscan_immediate_reclaim
nr_writeback_temp nr_isolated_anon nr_isolated_file nr_shmem nr_dirtied nr_written nr_anon_transparent_hugepages
nr_dirty_threshold nr_dirty_background_threshold pgpgin pgpgout pswpin pswpout pgalloc_dma pgalloc_dma32
pgalloc_normal pgalloc_movable pgfree pgactivate pgdeactivate pgfault pgmajfault pgrefill_dma pgrefill_dma32
pgrefill_normal pgrefill_movable pgsteal_kswapd_dma pgsteal_kswapd_dma32 pgsteal_kswapd_normal pgsteal_kswapd_movable
pgsteal_direct_dma pgsteal_direct_dma32 pgsteal_direct_normal pgsteal_direct_movable pgscan_kswapd_dma
pgscan_kswapd_dma32 pgscan_kswapd_normal pgscan_kswapd_movable pgscan_direct_dma pgscan_direct_dma32
pgscan_direct_normal pgscan_direct_movable pgscan_direct_throttle pginodesteal slabs_scanned kswapd_inodesteal
kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly kswapd_skip_congestion_wait pageoutrun allocstall pgrotated
htlb_buddy_alloc_success htlb_buddy_alloc_fail unevictable_pgs_culled unevictable_pgs_scanned unevictable_pgs_rescued
unevictable_pgs_mlocked unevictable_pgs_munlocked unevictable_pgs_cleared unevictable_pgs_stranded
unevictable_pgs_mlockfreed`.split(/\s+/)

describe("/proc/vmstat", () => {
  it("has the lines of v3.6 in their order", () => {
    expect(new VmStat({ directThrottle: true }).names()).toEqual(LINES)
  })

  it("lacks one line without the throttle counter", () => {
    expect(new VmStat().names()).toEqual(LINES.filter((name) => name !== "pgscan_direct_throttle"))
  })

  it("has the groups of other configurations", () => {
    const all = new VmStat({ directThrottle: true, numa: true, compaction: true, transparentHugepages: true }).names()
    expect(all).toEqual(VMSTAT_NAMES)
    expect(all.slice(-5)).toEqual([
      "thp_fault_alloc",
      "thp_fault_fallback",
      "thp_collapse_alloc",
      "thp_collapse_alloc_failed",
      "thp_split"
    ])
    expect(new VmStat({ hugetlb: false }).names()).not.toContain("htlb_buddy_alloc_fail")
  })

  it("has every item at the number of its name", () => {
    const notItems = ["NR_LRU_BASE", "NR_VM_ZONE_STAT_ITEMS", "NR_VMSTAT_ITEMS", "VMSTAT_NAMES"]
    const byNumber = Object.entries(items).filter(([name]) => !notItems.includes(name))
      .sort(([, a], [, b]) => Number(a) - Number(b))
    expect(byNumber.map(([name]) => name.toLowerCase())).toEqual(VMSTAT_NAMES)
    expect(byNumber.map(([, number]) => number)).toEqual(VMSTAT_NAMES.map((_name, number) => number))
    expect(VMSTAT_NAMES).toHaveLength(items.NR_VMSTAT_ITEMS)
  })

  it("numbers items so that families are base + index", () => {
    expect(VMSTAT_NAMES[PGSCAN_KSWAPD_DMA32]).toBe("pgscan_kswapd_dma32")
    expect(VMSTAT_NAMES[NR_LRU_BASE + 4]).toBe("nr_unevictable")
    expect(VMSTAT_NAMES[NR_VM_ZONE_STAT_ITEMS]).toBe("nr_dirty_threshold")
  })

  it("prints a line per item and finds values by name", () => {
    const vmstat = new VmStat()
    vmstat.inc(PGSCAN_KSWAPD_DMA32, 7)
    vmstat.inc(PGSCAN_KSWAPD_DMA32)
    vmstat.dec(PGSCAN_KSWAPD_DMA32, 2)
    expect(vmstat.get("pgscan_kswapd_dma32")).toBe(6)
    expect(vmstat.text().split("\n").length).toBe(vmstat.names().length + 1)
    expect(vmstat.text()).toContain("\npgscan_kswapd_dma32 6\n")
    expect(() => vmstat.get("nr_nonsense")).toThrow("no such item")
  })

  it("sums what is kept per zone", () => {
    const { pages } = machine()
    pages.zones[0].modState(NR_ISOLATED_ANON, 3)
    pages.zones[1].modState(NR_ISOLATED_ANON, 4)
    expect(pages.vmstat.get("nr_isolated_anon")).toBe(7)
    expect(pages.zones[1].pageState(NR_ISOLATED_ANON)).toBe(4)
    expect(pages.vmstat.get("nr_free_pages")).toBe(pages.presentPages)
  })
})
