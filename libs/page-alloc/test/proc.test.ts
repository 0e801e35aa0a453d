import { GFP_KERNEL, NR_WRITEBACK } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { context, machine } from "./support.ts"

describe("/proc/buddyinfo", () => {
  it("has eleven numbers a zone, six wide", () => {
    const { pages } = machine()
    pages.tryAlloc(context(), GFP_KERNEL, 2)
    expect(pages.buddyinfo()).toBe(
      "Node 0, zone      DMA      0      0      0      0      1      0      1      0      1      1      3 \n" +
        "Node 0, zone    DMA32      0      0      1      1      1      1      1      1      1      1    499 \n"
    )
  })
})

describe("/proc/zoneinfo", () => {
  it("has the lines of v3.6 without NUMA", () => {
    const { pages } = machine({ cpus: 2 })
    pages.tryAlloc(context({ cpu: 1 }), GFP_KERNEL, 0)
    pages.zones[1].modState(NR_WRITEBACK, 12)
    pages.zones[1].pagesScanned = 3
    const text = pages.zoneinfo()
    const [dma, dma32] = text.split("Node 0, zone").slice(1)
    expect(dma32.startsWith(`    DMA32
  pages free     511969
        min      1425
        low      1781
        high     2137
        scanned  3
        spanned  520127
        present  512000
    nr_free_pages 511969
    nr_inactive_anon 0
`)).toBe(true)
    expect(dma32).toContain("\n    nr_dirty     0\n    nr_writeback 12\n    nr_slab_reclaimable 0\n")
    expect(dma32.endsWith(`    nr_anon_transparent_hugepages 0
        protection: (0, 0, 0, 0)
  pagesets
    cpu: 0
              count: 0
              high:  186
              batch: 31
  vm stats threshold: 20
    cpu: 1
              count: 30
              high:  186
              batch: 31
  vm stats threshold: 20
  all_unreclaimable: 0
  start_pfn:         4096
  inactive_ratio:    3
`)).toBe(true)
    expect(dma).toContain("        protection: (0, 2000, 2000, 2000)\n")
    expect(dma).toContain("              high:  0\n              batch: 1\n")
    expect(dma).toContain("  start_pfn:         16\n")
  })

  it("shows the lower thresholds while kswapd is awake, where drift matters", () => {
    const { pages } = machine({ cpus: 4 })
    pages.setPercpuThresholds(pages.populatedZones, true)
    expect(pages.zones.map((zone) => zone.statThreshold)).toEqual([1, 30, 6, 6])
    pages.setPercpuThresholds(pages.populatedZones, false)
    expect(pages.zones[0].statThreshold).toBe(6)
  })
})
