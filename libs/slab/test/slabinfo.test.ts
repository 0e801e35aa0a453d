import { FakePages, onCpu } from "@swaplab/kmem"
import { GFP_ATOMIC } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import { expect, it } from "vitest"

it("prints newest caches first and counts objects in arrays as active", () => {
  const slab = new SlabAllocator(new Sim({ seed: 1 }), new FakePages(4096), { cpus: 2 })
  const heads = slab.createCache("skbuff_head_cache", 224, { hwAlign: true })
  const objects = Array.from({ length: 135 }, () => slab.tryAlloc(onCpu(0), heads, GFP_ATOMIC))
  for (const object of objects.slice(0, 125)) slab.free(onCpu(0), heads, object)
  const lines = slab.slabinfoText().split("\n")
  expect(lines[2]).toBe(
    "skbuff_head_cache    135    135    256   15    1 : tunables  120   60    8 : slabdata      9      9     60"
  )
  expect(lines[3]).toBe(
    "size-4194304           0      0 4194304    1 1024 : tunables    1    1    0 : slabdata      0      0      0"
  )
  // the two caches that boot needs first are the oldest
  expect(lines.slice(-3)).toEqual([
    "size-128               0      0    128   30    1 : tunables  120   60    8 : slabdata      0      0      0",
    "size-32                0      0     32  112    1 : tunables  120   60    8 : slabdata      0      0      0",
    ""
  ])
})
