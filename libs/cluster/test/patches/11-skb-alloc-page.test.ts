import { GFP_ATOMIC } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { ALLOCATORS, boot, freePages, leave, pair, softirq } from "./rig.ts"

describe("patch 11, skb-alloc-page", () => {
  it.each(ALLOCATORS)(
    "%s: igb's receive page comes from the last pages and marks its skb; before, there is none",
    (allocator) => {
      const seen = pair("v3.6", "skb-alloc-page").map((kernel) => {
        const rig = boot(allocator, kernel, { driver: "igb" })
        const { netdev, skbs } = rig.machine.net
        const skb = skbs.tryAllocSkb(softirq(), 200, GFP_ATOMIC, 0)
        leave(rig, 1)
        const page = netdev.pageForSkb(softirq(), skb)
        return [page >= 0, skbs.pfmemalloc[skb], freePages(rig)]
      })
      expect(seen).toEqual([[true, 1, 0], [false, 0, 1]])
    }
  )
})
