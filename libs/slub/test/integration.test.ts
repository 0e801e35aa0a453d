// With the real page allocator: the reserve, its marks, fragmentation, conservation of pages.
import { NO_OBJECT, onCpu, runNow, taskOn } from "@swaplab/kmem"
import {
  __GFP_NOWARN,
  GFP_ATOMIC,
  GFP_KERNEL,
  NO_PAGE,
  NO_RECLAIMER,
  NR_SLAB_UNRECLAIMABLE,
  PageAllocator,
  type PageAllocSwitches,
  PF_MEMALLOC,
  WMARK_MIN,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlubAllocator, type SlubCache } from "@swaplab/slub"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Mode, MODES } from "./modes.ts"

const FEB: Partial<PageAllocSwitches> = { pfmemallocMark: "slowpath" }
const MERGED: Partial<PageAllocSwitches> = {
  pfmemallocMark: "no-watermarks",
  gfpMemalloc: true,
  softirqMemalloc: true
}

function machine(pfmemalloc: Mode, switches: Partial<PageAllocSwitches> = {}) {
  const sim = new Sim({ seed: 1 })
  const pages = new PageAllocator(sim, { memory: { dma: 0, dma32: 16_384, normal: 0 }, cpus: 4, switches })
  const slub = new SlubAllocator(sim, pages, { cpus: 4, switches: MODES[pfmemalloc] })
  const heads = slub.createCache("skbuff_head_cache", 224, { hwAlign: true })
  return { sim, pages, slub, heads, zone: pages.populatedZones[0], drained: new Array<number>() }
}

const kmalloc = (slub: SlubAllocator, bytes: number): SlubCache => {
  const cache = slub.kmallocCache(bytes)
  if (cache === null) throw new Error("no cache")
  return cache
}

/** A kernel thread takes single pages until so many are free; by default until an atomic request fails, at ⅜ min. */
function drain({ pages, zone, drained }: ReturnType<typeof machine>, to?: number): void {
  const hungry = onCpu(0, PF_MEMALLOC)
  const level = to ?? Math.floor(zone.watermark[WMARK_MIN] * 3 / 8)
  while (zone.free > level) {
    const page = pages.tryAlloc(hungry, GFP_ATOMIC, 0)
    expect(page).not.toBe(NO_PAGE)
    drained.push(page)
  }
}

