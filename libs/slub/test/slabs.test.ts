import { NODE_PARTIAL } from "#src/slub-cache.ts"
import { FakePages, NO_OBJECT, objectIndex, onCpu, runNow, taskOn } from "@swaplab/kmem"
import {
  __GFP_COMP,
  __GFP_NOFAIL,
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_RECLAIMABLE,
  __GFP_ZERO,
  GFP_ATOMIC,
  GFP_KERNEL,
  NR_SLAB_RECLAIMABLE,
  NR_SLAB_UNRECLAIMABLE,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlubAllocator, type SlubCache } from "@swaplab/slub"
import { describe, expect, it } from "vitest"

function machine(cpus: number, pageCount = 4096, min = 0) {
  const sim = new Sim({ seed: 1 })
  const pages = new FakePages(pageCount, min)
  const slub = new SlubAllocator(sim, pages, { cpus })
  return { sim, pages, slub, requests: slub.createCache("blkdev_requests", 344) }
}

const kmalloc = (slub: SlubAllocator, bytes: number): SlubCache => {
  const cache = slub.kmallocCache(bytes)
  if (cache === null) throw new Error("no cache")
  return cache
}

const take = (slub: SlubAllocator, cache: SlubCache, cpu: number, n: number): Array<number> =>
  Array.from({ length: n }, () => slub.tryAlloc(onCpu(cpu), cache, GFP_ATOMIC))

describe("merging", () => {
  it("skb heads, fclones and bios are kmalloc caches; requests and radix nodes stay alone", () => {
    const { slub, requests } = machine(4)
    const heads = slub.createCache("skbuff_head_cache", 224, { hwAlign: true })
    const fclones = slub.createCache("skbuff_fclone_cache", 452, { hwAlign: true })
    const bios = slub.createCache("bio-0", 168, { hwAlign: true })
    const nodes = slub.createCache("radix_tree_node", 560, { ctor: true, reclaimAccount: true })
    expect([heads.name, fclones.name, bios.name]).toEqual(["kmalloc-256", "kmalloc-512", "kmalloc-192"])
    expect([requests.name, nodes.name, nodes.size]).toEqual(["blkdev_requests", "radix_tree_node", 568])
    expect(heads).toBe(slub.kmallocCache(256))
    expect([heads.aliases, heads.objectSize]).toEqual([["skbuff_head_cache"], 256])
    expect(slub.slabinfoText()).not.toContain("skbuff_head_cache")
  })

  it("the newest candidate wins; waste of a pointer, other accounting or alignment do not merge", () => {
    const { slub, requests } = machine(4)
    expect(slub.createCache("also_344", 340).name).toBe("blkdev_requests")
    expect(slub.createCache("wastes_8", 336).name).toBe("wastes_8")
    expect(slub.createCache("reclaimable", 344, { reclaimAccount: true }).name).toBe("reclaimable")
    expect(slub.createCache("aligned", 344, { align: 32 }).size).toBe(352)
    expect(slub.createCache("rcu", 344, { rcu: true }).name).toBe("rcu")
    // 96 is no multiple of 64, so the hardware-aligned object goes to 128
    expect(slub.createCache("hw_96", 90, { hwAlign: true }).name).toBe("kmalloc-128")
    expect(requests.objectSize).toBe(344)
  })

  it.each([{ ctor: true }, { rcu: true }])("with %j neither joins nor is joined", (options) => {
    const { slub, requests } = machine(4)
    // 336 bytes and the free pointer behind them: slots as large as those of requests
    const alone = slub.createCache("alone", 336, options)
    expect([alone.name, alone.size]).toEqual(["alone", requests.size])
    expect(slub.createCache("also_344", 344).name).toBe("blkdev_requests")
    expect(slub.createCache("alone_too", 344, options).name).toBe("alone_too")
  })
})

