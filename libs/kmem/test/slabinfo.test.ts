import { slabinfoHeader } from "#src/slabinfo.ts"
import { slabinfoLine, slabinfoText } from "@swaplab/kmem"
import { expect, it } from "vitest"

const slabRow = {
  name: "size-2048",
  activeObjects: 214,
  totalObjects: 236,
  objectSize: 2048,
  objectsPerSlab: 2,
  pagesPerSlab: 1,
  limit: 24,
  batchcount: 12,
  sharedFactor: 8,
  activeSlabs: 118,
  totalSlabs: 118,
  sharedAvailable: 72
}
const slubRow = {
  name: "kmalloc-2048",
  activeObjects: 180,
  totalObjects: 192,
  objectSize: 2048,
  objectsPerSlab: 16,
  pagesPerSlab: 8,
  limit: 0,
  batchcount: 0,
  sharedFactor: 0,
  activeSlabs: 12,
  totalSlabs: 12,
  sharedAvailable: 0
}

it("prints the golden lines", () => {
  expect(slabinfoLine(slabRow)).toBe(
    "size-2048            214    236   2048    2    1 : tunables   24   12    8 : slabdata    118    118     72"
  )
  expect(slabinfoLine(slubRow)).toBe(
    "kmalloc-2048         180    192   2048   16    8 : tunables    0    0    0 : slabdata     12     12      0"
  )
})

it("prints the header, with the heading of the release", () => {
  expect(slabinfoHeader()).toBe(
    "slabinfo - version: 2.1\n"
      + "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
      + " : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>"
  )
  expect(slabinfoText([slabRow], "object_size")).toContain("<num_objs> <object_size> <objperslab>")
  expect(slabinfoText([slabRow, slubRow]).split("\n")).toHaveLength(5)
})
