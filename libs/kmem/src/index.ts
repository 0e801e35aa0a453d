// Contents page of @swaplab/kmem, in reading order.
export * from "./derived-sizes.ts"
export { GFP_CONSTRAINT_MASK, GFP_RECLAIM_MASK, GFP_SLAB_PASS_MASK } from "./gfp-masks.ts"
export {
  makeObject,
  MAX_OBJECTS_PER_SLAB,
  MAX_SLABS,
  NO_OBJECT,
  objectIndex,
  objectSlab,
  SlabNumbers
} from "./handle.ts"
export {
  align,
  type AllocatorFamily,
  getOrder,
  kmallocIndex,
  kmallocName,
  kmallocSize,
  kmallocSizes,
  SLAB_KMALLOC_SIZES,
  slotAlignment,
  SLUB_KMALLOC_SIZES
} from "./kmalloc.ts"
export {
  type CacheOptions,
  type KmemCache,
  type MemallocSocks,
  NO_RESERVE_SWITCHES,
  type ObjectAllocator,
  type ObjectCosts,
  type PageSource,
  type ReserveSwitches
} from "./object-allocator.ts"
export * from "./object-sizes.ts"
export { CACHED, CHAIN_END, HELD, NO_SLAB, ON_NO_LIST, SlabTable } from "./slab-table.ts"
export { type SizeHeading, slabinfoHeader, slabinfoLine, type SlabinfoRow, slabinfoText } from "./slabinfo.ts"
// for tests, and for using an object allocator without a page allocator
export { FakePages, onCpu, runNow, taskOn } from "./fake-pages.ts"
