import { GFP_ATOMIC, PageAllocator } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlubAllocator } from "@swaplab/slub"
import { expect, it } from "vitest"

it("does what the README shows", () => {
  const sim = new Sim({ seed: 1 })
  const pages = new PageAllocator(sim, { memory: 64 * 1024 * 1024, cpus: 4 })
  const slub = new SlubAllocator(sim, pages, { cpus: 4, switches: { reserveSlabs: true, slowPathTest: true } })
  const heads = slub.createCache("skbuff_head_cache", 224, { hwAlign: true })
  expect(heads.name).toBe("kmalloc-256") // merged

  const softirq = { flags: 0, memdie: false, inInterrupt: true, servingSoftirq: true, cpu: 0, ns: 0 }
  const data = slub.kmallocCache(2048)
  if (data === null) throw new Error("kmalloc-2048 is missing")
  const object = slub.tryAlloc(softirq, data, GFP_ATOMIC)
  expect(slub.slabPages()).toBe(8) // one slab of order 3 for sixteen objects
  expect(slub.slabinfoText().split("\n").find((line) => line.startsWith("kmalloc-2048"))).toBe(
    "kmalloc-2048          16     16   2048   16    8 : tunables    0    0    0 : slabdata      1      1      0"
  )
  slub.free(softirq, data, object)
})
