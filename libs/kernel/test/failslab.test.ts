// failslab, as both object allocators ask it.
import { Failslab, type FailslabOptions, FakePages, NO_OBJECT, onCpu } from "@swaplab/kmem"
import { FaultAttr, GFP_ATOMIC, GFP_KERNEL, WOULD_SLEEP } from "@swaplab/page-alloc"
import { Random, Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import { SlubAllocator } from "@swaplab/slub"
import { describe, expect, it } from "vitest"

describe.each([{ name: "SLAB", Allocator: SlabAllocator }, { name: "SLUB", Allocator: SlubAllocator }])(
  "$name",
  ({ Allocator }) => {
    function machine(options: FailslabOptions, min = 0) {
      const pages = new FakePages(256, min)
      const objects = new Allocator(new Sim({ seed: 1 }), pages, { cpus: 1 })
      const heads = objects.createCache("skbuff_head_cache", 224, { hwAlign: true, ctor: true })
      const bios = objects.createCache("bio-0", 192, { hwAlign: true, ctor: true })
      const attr = new FaultAttr({ probability: 1 }, new Random(1, "test"))
      objects.failslab = new Failslab(attr, options)
      return { attr, bios, heads, objects, pages }
    }

    it("refuses objects by order, without asking for pages", () => {
      const { attr, heads, objects, pages } = machine({})
      expect(objects.tryAlloc(onCpu(0), heads, GFP_ATOMIC)).toBe(NO_OBJECT)
      expect([attr.failed, pages.log.length]).toEqual([1, 0])
    })

    it("spares masks that may sleep unless it is told not to", () => {
      const spares = machine({})
      expect(spares.objects.tryAlloc(onCpu(0), spares.heads, GFP_KERNEL)).toBeGreaterThanOrEqual(0)
      const all = machine({ ignoreGfpWait: false })
      expect(all.objects.tryAlloc(onCpu(0), all.heads, GFP_KERNEL)).toBe(NO_OBJECT)
    })

    it("refuses objects of the caches that are named", () => {
      const { attr, bios, heads, objects } = machine({ caches: ["bio-0"] })
      expect(objects.tryAlloc(onCpu(0), heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0)
      expect(objects.tryAlloc(onCpu(0), bios, GFP_ATOMIC)).toBe(NO_OBJECT)
      expect([attr.asked, attr.failed]).toEqual([1, 1])
    })

    it("asks once for an allocation that would have to sleep", () => {
      const { heads, objects } = machine({ ignoreGfpWait: false }, 256)
      const attr = new FaultAttr({ probability: 0 }, new Random(1, "test"))
      objects.failslab = new Failslab(attr, { ignoreGfpWait: false })
      const ctx = onCpu(0)
      expect(objects.tryAlloc(ctx, heads, GFP_KERNEL)).toBe(WOULD_SLEEP)
      expect(objects.tryAlloc(ctx, heads, GFP_KERNEL)).toBe(WOULD_SLEEP)
      expect(attr.asked).toBe(1)
    })
  }
)

it("a cache that SLUB has merged fails by either of its names", () => {
  const objects = new SlubAllocator(new Sim({ seed: 1 }), new FakePages(256), { cpus: 1 })
  const first = objects.createCache("bio-0", 192)
  const merged = objects.createCache("dm_crypt_io", 192)
  expect(merged).toBe(first)
  for (const [name, fails] of [[first.name, true], ["dm_crypt_io", true], ["radix_tree_node", false]] as const) {
    const attr = new FaultAttr({ probability: 1 }, new Random(1, "test"))
    objects.failslab = new Failslab(attr, { caches: [name] })
    expect(objects.tryAlloc(onCpu(0), merged, GFP_ATOMIC) === NO_OBJECT).toBe(fails)
  }
})
