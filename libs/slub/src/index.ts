// Contents page of @swaplab/slub, in reading order.
export {
  type GeometryOptions,
  slubCpuPartial,
  type SlubGeometry,
  slubGeometry,
  slubMinObjects,
  slubMinPartial,
  slubOrder,
  slubSlotSize
} from "./geometry.ts"
export { findMergeable } from "./merge.ts"
export { type ReserveRules, reserveRules } from "./revision.ts"
export { SlubAllocator, type SlubOptions } from "./slub-allocator.ts"
export { NODE_PARTIAL, SlubCache } from "./slub-cache.ts"
