// Every counter of a cache, after each kind of event.
import { FakePages, NO_OBJECT, onCpu } from "@swaplab/kmem"
import { GFP_ATOMIC } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlubAllocator } from "@swaplab/slub"
import { expect, it } from "vitest"

it("a cache counts its slabs, and who gave and took on which way", () => {
  const pages = new FakePages(64, 0)
  const slub = new SlubAllocator(new Sim({ seed: 1 }), pages, { cpus: 2 })
  // order 0: 16 objects of 256 bytes
  const cache = slub.createCache("skbuff_head_cache", 224, { hwAlign: true })
  const { objsPerSlab } = cache
  const take = (cpu: number, n: number) => Array.from({ length: n }, () => slub.tryAlloc(onCpu(cpu), cache, GFP_ATOMIC))
  const counters = () => {
    const { allocFast, allocSlow, freeFast, freeSlow, grown, growFailures, orderFallbacks, totalObjects } = cache
    return { allocFast, allocSlow, freeFast, freeSlow, grown, growFailures, orderFallbacks, totalObjects }
  }
  const seen = {
    allocFast: 0,
    allocSlow: 0,
    freeFast: 0,
    freeSlow: 0,
    grown: 0,
    growFailures: 0,
    orderFallbacks: 0,
    totalObjects: 0
  }
  expect(counters()).toEqual(seen)
  const first = take(0, objsPerSlab)
  Object.assign(seen, { allocSlow: 1, allocFast: objsPerSlab - 1, grown: 1, totalObjects: objsPerSlab })
  expect(counters()).toEqual(seen)
  const [second] = take(0, 1)
  Object.assign(seen, { allocSlow: 2, grown: 2, totalObjects: 2 * objsPerSlab })
  expect(counters()).toEqual(seen)
  // into the current slab, and into another one
  slub.free(onCpu(0), cache, second)
  slub.free(onCpu(0), cache, first[0])
  Object.assign(seen, { freeFast: 1, freeSlow: 1 })
  expect(counters()).toEqual(seen)
  // to every CPU its own slab
  take(1, 2)
  Object.assign(seen, { allocSlow: 3, allocFast: seen.allocFast + 1, grown: 3, totalObjects: 3 * objsPerSlab })
  expect(counters()).toEqual(seen)
  // without memory
  pages.free_ = 0
  take(1, objsPerSlab - 2)
  seen.allocFast += objsPerSlab - 2
  expect(take(1, 1)).toEqual([NO_OBJECT])
  Object.assign(seen, { allocSlow: 4, growFailures: 1 })
  expect(counters()).toEqual(seen)
  expect([cache.reserveDeactivations, cache.reserveSkips, slub.slabPages()]).toEqual([0, 0, 3 << cache.order])
})

it("its tracepoints name what they tell", () => {
  const sim = new Sim({ seed: 1 })
  new SlubAllocator(sim, new FakePages(64, 0), { cpus: 1 })
  const fields = (name: string) => sim.trace.point(name, []).fields
  expect(fields("kmem_cache_alloc")).toEqual(["ptr", "bytes_req", "bytes_alloc", "gfp_flags", "general"])
  expect(fields("kmem_cache_free")).toEqual(["ptr", "general"])
})
