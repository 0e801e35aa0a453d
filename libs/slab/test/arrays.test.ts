import { type SlabCache, SLABS_FREE, SLABS_FULL, SLABS_PARTIAL } from "#src/slab-cache.ts"
import { FakePages, NO_OBJECT, objectIndex, onCpu, runNow, taskOn } from "@swaplab/kmem"
import { GFP_ATOMIC, GFP_KERNEL, NO_PAGE, NR_SLAB_UNRECLAIMABLE, PG_slab, WOULD_SLEEP } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import { describe, expect, it } from "vitest"

function machine(cpus: number, pageCount = 4096, min = 0) {
  const sim = new Sim({ seed: 1 })
  const pages = new FakePages(pageCount, min)
  const slab = new SlabAllocator(sim, pages, { cpus })
  return { sim, pages, slab, heads: slab.createCache("skbuff_head_cache", 224, { hwAlign: true }) }
}

const take = (slab: SlabAllocator, cache: SlabCache, cpu: number, n: number): Array<number> =>
  Array.from({ length: n }, () => slab.tryAlloc(onCpu(cpu), cache, GFP_ATOMIC))

const lists = (cache: SlabCache) => [SLABS_FULL, SLABS_PARTIAL, SLABS_FREE].map((list) => cache.slabs.count[list])

it("there is a shared array where there is somebody to share it with", () => {
  expect([machine(1).heads.shared, machine(2).heads.shared?.limit]).toEqual([null, 480])
})

describe("refill", () => {
  it("grows one slab at a time and takes at most 16 objects into an untouched array, then whole batches", () => {
    const { slab, pages, heads } = machine(1)
    take(slab, heads, 0, 1)
    expect(pages.log).toHaveLength(1)
    expect([heads.arrays[0].avail, heads.freeObjects]).toEqual([14, 0])
    const more = take(slab, heads, 0, 15)
    expect(more.every((object) => object >= 0)).toBe(true)
    // the array is touched now: the second refill wants 60, the one new slab gives 15
    expect([pages.log.length, heads.arrays[0].avail]).toEqual([2, 14])
    slab.checkInvariants()
  })

  it("takes 16 from slabs into an untouched array, 60 into a touched one", () => {
    const { slab, heads } = machine(1)
    const ctx = onCpu(0)
    const objects = take(slab, heads, 0, 135)
    // five times a full array is flushed by 60 to the slabs
    for (const object of objects) slab.free(ctx, heads, object)
    expect(heads.arrays[0].avail).toBe(75)
    take(slab, heads, 0, 75)
    heads.arrays[0].touched = 0
    take(slab, heads, 0, 1)
    expect(heads.arrays[0].avail).toBe(15)
    take(slab, heads, 0, 16)
    // 60 wanted, the 44 free ones left are taken
    expect(heads.arrays[0].avail).toBe(43)
    slab.checkInvariants()
  })

  it("holds as many objects as its limit, and flushes a batch only for one more", () => {
    const { slab, heads } = machine(1)
    const objects = take(slab, heads, 0, 135)
    expect([heads.arrays[0].avail, heads.limit, heads.batchcount]).toEqual([0, 120, 60])
    for (const object of objects.slice(0, 120)) slab.free(onCpu(0), heads, object)
    expect([heads.arrays[0].avail, heads.freeHits, heads.freeMisses, heads.freeObjects]).toEqual([120, 120, 0, 0])
    slab.free(onCpu(0), heads, objects[120])
    expect([heads.arrays[0].avail, heads.freeHits, heads.freeMisses, heads.freeObjects]).toEqual([61, 120, 1, 60])
    slab.checkInvariants()
  })

  it("is last in, first out, and does not look at the mask on a hit", () => {
    const { slab, pages, heads } = machine(1, 16, 0)
    const [a, b] = take(slab, heads, 0, 2)
    slab.free(onCpu(0), heads, a)
    slab.free(onCpu(0), heads, b)
    pages.min = 1000
    expect(take(slab, heads, 0, 2)).toEqual([b, a])
  })
})

