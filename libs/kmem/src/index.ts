/**
 * {@include ../README.md}
 *
 * @module @swaplab/kmem
 */
export { skbDataArea, skbTruesize } from "./derived-sizes.ts"
export { Failslab, type FailslabOptions } from "./failslab.ts"
export { GFP_CONSTRAINT_MASK, GFP_SLAB_PASS_MASK } from "./gfp-masks.ts"
export { MAX_OBJECTS_PER_SLAB, NO_OBJECT, objectIndex, SlabNumbers } from "./handle.ts"
export {
  align,
  type AllocatorFamily,
  getOrder,
  kmallocIndex,
  kmallocName,
  kmallocSize,
  kmallocSizes,
  slotAlignment
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
export {
  BIO_0,
  L1_CACHE_BYTES,
  MM_STRUCT,
  RADIX_TREE_NODE,
  REQUEST,
  SKBUFF_FCLONE,
  SKBUFF_HEAD,
  TASK_STRUCT,
  TCP_TIMEWAIT_SOCK,
  VM_AREA_STRUCT
} from "./object-sizes.ts"
export { ObjectTrace } from "./object-trace.ts"
export { CACHED, CHAIN_END, HELD, NO_SLAB, ON_NO_LIST, SlabTable } from "./slab-table.ts"
export { type SizeHeading, slabinfoLine, type SlabinfoRow, slabinfoText } from "./slabinfo.ts"
// for tests, and for using an object allocator without a page allocator
export { FakePages, onCpu, runNow, taskOn } from "./fake-pages.ts"