describe("a new slab", () => {
  it("is asked for at the preferred order with NOWARN|NORETRY, without NOFAIL, and without excluding the reserve", () => {
    const { slub, pages } = machine(4)
    slub.tryAlloc(onCpu(0), kmalloc(slub, 2048), GFP_ATOMIC | __GFP_NOFAIL | __GFP_ZERO)
    expect(pages.log).toEqual([
      { gfp: GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN | __GFP_NORETRY, order: 3 }
    ])
    expect(pages.stat.get(NR_SLAB_UNRECLAIMABLE)).toBe(8)
  })

  it("then at the fallback order with the unchanged mask", () => {
    const { slub, pages } = machine(4)
    pages.maxOrder = 0
    const cache = kmalloc(slub, 2048)
    const objects = take(slub, cache, 0, 3)
    expect(objects.every((object) => object >= 0)).toBe(true)
    expect(pages.log.slice(0, 2)).toEqual([
      { gfp: GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN | __GFP_NORETRY, order: 3 },
      // as in "page allocation failure" messages of the time: mode:0x4020
      { gfp: 0x4020, order: 0 }
    ])
    expect([cache.totalObjects, cache.orderFallbacks, slub.slabPages()]).toEqual([4, 2, 2])
    slub.checkInvariants()
  })

  it("order-0 caches ask twice as well", () => {
    const { slub, pages } = machine(1, 4, 1000)
    expect(take(slub, kmalloc(slub, 64), 0, 1)).toEqual([NO_OBJECT])
    expect(pages.log).toEqual([
      { gfp: GFP_ATOMIC | __GFP_NOWARN | __GFP_NORETRY, order: 0 },
      { gfp: GFP_ATOMIC, order: 0 }
    ])
  })

  it("of a reclaim-accounted cache says so", () => {
    const { slub, pages } = machine(1)
    const nodes = slub.createCache("radix_tree_node", 560, { ctor: true, reclaimAccount: true })
    take(slub, nodes, 0, 1)
    expect(pages.log[0].gfp & __GFP_RECLAIMABLE).not.toBe(0)
    expect([pages.stat.get(NR_SLAB_RECLAIMABLE), slub.reclaimableSlabPages()]).toEqual([2, 2])
  })
})

describe("sleeping", () => {
  it("goes through the whole slow path at the preferred order once, then the fallback order", () => {
    const { sim, slub, pages } = machine(4, 64, 0)
    pages.maxOrder = 0
    const cache = kmalloc(slub, 2048)
    const slept: Array<number> = []
    pages.onSleep = (_gfp, order) => void slept.push(order)
    const object = runNow(slub.alloc(taskOn(sim, 0), cache, GFP_KERNEL))
    expect(object).toBeGreaterThanOrEqual(0)
    expect(slept).toEqual([3])
    expect([slub.slabPages(), cache.orderFallbacks]).toEqual([1, 1])
  })

  it("says WOULD_SLEEP at the preferred order already, and nothing has changed", () => {
    const { slub, pages } = machine(4, 64, 0)
    pages.maxOrder = 0
    const before = slub.slabinfoText()
    expect(slub.tryAlloc(onCpu(0), kmalloc(slub, 2048), GFP_KERNEL)).toBe(WOULD_SLEEP)
    expect(pages.log.map((request) => request.order)).toEqual([3])
    expect(slub.slabinfoText()).toBe(before)
    slub.checkInvariants()
  })

  it("puts a slab that an interrupt brought meanwhile back to the node and uses its own", () => {
    const { sim, slub, pages, requests } = machine(1, 64, 64)
    pages.onSleep = () => {
      pages.min = 0
      take(slub, requests, 0, 1)
    }
    const object = runNow(slub.alloc(taskOn(sim, 0), requests, GFP_KERNEL))
    expect(object).toBeGreaterThanOrEqual(0)
    expect([requests.slabs.rows, requests.slabs.count[NODE_PARTIAL]]).toEqual([2, 1])
    slub.checkInvariants()
  })
})

