/**
 * {@include ../README.md}
 *
 * @module @swaplab/slub
 */
export { type SlubGeometry } from "./geometry.ts"
export { SlubAllocator, type SlubOptions } from "./slub-allocator.ts"
export { SlubCache } from "./slub-cache.ts"