describe("shared array", () => {
  it("receives the oldest batch of a full array and refills other CPUs from its end", () => {
    const { slab, heads } = machine(2)
    const objects = take(slab, heads, 0, 135)
    const cpu0 = onCpu(0)
    for (const object of objects.slice(0, 121)) slab.free(cpu0, heads, object)
    expect([heads.arrays[0].avail, heads.shared?.avail]).toEqual([61, 60])
    // CPU 1 is untouched: it moves the newest 16
    const [got] = take(slab, heads, 1, 1)
    expect([heads.arrays[1].avail, heads.shared?.avail, heads.shared?.touched]).toEqual([15, 44, 1])
    expect(got).toBe(objects[59])
    expect(slab.slabinfo().find((row) => row.name === heads.name)?.sharedAvailable).toBe(44)
    slab.checkInvariants()
  })

  it("takes what it has room for, then objects go to their slabs", () => {
    const { slab, heads } = machine(2)
    const objects = take(slab, heads, 0, 15 * 45)
    for (const object of objects) slab.free(onCpu(0), heads, object)
    expect(heads.shared?.avail).toBe(480)
    expect(heads.arrays[0].avail + 480 + heads.freeObjects).toBe(heads.slabs.rows * 15)
    slab.checkInvariants()
  })
})

describe("free limit", () => {
  it("keeps empty slabs up to free_limit objects and gives the rest back at once", () => {
    const { slab, pages, heads } = machine(1)
    const objects = take(slab, heads, 0, 15 * 40)
    expect(slab.slabPages()).toBe(40)
    for (const object of objects) slab.free(onCpu(0), heads, object)
    expect(heads.nodes[0].freeLimit).toBe(2 * 60 + 15)
    expect(heads.freeObjects).toBeLessThanOrEqual(heads.nodes[0].freeLimit)
    expect(slab.slabPages()).toBeLessThan(40)
    expect(pages.free_).toBe(4096 - slab.slabPages())
    slab.checkInvariants()
  })

  it("destroys a slab that becomes empty when one object more than the limit is free", () => {
    const rows = (extra: number) => {
      const { slab, heads } = machine(1)
      const objects = take(slab, heads, 0, 15 * 80)
      const of = (index: number, n: number) => objects.slice(index * 15, index * 15 + n)
      // eight empty slabs, `extra` objects of another one, then the ninth slab, and what it takes to flush all these
      const fill = Array.from({ length: 45 - extra }, (_, i) => of(21 + i, 1)[0])
      const order = [...objects.slice(0, 120), ...of(20, extra), ...of(8, 15), ...fill, ...objects.slice(15 * 70)]
      for (const object of order.slice(0, 241)) slab.free(onCpu(0), heads, object)
      slab.checkInvariants()
      return heads.slabs.rows
    }
    // 8 × 15 + 15 = 135 is the limit
    expect([rows(0), rows(1)]).toEqual([80, 79])
  })

  it("moves slabs between the lists by their count", () => {
    const { slab, heads } = machine(1)
    const [...objects] = take(slab, heads, 0, 30)
    expect(lists(heads)).toEqual([2, 0, 0])
    for (const object of objects) slab.free(onCpu(0), heads, object)
    expect(lists(heads)).toEqual([2, 0, 0])
    for (let i = 0; i < 30; i++) heads.arrays[0].touched = 0
    slab.reap(onCpu(0))
    // ceil(120 / 5) = 24 of the 30 go back: one slab is empty, one has six objects in the array
    expect([heads.arrays[0].avail, heads.freeObjects]).toEqual([6, 24])
    expect(lists(heads)).toEqual([0, 1, 1])
    slab.checkInvariants()
  })
})

