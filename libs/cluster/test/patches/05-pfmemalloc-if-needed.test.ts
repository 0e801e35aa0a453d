import { GFP_ATOMIC, WMARK_LOW, WMARK_MIN } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { ALLOCATORS, boot, freshCache, leave, memallocTask, pair, reserved } from "./rig.ts"

describe("patch 5, pfmemalloc-if-needed", () => {
  it.each(ALLOCATORS)(
    "%s: a PF_MEMALLOC task between low and min gets an unmarked slab; before, a marked one",
    (allocator) => {
      const marks = pair("v3.6", "pfmemalloc-if-needed").map((kernel) => {
        const rig = boot(allocator, kernel)
        const cache = freshCache(rig)
        const [zone] = rig.machine.pages.populatedZones.slice(-1)
        const free = zone.watermark[WMARK_MIN] + 10
        expect(free).toBeLessThan(zone.watermark[WMARK_LOW])
        leave(rig, free)
        const page = rig.machine.pages.tryAlloc(memallocTask(), GFP_ATOMIC, 0)
        const object = rig.machine.objects.tryAlloc(memallocTask(), cache, GFP_ATOMIC)
        return [rig.machine.pages.pagePfmemalloc(page), reserved(rig, object)]
      })
      expect(marks).toEqual([[false, false], [true, true]])
    }
  )
})
