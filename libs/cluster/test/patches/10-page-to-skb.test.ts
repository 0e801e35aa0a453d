import { GFP_ATOMIC } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { ALLOCATORS, boot, leave, memallocTask, pair, softirq } from "./rig.ts"

describe("patch 10, page-to-skb", () => {
  it.each(ALLOCATORS)("%s: an skb that takes up a page of the reserve is marked", (allocator) => {
    const marks = pair("v3.6", "page-to-skb").map((kernel) => {
      const rig = boot(allocator, kernel)
      const { skbs } = rig.machine.net
      const [first, second] = [0, 1].map(() => skbs.tryAllocSkb(softirq(), 200, GFP_ATOMIC, 0))
      const ordinary = skbs.pages.adopt(rig.machine.pages.tryAlloc(softirq(), GFP_ATOMIC, 0))
      leave(rig, 1)
      const reserve = skbs.pages.adopt(rig.machine.pages.tryAlloc(memallocTask(), GFP_ATOMIC, 0))
      skbs.fillPageDesc(first, ordinary, 1000)
      skbs.fillPageDesc(second, reserve, 1000)
      return [skbs.pfmemalloc[first], skbs.pfmemalloc[second]]
    })
    expect(marks).toEqual([[0, 1], [0, 0]])
  })
})