describe("growing", () => {
  it("asks with the caller's reclaim and constraint flags only, without sleeping bits of its own", () => {
    const { slab, pages, heads } = machine(1)
    slab.tryAlloc(onCpu(0), heads, 0x8000 | 0x100 | 0x2000 | 0x20)
    expect(pages.log).toEqual([{ gfp: 0x2020, order: 0 }])
    expect(pages.stat.get(NR_SLAB_UNRECLAIMABLE)).toBe(1)
  })

  it("takes off-slab management from a general cache with the same reclaim flags", () => {
    const { slab, pages } = machine(1)
    const cache = slab.kmallocCache(2000)
    if (cache === null) throw new Error("no cache")
    expect([cache.name, cache.management?.name]).toEqual(["size-2048", "size-64"])
    const object = slab.tryAlloc(onCpu(0), cache, GFP_ATOMIC)
    expect(object).toBeGreaterThanOrEqual(0)
    expect(pages.log.map((request) => request.order)).toEqual([0, 0])
    expect(slab.slabPages()).toBe(2)
    const size64 = slab.kmallocCache(64)
    expect(size64?.slabs.rows).toBe(1)
    slab.checkInvariants()
  })

  it("gives the pages back when there is no memory for the management", () => {
    const { slab, pages } = machine(1, 1)
    const cache = slab.kmallocCache(2048)
    if (cache === null) throw new Error("no cache")
    expect(slab.tryAlloc(onCpu(0), cache, GFP_ATOMIC)).toBe(NO_OBJECT)
    expect([slab.slabPages(), pages.free_, pages.frames.flags[0] & PG_slab]).toEqual([0, 1, 0])
    expect(cache.growFailures).toBe(1)
    slab.checkInvariants()
  })

  it("frees management with its slab", () => {
    const { slab } = machine(1)
    const cache = slab.kmallocCache(2048)
    const size64 = slab.kmallocCache(64)
    if (cache === null || size64 === null) throw new Error("no cache")
    const objects = take(slab, cache, 0, 100)
    for (const object of objects) slab.free(onCpu(0), cache, object)
    expect(size64.inArrays + size64.freeObjects).toBe(size64.slabs.rows * 59 - cache.slabs.rows)
    slab.checkInvariants()
  })

  it("has no kmalloc cache above 4 MiB", () => {
    const { slab } = machine(1)
    expect(slab.kmallocCache(4_194_304)?.name).toBe("size-4194304")
    expect(slab.kmallocCache(4_194_305)).toBeNull()
  })
})

describe("sleeping", () => {
  it("says WOULD_SLEEP with everything as it was, and alloc sleeps and goes on", () => {
    const { sim, slab, pages, heads } = machine(1, 64, 64)
    const before = slab.slabinfoText()
    expect(slab.tryAlloc(onCpu(0), heads, GFP_KERNEL)).toBe(WOULD_SLEEP)
    expect(slab.slabinfoText()).toBe(before)
    slab.checkInvariants()
    pages.onSleep = () => {
      pages.min = 0
    }
    expect(runNow(slab.alloc(taskOn(sim, 0), heads, GFP_KERNEL))).toBeGreaterThanOrEqual(0)
    slab.checkInvariants()
  })

  it("undoes the pages when only the management would sleep", () => {
    const { sim, slab, pages } = machine(1, 64, 63)
    const cache = slab.kmallocCache(2048)
    if (cache === null) throw new Error("no cache")
    expect(slab.tryAlloc(onCpu(0), cache, GFP_KERNEL)).toBe(WOULD_SLEEP)
    expect([pages.free_, slab.slabPages()]).toEqual([64, 0])
    slab.checkInvariants()
    let slept = 0
    pages.onSleep = () => {
      slept++
      // the task sleeps between the pages and their management
      expect(slab.slabPages()).toBe(1)
      slab.checkInvariants()
      pages.min = 0
    }
    expect(runNow(slab.alloc(taskOn(sim, 0), cache, GFP_KERNEL))).toBeGreaterThanOrEqual(0)
    expect([slept, slab.slabPages()]).toEqual([1, 2])
  })

  it("serves the sleeper from what others brought meanwhile, and keeps the slab it grew", () => {
    const { sim, slab, pages, heads } = machine(1, 64, 64)
    pages.onSleep = () => {
      pages.min = 0
      take(slab, heads, 0, 1)
    }
    runNow(slab.alloc(taskOn(sim, 0), heads, GFP_KERNEL))
    // the interrupt's slab fills the array; the sleeper's own is still on the free list
    expect([heads.slabs.rows, heads.arrays[0].avail, lists(heads)]).toEqual([2, 13, [1, 0, 1]])
    slab.checkInvariants()
  })

  it("fails when the page allocator fails", () => {
    const { slab, heads } = machine(1, 64, 1000)
    expect(slab.tryAlloc(onCpu(0), heads, GFP_ATOMIC)).toBe(NO_PAGE)
    expect(heads.growFailures).toBe(1)
  })
})

