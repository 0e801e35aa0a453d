/**
 * {@include ../README.md}
 *
 * @module @swaplab/slab
 */
export type { SlabOptions } from "./options.ts"
export { SlabAllocator } from "./slab-allocator.ts"
