import { GFP_RECLAIM_MASK } from "#src/gfp-masks.ts"
import { GFP_CONSTRAINT_MASK, GFP_SLAB_PASS_MASK } from "@swaplab/kmem"
import {
  __GFP_COLD,
  __GFP_DMA32,
  __GFP_HARDWALL,
  __GFP_MEMALLOC,
  __GFP_MOVABLE,
  __GFP_NOMEMALLOC,
  __GFP_THISNODE,
  __GFP_ZERO,
  GFP_ATOMIC,
  GFP_KERNEL
} from "@swaplab/page-alloc"
import { expect, it } from "vitest"

it("passes how hard to try and where from, nothing else", () => {
  expect(GFP_RECLAIM_MASK).toBe(0x13ef0)
  expect(GFP_CONSTRAINT_MASK).toBe(0x60000)
  const passed = GFP_ATOMIC | GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOMEMALLOC | __GFP_HARDWALL | __GFP_THISNODE
  const kept = __GFP_ZERO | __GFP_COLD | __GFP_MOVABLE | __GFP_DMA32
  expect((passed | kept) & GFP_SLAB_PASS_MASK).toBe(passed)
})