describe("reaping", () => {
  it("leaves touched arrays once, then frees a fifth of the limit, or half of what little is there", () => {
    const { slab, heads } = machine(1)
    const objects = take(slab, heads, 0, 40)
    for (const object of objects) slab.free(onCpu(0), heads, object)
    const avail = () => heads.arrays[0].avail
    const start = avail()
    slab.reap(onCpu(0))
    expect(avail()).toBe(start)
    slab.reap(onCpu(0))
    expect(avail()).toBe(start - 24)
    slab.reap(onCpu(0))
    expect(avail()).toBe(start - 24 - Math.ceil((start - 24) / 2))
    slab.checkInvariants()
  })

  it("visits the node every 4 s, and destroys free slabs only if nobody looked at them meanwhile", () => {
    const { sim, slab, heads } = machine(1)
    const objects = take(slab, heads, 0, 15 * 9)
    for (const object of objects) slab.free(onCpu(0), heads, object)
    heads.arrays[0].touched = 1
    const freeSlabs = () => heads.slabs.count[SLABS_FREE]
    const before = freeSlabs()
    expect(before).toBeGreaterThan(2)
    heads.nodes[0].freeTouched = 1
    sim.queue.now = 8_000_000_000
    slab.reap(onCpu(0))
    expect([freeSlabs(), heads.nodes[0].freeTouched]).toEqual([before, 0])
    sim.queue.now = 10_000_000_000
    heads.arrays[0].touched = 1
    slab.reap(onCpu(0))
    expect(freeSlabs()).toBe(before)
    sim.queue.now = 12_000_000_000
    heads.arrays[0].touched = 1
    slab.reap(onCpu(0))
    // ceil(135 / 75) = 2 slabs
    expect([freeSlabs(), heads.reaped]).toEqual([before - 2, 2])
    slab.checkInvariants()
  })
})

describe("costs and traces", () => {
  it("adds CPU time to the context and reports objects", () => {
    const sim = new Sim({ seed: 1 })
    const seen: Array<string> = []
    sim.trace.sink = (point, _time, group, values) => seen.push(`${group} ${point.name} ${values.join(" ")}`)
    const costs = { allocHitNs: 20, allocRefillNs: 300, freeNs: 7 }
    const slab = new SlabAllocator(sim, new FakePages(64), { cpus: 1, costs, group: 3 })
    const cache = slab.createCache("vm_area_struct", 176)
    sim.trace.enableOnly(["kmem_cache_alloc", "kmem_cache_free"])
    const ctx = onCpu(0)
    const object = slab.tryAlloc(ctx, cache, GFP_ATOMIC)
    slab.tryAlloc(ctx, cache, GFP_ATOMIC)
    slab.free(ctx, cache, object)
    expect(ctx.ns).toBe(327)
    const address = cache.slabs.pageOf(object) * 4096 + cache.geometry.firstObject + objectIndex(object) * 176
    expect(seen[0]).toBe(`3 kmem_cache_alloc ${address} 176 176 32 0`)
    expect(seen[2]).toBe(`3 kmem_cache_free ${address} 0`)
  })
})

describe("our bugs die", () => {
  it("double free, foreign cache, foreign allocator", () => {
    const { slab, heads } = machine(1)
    const other = machine(1)
    const [object] = take(slab, heads, 0, 1)
    slab.free(onCpu(0), heads, object)
    expect(() => slab.free(onCpu(0), heads, object)).toThrow("nobody holds")
    const vma = slab.createCache("vm_area_struct", 176)
    expect(() => slab.free(onCpu(0), vma, object)).toThrow("not of this cache")
    expect(() => slab.tryAlloc(onCpu(0), other.heads, GFP_ATOMIC)).toThrow("another allocator")
  })
})

it("tracepoints report allocations and frees, with a value for each field", () => {
  const { heads, sim, slab } = machine(1)
  const hits: Array<string> = []
  sim.trace.enableOnly(["kmem_cache_alloc", "kmem_cache_free"])
  sim.trace.sink = (point, _time, _group, values) => {
    hits.push(point.fields.map((field, i) => `${field} ${values[i]}`).join(", "))
  }
  const [object] = take(slab, heads, 0, 1)
  slab.free(onCpu(0), heads, object)
  const address = slab.objectAddress(heads, object)
  expect(hits).toEqual([
    `ptr ${address}, bytes_req 224, bytes_alloc 256, gfp_flags ${GFP_ATOMIC}, general 0`,
    `ptr ${address}, general 0`
  ])
})