describe("frees", () => {
  it("into the CPU's own slab are last in, first out", () => {
    const { slub, requests } = machine(1)
    const [a, b] = take(slub, requests, 0, 2)
    slub.free(onCpu(0), requests, a)
    slub.free(onCpu(0), requests, b)
    expect(take(slub, requests, 0, 2)).toEqual([b, a])
    expect(requests.freeFast).toBe(2)
  })

  it("from another CPU wait in the slab until its freelist is empty", () => {
    const { slub, requests } = machine(2)
    const objects = take(slub, requests, 0, 3)
    slub.free(onCpu(1), requests, objects[0])
    const rest = take(slub, requests, 0, 23 - 3)
    expect(rest).not.toContain(objects[0])
    expect(take(slub, requests, 0, 1)).toEqual([objects[0]])
    expect(requests.slabs.rows).toBe(1)
    slub.checkInvariants()
  })

  it("into a full slab freeze it onto the CPU's partial list, which spills to the node when it holds too much", () => {
    const { slub, requests } = machine(1)
    const objects = take(slub, requests, 0, 23 * 30)
    const firsts = objects.filter((_, i) => i % 23 === 0)
    for (const object of firsts.slice(0, 14)) slub.free(onCpu(0), requests, object)
    expect(requests.slabs.count[NODE_PARTIAL]).toBe(0)
    // 14 objects are counted, more than cpu_partial (13): the next slab sends all 14 to the node
    slub.free(onCpu(0), requests, firsts[14])
    expect(requests.slabs.count[NODE_PARTIAL]).toBe(14)
    slub.checkInvariants()
  })

  it("count what is on the partial list only when a slab is added", () => {
    const { slub, requests } = machine(1)
    const objects = take(slub, requests, 0, 23 * 30)
    for (const object of objects.slice(0, 23)) slub.free(onCpu(0), requests, object)
    for (let slab = 1; slab < 14; slab++) slub.free(onCpu(0), requests, objects[slab * 23])
    // 36 objects are free on 14 slabs, 14 are counted: no spill yet
    expect(requests.slabs.count[NODE_PARTIAL]).toBe(0)
  })

  it("give an empty slab back when the node has more than min_partial others, at once", () => {
    const { slub, requests } = machine(1)
    const objects = take(slub, requests, 0, 23 * 30)
    expect(slub.slabPages()).toBe(60)
    for (const object of objects) slub.free(onCpu(0), requests, object)
    slub.checkInvariants()
    // min_partial + 1 on the node, some frozen on the CPU: about one active slab and cpu_partial objects
    expect(requests.slabs.count[NODE_PARTIAL]).toBeLessThanOrEqual(6)
    expect(requests.slabs.rows).toBeLessThan(6 + 16)
  })
})

describe("the node's partial list", () => {
  it("gives a slab back whose last object goes while it holds more than min_partial, itself included", () => {
    const { slub, requests } = machine(8)
    const objects = Array.from({ length: 6 }, (_, cpu) => slub.tryAlloc(onCpu(cpu), requests, GFP_ATOMIC))
    for (let cpu = 0; cpu < 6; cpu++) slub.flushCpu(onCpu(cpu), requests)
    expect([requests.slabs.count[NODE_PARTIAL], requests.slabs.rows]).toEqual([6, 6])
    slub.free(onCpu(7), requests, objects[0])
    expect([requests.slabs.count[NODE_PARTIAL], requests.slabs.rows]).toEqual([5, 5])
    slub.free(onCpu(7), requests, objects[1])
    expect([requests.slabs.count[NODE_PARTIAL], requests.slabs.rows]).toEqual([5, 5])
    slub.checkInvariants()
  })

  it("gives its first slab to the CPU and at least one more to the CPU's partial list", () => {
    const { slub, requests } = machine(2)
    const objects = take(slub, requests, 0, 23 * 16)
    for (let slab = 0; slab < 15; slab++) slub.free(onCpu(0), requests, objects[slab * 23])
    expect(requests.slabs.count[NODE_PARTIAL]).toBe(14)
    const [object] = take(slub, requests, 1, 1)
    // the CPU's list was last in, first out, and the node keeps that order
    expect(requests.slabs.pageOf(object)).toBe(requests.slabs.pageOf(objects[13 * 23]))
    // slabs with one free object each: the list is filled until more than cpu_partial / 2 = 6 are counted
    expect(requests.slabs.count[NODE_PARTIAL]).toBe(14 - 1 - 7)
    slub.checkInvariants()
  })
})

