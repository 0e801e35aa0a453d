import { ReclaimBatch, ScanControl } from "#src/batch.ts"
import { DEF_PRIORITY, SWAP_CLUSTER_MAX } from "#src/constants.ts"
import { shrinkPageList } from "#src/shrink-page-list.ts"
import { GFP_KERNEL, PG_isolated, PG_locked, PG_lru, PG_swapbacked, PG_swapcache } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { context, Toy, type ToyTask } from "./toy.ts"

/** How much one isolated page adds to sc.nr_scanned, which is the pressure on slab caches. */
const scannedBy = (flags: number, mapped: boolean, mayUnmap: boolean): number => {
  const toy = new Toy()
  const pfn = toy.take()
  const { frames } = toy.pages
  frames.flags[pfn] |= PG_isolated | flags
  frames.refCount[pfn]++
  if (mapped) frames.rmap[pfn] = 0
  const batch = new ReclaimBatch()
  batch.pages[0] = pfn
  batch.taken = 1
  const sc = new ScanControl(GFP_KERNEL, 0, SWAP_CLUSTER_MAX, DEF_PRIORITY, false)
  sc.mayUnmap = mayUnmap
  toy.spawn("T", (task: ToyTask) => shrinkPageList(toy.vmscan.pgdat, task, batch, toy.lruvec, sc))
  toy.sim.run(toy.sim.now)
  expect(batch.next).toBe(1)
  return sc.nrScanned
}

describe("sc.nr_scanned in shrink_page_list", () => {
  it.each<[string, number, boolean, boolean, number]>([
    ["a page that somebody has locked", PG_locked, false, true, 0],
    ["a page of the page cache", 0, false, true, 1],
    ["a mapped page", PG_swapbacked, true, true, 2],
    ["a page of the swap cache", PG_swapbacked | PG_swapcache, false, true, 2],
    ["a mapped page of the swap cache", PG_swapbacked | PG_swapcache, true, true, 2],
    ["a mapped page of a session that may not unmap", PG_swapbacked, true, false, 1],
    ["an unmapped page of the swap cache in such a session", PG_swapbacked | PG_swapcache, false, false, 2]
  ])("counts %s", (_name, flags, mapped, mayUnmap, scanned) => {
    expect(scannedBy(flags, mapped, mayUnmap)).toBe(scanned)
  })

  it("is what shrinkers are told: the last pass goes through all the pages, each of them counted twice", () => {
    const toy = new Toy()
    const pressure: Array<readonly [scanned: number, lruPages: number]> = []
    toy.mm.shrinkSlab = (_task?: unknown, _gfp?: unknown, scanned = 0, lruPages = 0) => {
      pressure.push([scanned, lruPages])
      return 0
    }
    const ctx = context()
    const pfns = Array.from({ length: 20 }, () => toy.take())
    for (const pfn of pfns) toy.mapAnon(ctx, pfn, false)
    toy.vmscan.lru.drain(ctx)
    expect(toy.pages.frames.flags[pfns[0]] & PG_lru).toBe(PG_lru)
    toy.spawn("T", (task: ToyTask) => toy.vmscan.tryToFreePages(task, GFP_KERNEL, 0, toy.pages.zonelist(GFP_KERNEL)))
    toy.sim.run(toy.sim.now)
    expect(pressure.at(-1)).toEqual([2 * pfns.length, pfns.length])
  })
})
