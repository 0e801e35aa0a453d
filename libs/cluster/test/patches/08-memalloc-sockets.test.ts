import { NO_OBJECT } from "@swaplab/kmem"
import { __GFP_MEMALLOC, GFP_ATOMIC } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { ALLOCATORS, boot, freshCache, leave, memallocTask, pair, Probe, slabOf, softirq } from "./rig.ts"

describe("patch 8, memalloc-sockets", () => {
  it.each(ALLOCATORS)(
    "%s: the nbd socket counts in the key, each further one too, and has the flag in its mask",
    (allocator) => {
      const seen = pair("v3.6", "memalloc-sockets").map((kernel) => {
        const rig = boot(allocator, kernel)
        const nbd = rig.machine.memallocSocks.count
        const other = new Probe(rig)
        other.setMemalloc()
        return [nbd, rig.machine.memallocSocks.count, other.memalloc, (other.skAllocation & __GFP_MEMALLOC) !== 0]
      })
      expect(seen).toEqual([[1, 2, true, true], [0, 0, false, false]])
    }
  )

  it("SLAB: the gate. Without a memalloc socket reserve objects are for anybody; before, they never were", () => {
    // no nbd-memalloc: nobody opens the gate
    const seen = pair("v3.6 - nbd-memalloc", "memalloc-sockets").map((kernel) => {
      const rig = boot("slab", kernel)
      const slab = slabOf(rig)
      const cache = freshCache(rig)
      leave(rig, 20)
      slab.tryAlloc(memallocTask(), cache, GFP_ATOMIC)
      return slab.tryAlloc(softirq(), cache, GFP_ATOMIC) !== NO_OBJECT
    })
    expect(seen).toEqual([true, false])
  })
})