describe("deactivating a CPU's slab", () => {
  /** Pages of the node's partial slabs after CPU 0 gave up its slab, in front of or behind the one that was there. */
  function nodeOrder(remoteFree: boolean) {
    const { slub, requests } = machine(2)
    const objects = take(slub, requests, 0, 23 + 5)
    slub.free(onCpu(1), requests, objects[0])
    slub.flushCpu(onCpu(1), requests)
    if (remoteFree) slub.free(onCpu(1), requests, objects[23])
    slub.flushCpu(onCpu(0), requests)
    slub.checkInvariants()
    const { head, tail, page } = requests.slabs
    return {
      order: [page[head[NODE_PARTIAL]], page[tail[NODE_PARTIAL]]],
      first: requests.slabs.pageOf(objects[0]),
      second: requests.slabs.pageOf(objects[23])
    }
  }

  it("puts it at the head of the node's list, at the tail if other CPUs freed into it", () => {
    const local = nodeOrder(false)
    expect(local.order).toEqual([local.second, local.first])
    const remote = nodeOrder(true)
    expect(remote.order).toEqual([remote.first, remote.second])
  })

  it("keeps an empty slab while the node has no more than min_partial, and gives the next one back", () => {
    const { slub, requests } = machine(8)
    const objects = Array.from({ length: 7 }, (_, cpu) => slub.tryAlloc(onCpu(cpu), requests, GFP_ATOMIC))
    for (let cpu = 0; cpu < requests.geometry.minPartial; cpu++) slub.flushCpu(onCpu(cpu), requests)
    expect([requests.geometry.minPartial, requests.slabs.count[NODE_PARTIAL], requests.slabs.rows]).toEqual([5, 5, 7])
    for (const cpu of [5, 6]) slub.free(onCpu(cpu), requests, objects[cpu])
    slub.flushCpu(onCpu(5), requests)
    expect([requests.slabs.count[NODE_PARTIAL], requests.slabs.rows]).toEqual([6, 7])
    slub.flushCpu(onCpu(6), requests)
    expect([requests.slabs.count[NODE_PARTIAL], requests.slabs.rows]).toEqual([6, 6])
    slub.checkInvariants()
  })

  it.each([
    ["keeps min_partial + 1 empty slabs and gives the others back", true, 14, [8, 6]],
    ["gives all empty slabs back that lie in front, up to v3.5", false, 14, [2, 0]],
    ["looks at min_partial from the first slab with objects on, up to v3.5", false, 13, [3, 1]]
  ])("spilling a CPU's partial list %s", (_, unfreezeKeepsMinPartial, emptied, left) => {
    const slub = new SlubAllocator(new Sim({ seed: 1 }), new FakePages(4096), { cpus: 1, unfreezeKeepsMinPartial })
    const requests = slub.createCache("blkdev_requests", 344)
    const objects = take(slub, requests, 0, 23 * 16)
    // the slab with objects, if any, is spilled last: the list is a stack
    if (emptied === 13) slub.free(onCpu(0), requests, objects[23 * 13])
    for (const object of objects.slice(0, 23 * emptied)) slub.free(onCpu(0), requests, object)
    expect([requests.slabs.rows, requests.slabs.count[NODE_PARTIAL]]).toEqual([16, 0])
    slub.free(onCpu(0), requests, objects[23 * 14])
    expect([requests.slabs.rows, requests.slabs.count[NODE_PARTIAL]]).toEqual(left)
    slub.checkInvariants()
  })
})

it("objects lie one after the other from the start of the slab", () => {
  const { slub, requests } = machine(1)
  const objects = take(slub, requests, 0, 23)
  expect(objects.map(objectIndex)).toEqual(Array.from({ length: 23 }, (_, i) => i))
  expect(slub.objectAddress(requests, objects[22])).toBe(requests.slabs.pageOf(objects[0]) * 4096 + 22 * 344)
})

it("adds costs and emits traces", () => {
  const sim = new Sim({ seed: 1 })
  const seen: Array<string> = []
  sim.trace.sink = (point, _time, group, values) => seen.push(`${group} ${point.name} ${values.join(" ")}`)
  const slub = new SlubAllocator(sim, new FakePages(64), {
    cpus: 1,
    costs: { allocHitNs: 20, allocRefillNs: 300, freeNs: 7 },
    group: 2
  })
  sim.trace.enableOnly(["kmem_cache_alloc", "kmem_cache_free"])
  const cache = kmalloc(slub, 200)
  const ctx = onCpu(0)
  const object = slub.tryAlloc(ctx, cache, GFP_ATOMIC)
  slub.tryAlloc(ctx, cache, GFP_ATOMIC)
  slub.free(ctx, cache, object)
  expect(ctx.ns).toBe(327)
  const page = cache.slabs.pageOf(object)
  expect(seen).toEqual([
    `2 kmem_cache_alloc ${page * 4096} 256 256 32 1`,
    `2 kmem_cache_alloc ${page * 4096 + 256} 256 256 32 1`,
    `2 kmem_cache_free ${page * 4096} 1`
  ])
})

it("our bugs die: double free, foreign cache, foreign allocator", () => {
  const { slub, requests } = machine(1)
  const other = machine(1)
  const [object] = take(slub, requests, 0, 1)
  slub.free(onCpu(0), requests, object)
  expect(() => slub.free(onCpu(0), requests, object)).toThrow("nobody holds")
  expect(() => slub.free(onCpu(0), kmalloc(slub, 8), object)).toThrow("not of this cache")
  expect(() => slub.tryAlloc(onCpu(0), other.requests, GFP_ATOMIC)).toThrow("another allocator")
})

it("has no periodic work and no kmalloc cache above 8 KiB", () => {
  const { slub } = machine(1)
  const before = slub.slabinfoText()
  slub.reap(onCpu(0))
  expect([slub.reapIntervalNs, slub.slabinfoText(), slub.kmallocCache(8193)]).toEqual([0, before, null])
})
