// With the real page allocator: the reserve, its marks, conservation of pages.
import { NO_OBJECT, onCpu, runNow, taskOn } from "@swaplab/kmem"
import {
  __GFP_MEMALLOC,
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
import { SlabAllocator } from "@swaplab/slab"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Mode, MODES } from "./modes.ts"

const FEB: Partial<PageAllocSwitches> = { pfmemallocMark: "slowpath" }
const MERGED: Partial<PageAllocSwitches> = {
  pfmemallocMark: "no-watermarks",
  gfpMemalloc: true,
  softirqMemalloc: true
}

function machine(pfmemalloc: Mode, switches: Partial<PageAllocSwitches> = {}, sockets = 1) {
  const sim = new Sim({ seed: 1 })
  const pages = new PageAllocator(sim, { memory: { dma: 0, dma32: 16_384, normal: 0 }, cpus: 2, switches })
  const slab = new SlabAllocator(sim, pages, {
    cpus: 2,
    switches: MODES[pfmemalloc],
    memallocSocks: { count: sockets }
  })
  const heads = slab.createCache("skbuff_head_cache", 224, { hwAlign: true })
  const zone = pages.populatedZones[0]
  return { sim, pages, slab, heads, zone, drained: new Array<number>() }
}

/** A kernel thread takes pages until an atomic request would fail at its floor of ⅜ min. */
function drain({ pages, zone, drained }: ReturnType<typeof machine>, floor = 0): void {
  const hungry = onCpu(0, PF_MEMALLOC)
  const level = floor > 0 ? floor : Math.floor(zone.watermark[WMARK_MIN] * 3 / 8)
  while (zone.free > level) {
    const page = pages.tryAlloc(hungry, GFP_ATOMIC, 0)
    expect(page).not.toBe(NO_PAGE)
    drained.push(page)
  }
}

describe("drained to ⅜ min", () => {
  it("patch 1 missing: a GFP_ATOMIC caller gets the second object of the reserve slab", () => {
    const m = machine("none")
    drain(m)
    expect(m.slab.tryAlloc(onCpu(0, PF_MEMALLOC), m.heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    expect(m.slab.tryAlloc(onCpu(0), m.heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
  })

  it.each([["feb-2012", FEB], ["v3.6", MERGED]] as const)("patch 1, %s: it is refused", (mode, switches) => {
    const m = machine(mode, switches)
    drain(m)
    expect(m.slab.tryAlloc(onCpu(0, PF_MEMALLOC), m.heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
    const asked = m.pages.counters.slowpath
    expect(m.slab.tryAlloc(onCpu(0), m.heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    expect(m.pages.counters.slowpath).toBe(asked + 1)
    m.slab.checkInvariants()
  })

  it("__GFP_MEMALLOC opens the reserve objects, in interrupt context too", () => {
    const m = machine("v3.6", MERGED)
    drain(m)
    m.slab.tryAlloc(onCpu(0, PF_MEMALLOC), m.heads, GFP_ATOMIC)
    const softirq = { ...onCpu(0), inInterrupt: true, servingSoftirq: true }
    expect(m.slab.tryAlloc(softirq, m.heads, GFP_ATOMIC)).toBe(NO_OBJECT)
    expect(m.slab.tryAlloc(softirq, m.heads, GFP_ATOMIC | __GFP_MEMALLOC)).toBeGreaterThanOrEqual(0)
  })
})

it("between low and min a PF_MEMALLOC caller's slab is marked in feb-2012 and not in v3.6", () => {
  for (const [mode, switches, active] of [["feb-2012", FEB, true], ["v3.6", MERGED, false]] as const) {
    const m = machine(mode, switches)
    drain(m, m.zone.watermark[WMARK_MIN] + 5)
    m.slab.tryAlloc(onCpu(0, PF_MEMALLOC), m.heads, GFP_ATOMIC)
    expect(m.slab.reserve.active).toBe(active)
  }
})

it("sleeps in direct reclaim, and what reclaim frees becomes the slab", () => {
  const m = machine("v3.6", MERGED)
  drain(m)
  expect(m.slab.tryAlloc(onCpu(0), m.heads, GFP_KERNEL)).toBe(WOULD_SLEEP)
  m.pages.reclaimer = {
    ...NO_RECLAIMER,
    *tryToFreePages(task) {
      for (const page of m.drained.splice(-2 * m.zone.watermark[WMARK_MIN])) m.pages.free(task, page, 0)
      m.pages.drainAllPages()
      return 1
    }
  }
  expect(runNow(m.slab.alloc(taskOn(m.sim, 0), m.heads, GFP_KERNEL))).toBeGreaterThanOrEqual(0)
  expect(m.pages.counters.directReclaim).toBe(1)
  m.slab.checkInvariants()
  m.pages.checkInvariants()
})

it("reports refused slabs unless the mask is silent", () => {
  const m = machine("v3.6", MERGED)
  drain(m)
  const seen: Array<string> = []
  m.slab.onAllocationFailure = (cache, gfp) => void seen.push(`${cache.name} ${gfp}`)
  m.slab.tryAlloc(onCpu(0), m.heads, GFP_ATOMIC)
  m.slab.tryAlloc(onCpu(0), m.heads, GFP_ATOMIC | __GFP_NOWARN)
  expect(seen).toEqual([`${m.heads.name} 32`])
})

it("conserves pages: free + per-CPU lists + slab = present, at every step", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(3), fc.nat(400)), { maxLength: 60 }), (steps) => {
      const { sim, pages, slab, heads, zone } = machine("v3.6", MERGED)
      const caches = [heads, slab.createCache("TCP", 1720, { hwAlign: true }), slab.createCache("anon_vma_chain", 48)]
      const size2048 = slab.kmallocCache(2048)
      if (size2048 !== null) caches.push(size2048)
      const held = caches.map(() => new Array<number>())
      for (const [allocate, which, n] of steps) {
        const ctx = onCpu(n % 2)
        if (allocate) {
          for (let i = 0; i < n; i++) held[which].push(slab.tryAlloc(ctx, caches[which], GFP_ATOMIC))
        } else {
          for (const object of held[which].splice(0, n)) slab.free(ctx, caches[which], object)
        }
        sim.queue.now += 1_000_000_000
        slab.reap(ctx)
        expect(zone.free + zone.pcpPages() + slab.slabPages()).toBe(zone.present)
        expect(zone.pageState(NR_SLAB_UNRECLAIMABLE)).toBe(slab.slabPages())
      }
      slab.checkInvariants()
      pages.checkInvariants()
    }),
    { seed: 3, numRuns: 30 }
  )
})
