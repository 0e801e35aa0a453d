/**
 * SLUB geometry: preferred and fallback order, and how much is kept per CPU and per node.
 *
 * Modelled: the whole calculation of x86_64 without debugging and with the default boot parameters (slub_min_order 0,
 * slub_max_order 3, slub_min_objects derived from the number of possible CPUs).
 * source: mm/slub.c:calculate_order, slab_order, calculate_sizes, kmem_cache_open, set_min_partial
 */
import { align, getOrder, MAX_OBJECTS_PER_SLAB, slotAlignment } from "@swaplab/kmem"
import { PAGE_SHIFT, PAGE_SIZE } from "@swaplab/page-alloc"

const SLUB_MAX_ORDER = 3
const MAX_ORDER = 11
const MIN_PARTIAL = 5
const MAX_PARTIAL = 10

/** What decides a cache's geometry besides the object size. */
export interface GeometryOptions {
  /** Possible CPUs. */
  readonly cpus: number
  readonly hwAlign?: boolean
  readonly align?: number
  /** A constructor or RCU: the free pointer cannot overlay the object and takes 8 bytes behind it. */
  readonly freePointerOutside?: boolean
}

export interface SlubGeometry {
  /** Slot bytes. */
  readonly size: number
  /** Preferred order and the objects it holds. */
  readonly order: number
  readonly objsPerSlab: number
  /** Fallback order ("min") and the objects it holds. */
  readonly minOrder: number
  readonly minObjects: number
  /** Partial slabs that a node keeps even when they are empty. */
  readonly minPartial: number
  /** Free objects that a CPU keeps in partial slabs, about. */
  readonly cpuPartial: number
}

/** Position of the highest bit, counted from 1; 0 for 0. */
const fls = (n: number): number => 32 - Math.clz32(n)

/** Objects that a slab should hold at least: 4 × (fls(cpus) + 1). */
export const slubMinObjects = (cpus: number): number => 4 * (fls(cpus) + 1)

/** Slot bytes of an object. */
export function slubSlotSize(objectSize: number, options: Omit<GeometryOptions, "cpus"> = {}): number {
  const used = align(objectSize, 8) + (options.freePointerOutside === true ? 8 : 0)
  return align(used, slotAlignment(objectSize, options.hwAlign ?? false, options.align ?? 0))
}

/** Smallest order that holds `want` objects and wastes at most 1/fraction; may exceed `maxOrder`, then there is none. */
function slabOrder(size: number, want: number, maxOrder: number, fraction: number): number {
  let order = Math.max(0, fls(want * size - 1) - PAGE_SHIFT)
  for (; order <= maxOrder; order++) {
    const bytes = PAGE_SIZE << order
    if (bytes >= want * size && bytes % size <= bytes / fraction) break
  }
  return order
}

/** Preferred order for slots of `size` bytes. */
function slubOrder(size: number, cpus: number): number {
  const most = Math.floor((PAGE_SIZE << SLUB_MAX_ORDER) / size)
  for (let want = Math.min(slubMinObjects(cpus), most); want > 1; want--) {
    for (let fraction = 16; fraction >= 4; fraction /= 2) {
      const order = slabOrder(size, want, SLUB_MAX_ORDER, fraction)
      if (order <= SLUB_MAX_ORDER) return order
    }
  }
  const single = slabOrder(size, 1, SLUB_MAX_ORDER, 1)
  if (single <= SLUB_MAX_ORDER) return single
  const any = slabOrder(size, 1, MAX_ORDER, 1)
  if (any >= MAX_ORDER) throw new RangeError(`no slab order holds an object of ${size} bytes`)
  return any
}

/** min_partial: grows with the slot size, 5 to 10. */
export const slubMinPartial = (size: number): number =>
  Math.min(MAX_PARTIAL, Math.max(MIN_PARTIAL, Math.floor((fls(size) - 1) / 2)))

/** cpu_partial, in objects. */
export const slubCpuPartial = (size: number): number => size >= PAGE_SIZE ? 2 : size >= 1024 ? 6 : size >= 256 ? 13 : 30

/** Geometry of a cache of `objectSize` bytes. */
export function slubGeometry(objectSize: number, options: GeometryOptions): SlubGeometry {
  const size = slubSlotSize(objectSize, options)
  const order = slubOrder(size, options.cpus)
  const minOrder = getOrder(size)
  const objsPerSlab = Math.floor((PAGE_SIZE << order) / size)
  if (objsPerSlab > MAX_OBJECTS_PER_SLAB) throw new RangeError(`${objsPerSlab} objects in a slab: too many`)
  return {
    size,
    order,
    objsPerSlab,
    minOrder,
    minObjects: Math.floor((PAGE_SIZE << minOrder) / size),
    minPartial: slubMinPartial(size),
    cpuPartial: slubCpuPartial(size)
  }
}
