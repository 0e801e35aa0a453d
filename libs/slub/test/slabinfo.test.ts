import { FakePages, onCpu } from "@swaplab/kmem"
import { GFP_ATOMIC } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlubAllocator } from "@swaplab/slub"
import { expect, it } from "vitest"

it("counts what CPUs hold as active, and subtracts free objects of node partial slabs", () => {
  const slub = new SlubAllocator(new Sim({ seed: 1 }), new FakePages(4096), { cpus: 4, sizeHeading: "object_size" })
  const cache = slub.kmallocCache(2048)
  if (cache === null) throw new Error("no cache")
  const objects = Array.from({ length: 16 * 12 }, () => slub.tryAlloc(onCpu(0), cache, GFP_ATOMIC))
  const line = () => slub.slabinfoText().split("\n").find((text) => text.startsWith("kmalloc-2048"))
  expect(line()).toBe(
    "kmalloc-2048         192    192   2048   16    8 : tunables    0    0    0 : slabdata     12     12      0"
  )
  // one object of each of eight full slabs: the first seven move to the node when the eighth comes (cpu_partial 6)
  for (let slab = 0; slab < 8; slab++) slub.free(onCpu(0), cache, objects[slab * 16])
  expect(line()).toBe(
    "kmalloc-2048         185    192   2048   16    8 : tunables    0    0    0 : slabdata     12     12      0"
  )
  expect(slub.slabinfoText().split("\n")[1]).toContain("<object_size>")
})

it("prints the boot caches last, the odd sizes at the very end", () => {
  const slub = new SlubAllocator(new Sim({ seed: 1 }), new FakePages(16), { cpus: 1 })
  slub.createCache("blkdev_requests", 344)
  const names = slub.slabinfo().map((row) => row.name)
  expect([names[0], names[1], names.at(-3), names.at(-2), names.at(-1)]).toEqual([
    "blkdev_requests",
    "kmalloc-8192",
    "kmalloc-8",
    "kmalloc-192",
    "kmalloc-96"
  ])
})
