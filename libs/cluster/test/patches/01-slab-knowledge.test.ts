import { NO_OBJECT } from "@swaplab/kmem"
import { GFP_ATOMIC } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { type Allocator, boot, freshCache, leave, memallocTask, pair, reserved, slubOf, softirq } from "./rig.ts"

/** A reserve user takes one object of a new slab at 20 free pages; then an ordinary softirq asks on the same CPU. */
const steps = (allocator: Allocator, kernel: string) => {
  const rig = boot(allocator, kernel)
  const cache = freshCache(rig)
  leave(rig, 20)
  const first = rig.machine.objects.tryAlloc(memallocTask(), cache, GFP_ATOMIC)
  const failures = rig.machine.pages.counters.failures[0]
  const second = rig.machine.objects.tryAlloc(softirq(), cache, GFP_ATOMIC)
  return { rig, cache, first, second, refused: rig.machine.pages.counters.failures[0] - failures }
}

describe("patch 1, slab-knowledge", () => {
  it("SLAB: the reserve slab's other objects are kept; the page allocator is asked and refuses", () => {
    const [patched, without] = pair("v3.6", "slab-knowledge").map((kernel) => steps("slab", kernel))
    expect([reserved(patched.rig, patched.first), patched.second, patched.refused]).toEqual([true, NO_OBJECT, 1])
    expect([reserved(without.rig, without.first), without.second >= 0, without.refused]).toEqual([false, true, 0])
  })

  it("SLUB, before patch 2 moves the test: the reserve slab is taken from the CPU", () => {
    const [patched, without] = pair("v3.6 - slub-fast-path", "slab-knowledge").map((kernel) => steps("slub", kernel))
    expect(reserved(patched.rig, patched.first)).toBe(true)
    expect(slubOf(patched.rig, patched.cache).cache).toMatchObject({ allocFast: 0, reserveDeactivations: 1 })
    expect(reserved(without.rig, without.first)).toBe(false)
    expect(slubOf(without.rig, without.cache).cache).toMatchObject({ allocFast: 1, reserveDeactivations: 0 })
  })
})
