// Contents page of @swaplab/slab, in reading order.
export { ArrayCache, transferObjects } from "./array-cache.ts"
export {
  type CpuCacheTunables,
  cpuCacheTunables,
  freeLimit,
  type GeometryOptions,
  type SlabGeometry,
  slabGeometry,
  slabMaxOrder
} from "./geometry.ts"
export type { SlabOptions } from "./options.ts"
export { pageOf, ReserveObjects } from "./reserve-objects.ts"
export { type ReserveRules, reserveRules } from "./revision.ts"
export { SlabAllocator } from "./slab-allocator.ts"
export { SlabCache, SLABS_FREE, SLABS_FULL, SLABS_PARTIAL } from "./slab-cache.ts"
