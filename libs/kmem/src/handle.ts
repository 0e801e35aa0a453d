/**
 * Object handles: an object is an integer made of the first page frame of its slab and its index in the slab.
 *
 * No JavaScript object exists per kernel object. The handle finds its slab in O(1): the frame number is in the high bits, and
 * `frames.private` of that frame holds the slab's row in its cache's SlabTable.
 * Limits: 512 objects a slab (an order-0 slab of the smallest class has exactly 512), 2^22 frames (16 GiB) a machine, so that
 * every handle is a non-negative 31-bit integer.
 */
import { assert } from "@swaplab/sim"

/** No object: the allocation failed. Handles are never negative. */
export const NO_OBJECT = -1

const INDEX_BITS = 9

/** Most objects in one slab. */
export const MAX_OBJECTS_PER_SLAB = 1 << INDEX_BITS

/** Most page frames of a machine whose objects can be named. */
export const MAX_FRAMES = 1 << (31 - INDEX_BITS)

/** Handle of object `index` of the slab that starts at frame `pfn`. */
export const makeObject = (pfn: number, index: number): number => (pfn << INDEX_BITS) | index

/** First page frame of the object's slab. */
export const objectPage = (object: number): number => object >>> INDEX_BITS

/** Index of the object in its slab. */
export const objectIndex = (object: number): number => object & (MAX_OBJECTS_PER_SLAB - 1)

/** Asserts that a machine of this many frames can be served. */
export function assertFramesFit(frames: number): void {
  assert(frames <= MAX_FRAMES, "kmem: object handles name at most 2^22 page frames (16 GiB)")
}
