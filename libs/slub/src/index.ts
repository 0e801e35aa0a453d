// Contents page of @swaplab/slub, in reading order.
export { type SlubGeometry } from "./geometry.ts"
export { SlubAllocator, type SlubOptions } from "./slub-allocator.ts"
export { SlubCache } from "./slub-cache.ts"
