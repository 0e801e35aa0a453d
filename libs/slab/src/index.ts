// Contents page of @swaplab/slab, in reading order.
export type { SlabOptions } from "./options.ts"
export { SlabAllocator } from "./slab-allocator.ts"
