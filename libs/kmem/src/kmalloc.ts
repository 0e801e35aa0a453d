/**
 * kmalloc size classes of the two allocators.
 *
 * Modelled: which general caches exist, their names, and which class a request falls into.
 * Not modelled: the DMA twins ("size-N(DMA)", "dma-kmalloc-N"): nothing here asks for GFP_DMA.
 * source: include/linux/kmalloc_sizes.h, mm/slab.c:kmem_cache_init; include/linux/slub_def.h:kmalloc_index,
 * mm/slub.c:kmem_cache_init
 */
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { L1_CACHE_BYTES } from "./object-sizes.ts"

/** Which of the two object allocators. */
export type AllocatorFamily = "slab" | "slub"

/** "size-N" of SLAB, bytes, ascending. 96 exists only where the cache line is shorter than 64 bytes. */
const SLAB_KMALLOC_SIZES: ReadonlyArray<number> = [
  32,
  64,
  128,
  192,
  256,
  512,
  1024,
  2048,
  4096,
  8192,
  16384,
  32768,
  65536,
  131072,
  262144,
  524288,
  1048576,
  2097152,
  4194304
]

/** "kmalloc-N" of SLUB, bytes, ascending. Larger requests go to the page allocator. */
const SLUB_KMALLOC_SIZES: ReadonlyArray<number> = [
  8,
  16,
  32,
  64,
  96,
  128,
  192,
  256,
  512,
  1024,
  2048,
  4096,
  8192
]

const SIZES = { slab: SLAB_KMALLOC_SIZES, slub: SLUB_KMALLOC_SIZES } as const
const PREFIX = { slab: "size-", slub: "kmalloc-" } as const

/** Ascending class sizes of an allocator. Bytes. */
export const kmallocSizes = (family: AllocatorFamily): ReadonlyArray<number> => SIZES[family]

/** Name of the general cache of a class: "size-2048" or "kmalloc-2048". */
export const kmallocName = (family: AllocatorFamily, classBytes: number): string => `${PREFIX[family]}${classBytes}`

/** Index of the class that serves a request, or -1 when it is larger than the largest class. */
export function kmallocIndex(bytes: number, family: AllocatorFamily): number {
  const sizes = SIZES[family]
  for (let i = 0; i < sizes.length; i++) if (bytes <= sizes[i]) return i
  return -1
}

/** Smallest page order whose block holds `bytes`. */
export function getOrder(bytes: number): number {
  let order = 0
  while (PAGE_SIZE << order < bytes) order++
  return order
}

/**
 * Bytes that a kmalloc of `bytes` really takes (ksize): its class, or a whole power-of-two block of pages above the largest class.
 * From 65 bytes on both allocators agree, except for 65…96, which only SLUB serves from a 96-byte class.
 */
export function kmallocSize(bytes: number, family: AllocatorFamily = "slub"): number {
  const index = kmallocIndex(bytes, family)
  return index >= 0 ? SIZES[family][index] : PAGE_SIZE << getOrder(bytes)
}

/** Rounds up to a multiple of `to`, a power of two. */
export const align = (bytes: number, to: number): number => (bytes + to - 1) & -to

/**
 * Alignment of a cache's slots, the same in both allocators.
 * Hardware-aligned caches use the cache line, halved while the object fits half of it; the caller's alignment wins if larger.
 * source: mm/slub.c:calculate_alignment; mm/slab.c:kmem_cache_create
 */
export function slotAlignment(objectSize: number, hwAlign: boolean, callerAlign: number): number {
  let alignment = 8
  if (hwAlign) {
    alignment = L1_CACHE_BYTES
    while (objectSize <= alignment / 2) alignment /= 2
  }
  return align(Math.max(alignment, callerAlign, 8), 8)
}
