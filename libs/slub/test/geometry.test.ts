import {
  type GeometryOptions,
  slubCpuPartial,
  slubGeometry,
  slubMinObjects,
  slubMinPartial,
  slubSlotSize
} from "#src/geometry.ts"
import { describe, expect, it } from "vitest"

type Row = [name: string, bytes: number, options: Partial<GeometryOptions>, slot: number, ...rest: Array<number>]

const CPUS = [1, 2, 4, 8, 16]
const hw = { hwAlign: true }

// per CPU count: order, objects; then fallback order, objects
const table: ReadonlyArray<Row> = [
  ["kmalloc-64", 64, {}, 64, 0, 64, 0, 64, 0, 64, 0, 64, 0, 64, 0, 64],
  ["kmalloc-128", 128, {}, 128, 0, 32, 0, 32, 0, 32, 0, 32, 0, 32, 0, 32],
  ["kmalloc-192", 192, {}, 192, 0, 21, 0, 21, 0, 21, 0, 21, 1, 42, 0, 21],
  ["kmalloc-256", 256, {}, 256, 0, 16, 0, 16, 0, 16, 1, 32, 1, 32, 0, 16],
  ["skbuff_head_cache", 224, hw, 256, 0, 16, 0, 16, 0, 16, 1, 32, 1, 32, 0, 16],
  ["kmalloc-512", 512, {}, 512, 0, 8, 1, 16, 1, 16, 2, 32, 2, 32, 0, 8],
  ["skbuff_fclone_cache", 452, hw, 512, 0, 8, 1, 16, 1, 16, 2, 32, 2, 32, 0, 8],
  ["kmalloc-1024", 1024, {}, 1024, 1, 8, 2, 16, 2, 16, 3, 32, 3, 32, 0, 4],
  ["kmalloc-2048", 2048, {}, 2048, 2, 8, 3, 16, 3, 16, 3, 16, 3, 16, 0, 2],
  ["kmalloc-4096", 4096, {}, 4096, 3, 8, 3, 8, 3, 8, 3, 8, 3, 8, 0, 1],
  ["kmalloc-8192", 8192, {}, 8192, 3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 1, 1],
  ["radix_tree_node", 560, { freePointerOutside: true }, 568, 1, 14, 1, 14, 2, 28, 2, 28, 2, 28, 0, 7],
  ["blkdev_requests", 344, {}, 344, 1, 23, 1, 23, 1, 23, 1, 23, 2, 47, 0, 11],
  ["bio-0", 168, hw, 192, 0, 21, 0, 21, 0, 21, 0, 21, 1, 42, 0, 21]
]

describe("the table of caches", () => {
  it.each(table)("%s (%i bytes)", (_name, bytes, options, slot, ...rest) => {
    const seen = CPUS.flatMap((cpus) => {
      const geometry = slubGeometry(bytes, { ...options, cpus })
      expect(geometry.size).toBe(slot)
      return [geometry.order, geometry.objsPerSlab]
    })
    const { minOrder, minObjects } = slubGeometry(bytes, { ...options, cpus: 1 })
    expect([...seen, minOrder, minObjects]).toEqual(rest)
  })
})

describe("golden geometry, hardware-aligned, no constructor, on 1, 4 and 8 CPUs", () => {
  it.each([
    [224, [0, 16, 0, 16, 1, 32], 16],
    [452, [0, 8, 1, 16, 2, 32], 8],
    [700, [1, 11, 2, 23, 2, 23], 5],
    [1100, [2, 14, 3, 28, 3, 28], 3],
    [1720, [2, 9, 3, 18, 3, 18], 2],
    [3000, [3, 10, 3, 10, 3, 10], 1]
  ])("%i bytes: %j, fallback order 0 with %i objects", (bytes, orders, fallback) => {
    const seen = [1, 4, 8].flatMap((cpus) => {
      const geometry = slubGeometry(bytes, { cpus, ...hw })
      expect([geometry.minOrder, geometry.minObjects]).toEqual([0, fallback])
      return [geometry.order, geometry.objsPerSlab]
    })
    expect(seen).toEqual(orders)
  })
})

it.each([[1, 8], [2, 12], [3, 12], [4, 16], [7, 16], [8, 20], [15, 20], [16, 24], [31, 24], [64, 32]])(
  "%i CPUs: at least %i objects wanted",
  (cpus, objects) => expect(slubMinObjects(cpus)).toBe(objects)
)

it.each([
  [8, 5, 30],
  [255, 5, 30],
  [256, 5, 13],
  [1023, 5, 13],
  [1024, 5, 6],
  [2048, 5, 6],
  [4096, 6, 2],
  [8192, 6, 2],
  [32768, 7, 2],
  [1 << 22, 10, 2]
])("slots of %i bytes: min_partial %i, cpu_partial %i", (size, minPartial, cpuPartial) => {
  expect([slubMinPartial(size), slubCpuPartial(size)]).toEqual([minPartial, cpuPartial])
})

// one more slot byte, or one less, and another order wastes little enough
it.each([[10_920, 3, 3], [10_928, 2, 1], [16_384, 3, 2], [16_392, 3, 1], [32_768, 3, 1], [32_776, 4, 1]])(
  "slots of %i bytes: order %i with %i objects",
  (bytes, order, objects) => {
    for (const cpus of [1, 4]) {
      const geometry = slubGeometry(bytes, { cpus })
      expect([geometry.size, geometry.order, geometry.objsPerSlab]).toEqual([bytes, order, objects])
    }
  }
)

it("puts the free pointer behind objects with a constructor", () => {
  expect([slubSlotSize(560), slubSlotSize(560, { freePointerOutside: true })]).toEqual([560, 568])
})

it("holds one object of 4 MiB in the largest block, and none that is larger", () => {
  expect(slubGeometry(4 << 20, { cpus: 4 })).toMatchObject({ order: 10, objsPerSlab: 1 })
  expect(() => slubGeometry((4 << 20) + 8, { cpus: 4 })).toThrow(RangeError)
})
