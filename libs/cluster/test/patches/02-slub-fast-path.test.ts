import { NO_OBJECT } from "@swaplab/kmem"
import { GFP_ATOMIC } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { boot, freshCache, leave, memallocTask, pair, slubOf, softirq } from "./rig.ts"

const reserveSlab = (kernel: string) => {
  const rig = boot("slub", kernel)
  const fresh = freshCache(rig)
  const { cache, slub } = slubOf(rig, fresh)
  leave(rig, 20)
  slub.tryAlloc(memallocTask(), cache, GFP_ATOMIC)
  return { rig, cache, slub }
}

describe("patch 2, slub-fast-path", () => {
  it("on the CPU of the reserve user anybody takes what is left of its slab, untested", () => {
    const [patched, without] = pair("v3.6", "slub-fast-path").map(reserveSlab)
    for (const { cache, slub } of [patched, without]) slub.tryAlloc(softirq(), cache, GFP_ATOMIC)
    expect(patched.cache).toMatchObject({ allocFast: 1, allocSlow: 1, reserveDeactivations: 0 })
    expect(without.cache).toMatchObject({ allocFast: 0, allocSlow: 2, reserveDeactivations: 1 })
  })

  it("from the node's list a marked slab is skipped; before, it gave its first object to anybody", () => {
    const [patched, without] = pair("v3.6", "slub-fast-path").map(reserveSlab)
    for (const { cache, slub } of [patched, without]) slub.flushCpu(memallocTask(), cache)
    expect(patched.slub.tryAlloc(softirq(), patched.cache, GFP_ATOMIC)).toBe(NO_OBJECT)
    expect(patched.cache.reserveSkips).toBe(1)
    expect(without.slub.tryAlloc(softirq(), without.cache, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    expect(without.cache.reserveSkips).toBe(0)
  })
})