describe("drained to ⅜ min", () => {
  it.each(
    [
      ["none", {}],
      ["v3.6", MERGED]
    ] as const
  )("%s: on the same CPU the freelist serves a GFP_ATOMIC caller from the reserve slab", (mode, switches) => {
    const m = machine(mode, switches)
    drain(m)
    expect(m.slub.tryAlloc(onCpu(0, PF_MEMALLOC), m.heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    expect(m.slub.tryAlloc(onCpu(0), m.heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    expect(m.heads.allocFast).toBe(1)
  })

  it.each(
    [
      ["none", {}, true],
      ["feb-2012", FEB, true],
      ["v3.6", MERGED, false]
    ] as const
  )("%s: another CPU and the node's marked partial slab", (mode, switches, served) => {
    const m = machine(mode, switches)
    drain(m)
    const privileged = onCpu(0, PF_MEMALLOC)
    const objects = Array.from({ length: 16 * 3 }, () => m.slub.tryAlloc(privileged, m.heads, GFP_ATOMIC))
    const first = objects[0]
    expect(objects.every((object) => object >= 0)).toBe(true)
    // one object of the first slab: it is frozen onto CPU 0's partial list, then pushed to the node by hand
    m.slub.free(privileged, m.heads, first)
    m.slub.flushCpu(privileged, m.heads)
    const object = m.slub.tryAlloc(onCpu(1), m.heads, GFP_ATOMIC)
    expect(object !== NO_OBJECT).toBe(served)
    m.slub.checkInvariants()
  })
})

it("a reserve user takes eight pages of the reserve for one kmalloc-2048", () => {
  const m = machine("v3.6", MERGED)
  const block = m.pages.tryAlloc(onCpu(0), GFP_ATOMIC, 3)
  drain(m)
  m.pages.free(onCpu(0), block, 3)
  const before = m.zone.free
  expect(m.slub.tryAlloc(onCpu(0, PF_MEMALLOC), kmalloc(m.slub, 2048), GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
  expect([before - m.zone.free, m.slub.slabPages()]).toEqual([8, 8])
})

it("in fragmented memory high orders fail and order 0 serves", () => {
  const m = machine("none")
  drain(m, 0)
  // every other page free: plenty of memory, no block above order 0
  for (const page of m.drained.filter((pfn) => pfn % 2 === 0)) m.pages.free(onCpu(0), page, 0)
  m.pages.drainAllPages()
  const cache = kmalloc(m.slub, 2048)
  expect(m.slub.tryAlloc(onCpu(0), cache, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
  expect([cache.orderFallbacks, m.slub.slabPages()]).toEqual([1, 1])
  m.slub.checkInvariants()
})

it("with WAIT: reclaims once for the preferred order, gives up, then takes the fallback order", () => {
  const m = machine("none")
  drain(m, 0)
  for (const page of m.drained.filter((pfn) => pfn % 2 === 0)) m.pages.free(onCpu(0), page, 0)
  m.pages.drainAllPages()
  const woken: Array<number> = []
  const reclaimed: Array<number> = []
  m.pages.reclaimer = {
    ...NO_RECLAIMER,
    wakeKswapd: (_ctx, _zone, order) => void woken.push(order),
    *tryToFreePages(_task, _gfp, order) {
      reclaimed.push(order)
      return 1
    }
  }
  const cache = kmalloc(m.slub, 2048)
  expect(m.slub.tryAlloc(onCpu(0), cache, GFP_KERNEL)).toBe(WOULD_SLEEP)
  m.slub.checkInvariants()
  expect(runNow(m.slub.alloc(taskOn(m.sim, 0), cache, GFP_KERNEL))).toBeGreaterThanOrEqual(0)
  expect(reclaimed).toEqual([3])
  expect(woken.every((order) => order === 3)).toBe(true)
  expect(cache.orderFallbacks).toBe(1)
  m.slub.checkInvariants()
  m.pages.checkInvariants()
})

it("reports refused slabs unless the mask is silent", () => {
  const m = machine("v3.6", MERGED)
  drain(m)
  const seen: Array<string> = []
  m.slub.onAllocationFailure = (cache, gfp) => void seen.push(`${cache.name} ${gfp}`)
  m.slub.tryAlloc(onCpu(0), m.heads, GFP_ATOMIC)
  m.slub.tryAlloc(onCpu(0), m.heads, GFP_ATOMIC | __GFP_NOWARN)
  expect(seen).toEqual([`${m.heads.name} 32`])
})

it("conserves pages: free + per-CPU lists + slab = present, at every step", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(3), fc.nat(400)), { maxLength: 60 }), (steps) => {
      const { pages, slub, heads, zone } = machine("v3.6", MERGED)
      const caches = [heads, slub.createCache("TCP", 1720, { hwAlign: true }), kmalloc(slub, 32), kmalloc(slub, 2048)]
      const held = caches.map(() => new Array<number>())
      for (const [allocate, which, n] of steps) {
        const ctx = onCpu(n % 4)
        if (allocate) {
          for (let i = 0; i < n; i++) held[which].push(slub.tryAlloc(ctx, caches[which], GFP_ATOMIC))
        } else {
          for (const object of held[which].splice(0, n)) slub.free(ctx, caches[which], object)
        }
        expect(zone.free + zone.pcpPages() + slub.slabPages()).toBe(zone.present)
        expect(zone.pageState(NR_SLAB_UNRECLAIMABLE)).toBe(slub.slabPages())
      }
      slub.checkInvariants()
      pages.checkInvariants()
    }),
    { seed: 3, numRuns: 30 }
  )
})
