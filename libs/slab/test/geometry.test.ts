import { cpuCacheTunables, freeLimit, type GeometryOptions, slabGeometry, slabMaxOrder } from "#src/geometry.ts"
import { describe, expect, it } from "vitest"

const hw: GeometryOptions = { hwAlign: true }
const reclaim: GeometryOptions = { reclaimAccount: true }

describe("the table of caches, on more than one CPU", () => {
  it.each<[string, number, GeometryOptions, number, number, number, boolean, number, number, number]>([
    ["size-64", 64, hw, 64, 59, 1, false, 120, 60, 480],
    ["size-128", 128, hw, 128, 30, 1, false, 120, 60, 480],
    ["size-192", 192, hw, 192, 20, 1, false, 120, 60, 480],
    ["size-256", 256, hw, 256, 15, 1, false, 120, 60, 480],
    ["size-512", 512, hw, 512, 8, 1, true, 54, 27, 216],
    ["size-1024", 1024, hw, 1024, 4, 1, true, 54, 27, 216],
    ["size-2048", 2048, hw, 2048, 2, 1, true, 24, 12, 96],
    ["size-4096", 4096, hw, 4096, 1, 1, true, 24, 12, 96],
    ["size-8192", 8192, hw, 8192, 1, 2, true, 8, 4, 0],
    ["skbuff_head_cache", 224, hw, 256, 15, 1, false, 120, 60, 480],
    ["skbuff_fclone_cache", 452, hw, 512, 7, 1, false, 54, 27, 216],
    ["radix_tree_node", 560, reclaim, 560, 7, 1, false, 54, 27, 216],
    ["bio-0", 168, hw, 192, 20, 1, false, 120, 60, 480],
    ["blkdev_requests", 344, {}, 344, 11, 1, false, 54, 27, 216],
    ["anon_vma_chain", 48, {}, 48, 77, 1, false, 120, 60, 480],
    ["vm_area_struct", 176, {}, 176, 22, 1, false, 120, 60, 480]
  ])("%s (%i bytes)", (_name, bytes, options, slot, objects, pages, offSlab, limit, batch, shared) => {
    const geometry = slabGeometry(bytes, options)
    expect({
      slot: geometry.size,
      objects: geometry.objsPerSlab,
      pages: 1 << geometry.order,
      offSlab: geometry.offSlab
    }).toEqual({ slot, objects, pages, offSlab })
    const tunables = cpuCacheTunables(geometry.size, 2)
    expect([tunables.limit, tunables.batchcount, tunables.sharedLimit]).toEqual([limit, batch, shared])
  })
})

describe("golden geometry, hardware-aligned", () => {
  it.each([
    [224, 256, 0, 15, false],
    [300, 320, 0, 12, false],
    [452, 512, 0, 7, false],
    [513, 576, 0, 7, true],
    [700, 704, 1, 11, true],
    [1000, 1024, 0, 4, true],
    [1100, 1152, 1, 7, true],
    [1536, 1536, 1, 5, true],
    [1720, 1728, 1, 4, false],
    [3000, 3008, 1, 2, false]
  ])("%i bytes: slot %i, order %i, %i objects", (bytes, slot, order, objects) => {
    const geometry = slabGeometry(bytes, hw)
    expect([geometry.size, geometry.order, geometry.objsPerSlab]).toEqual([slot, order, objects])
  })

  it("keeps 452 on-slab and 513 off-slab with 76 bytes of management", () => {
    expect(slabGeometry(452, hw).offSlab).toBe(false)
    expect(slabGeometry(513, hw)).toMatchObject({ offSlab: true, managementBytes: 76 })
  })
})

describe("management of off-slab caches", () => {
  it.each([[512, 80], [1024, 64], [2048, 56], [4096, 52]])("size-%i asks for %i bytes", (bytes, management) => {
    expect(slabGeometry(bytes, hw)).toMatchObject({ offSlab: true, managementBytes: management, firstObject: 0 })
  })
})

it.each([
  [32, 112, 0],
  [16384, 1, 2],
  [65536, 1, 4],
  [1048576, 1, 8],
  [4194304, 1, 10]
])("size-%i holds %i objects in order %i", (bytes, objects, order) => {
  expect(slabGeometry(bytes, hw)).toMatchObject({ objsPerSlab: objects, order })
})

it("prefers order 0 on machines up to 32 MiB", () => {
  expect([slabMaxOrder(8192), slabMaxOrder(8193)]).toEqual([0, 1])
  expect(slabGeometry(700, { ...hw, slabMaxOrder: 0 })).toMatchObject({ order: 0, objsPerSlab: 5 })
})

it("objects lie behind on-slab management and inside the slab", () => {
  for (let bytes = 8; bytes <= 8192; bytes += 8) {
    for (const options of [{}, hw, reclaim]) {
      const geometry = slabGeometry(bytes, options)
      const end = geometry.firstObject + geometry.objsPerSlab * geometry.size
      expect(end).toBeLessThanOrEqual(4096 << geometry.order)
      if (!geometry.offSlab) expect(geometry.firstObject).toBeGreaterThanOrEqual(48 + 4 * geometry.objsPerSlab)
    }
  }
})

it.each([
  [256, 120, 60],
  [257, 54, 27],
  [1024, 54, 27],
  [1025, 24, 12],
  [4096, 24, 12],
  [4097, 8, 4],
  [131072, 8, 4],
  [131073, 1, 1]
])("slots of %i bytes: arrays of %i, batches of %i", (size, limit, batchcount) => {
  expect(cpuCacheTunables(size, 4)).toMatchObject({ limit, batchcount, sharedFactor: size <= 4096 ? 8 : 0 })
})

it("has no shared array on one CPU, and a free limit of one batch per CPU and one more", () => {
  expect(cpuCacheTunables(256, 1)).toMatchObject({ sharedFactor: 0, sharedLimit: 0 })
  expect(freeLimit(4, 60, 15)).toBe(315)
})

it("idle stock of four CPUs: 192 objects of size-2048, 960 skb heads", () => {
  const stock = (size: number) => cpuCacheTunables(size, 4).limit * 4 + cpuCacheTunables(size, 4).sharedLimit
  expect([stock(2048), stock(256)]).toEqual([192, 960])
})
