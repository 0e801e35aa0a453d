import { __GFP_MEMALLOC, __GFP_NOMEMALLOC, GFP_ATOMIC, NO_PAGE } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { ALLOCATORS, boot, freePages, freshCache, leave, pair, softirq } from "./rig.ts"

describe("patch 3, gfp-memalloc", () => {
  it("takes the last page in a softirq; __GFP_NOMEMALLOC wins", () => {
    const [patched, without] = pair("v3.6", "gfp-memalloc").map((kernel) => boot("slub", kernel))
    const ask = (rig: typeof patched, gfp: number) => rig.machine.pages.tryAlloc(softirq(), GFP_ATOMIC | gfp, 0)
    for (const rig of [patched, without]) leave(rig, 1)
    expect(ask(patched, __GFP_MEMALLOC | __GFP_NOMEMALLOC)).toBe(NO_PAGE)
    expect(ask(without, __GFP_MEMALLOC)).toBe(NO_PAGE)
    expect(ask(patched, __GFP_MEMALLOC)).toBeGreaterThanOrEqual(0)
    expect([freePages(patched), freePages(without)]).toEqual([0, 1])
  })

  it.each(ALLOCATORS)("%s passes the flag on: a new slab from the last pages", (allocator) => {
    const [patched, without] = pair("v3.6", "gfp-memalloc").map((kernel) => boot(allocator, kernel))
    const objects = [patched, without].map((rig) => {
      const cache = freshCache(rig)
      leave(rig, 1)
      return rig.machine.objects.tryAlloc(softirq(), cache, GFP_ATOMIC | __GFP_MEMALLOC)
    })
    expect(objects.map((object) => object >= 0)).toEqual([true, false])
  })
})
