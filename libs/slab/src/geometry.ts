/**
 * SLAB geometry: how many objects a slab holds, of which order it is, and where its management area lives.
 *
 * Modelled: the whole calculation of x86_64: alignment, on-slab and off-slab management, the order search, the tunables of the
 * per-CPU arrays. Not modelled: debugging (red zones, poison), which changes sizes and lowers the array limit to 32.
 * source: mm/slab.c:cache_estimate, calculate_slab_order, __kmem_cache_create, enable_cpucache, alloc_kmemlist
 */
import { align, L1_CACHE_BYTES, slotAlignment } from "@swaplab/kmem"
import { PAGE_SIZE } from "@swaplab/page-alloc"

/** struct slab, and one kmem_bufctl_t per object behind it. Bytes. */
const STRUCT_SLAB = 48
const BUFCTL = 4
/** From this size (before alignment) on, management is kept outside of the slab. */
const OFF_SLAB_MIN_SIZE = PAGE_SIZE >> 3
/** Largest order of a kmalloc block. */
const KMALLOC_MAX_ORDER = 10
/** slab_max_order is raised on machines with more memory than this. */
const SMALL_MACHINE_PAGES = (32 << 20) / PAGE_SIZE

/** What decides a cache's geometry besides the object size. */
export interface GeometryOptions {
  readonly hwAlign?: boolean
  readonly align?: number
  readonly reclaimAccount?: boolean
  /** See `slabMaxOrder`; 1 unless given. */
  readonly slabMaxOrder?: number
}

export interface SlabGeometry {
  /** Slot bytes. */
  readonly size: number
  readonly order: number
  readonly objsPerSlab: number
  /** Management is an object of a general cache instead of the head of the slab. */
  readonly offSlab: boolean
  /** Bytes of the management area: aligned when on-slab, exact when off-slab (the request to the general cache). */
  readonly managementBytes: number
  /** Byte offset of object 0 in the slab, without colour. */
  readonly firstObject: number
  /** Bytes left over, what colouring may use. */
  readonly leftover: number
  /** Number of cache-line colours. No effect on memory counts. */
  readonly colours: number
}

/** Highest order SLAB tries to reach for a better fit: 1 on machines with more than 32 MiB, else 0. */
export const slabMaxOrder = (ramPages: number): number => ramPages > SMALL_MACHINE_PAGES ? 1 : 0

/** Management bytes of a slab of n objects. */
const managementSize = (objects: number): number => STRUCT_SLAB + BUFCTL * objects

/** Objects that fit a slab of `bytes` that also holds its own management. */
function objectsOnSlab(bytes: number, size: number, alignment: number): number {
  let objects = Math.floor((bytes - STRUCT_SLAB) / (size + BUFCTL))
  if (objects > 0 && align(managementSize(objects), alignment) + objects * size > bytes) objects--
  return Math.max(objects, 0)
}

/** Geometry of a cache of `objectSize` bytes. */
export function slabGeometry(objectSize: number, options: GeometryOptions = {}): SlabGeometry {
  const wordSize = align(objectSize, 8)
  const alignment = slotAlignment(wordSize, options.hwAlign ?? false, options.align ?? 0)
  const size = align(wordSize, alignment)
  const maxOrder = options.slabMaxOrder ?? 1
  let offSlab = wordSize >= OFF_SLAB_MIN_SIZE
  let order = -1
  let objects = 0
  let leftover = 0
  for (let k = 0; k <= KMALLOC_MAX_ORDER; k++) {
    const bytes = PAGE_SIZE << k
    const n = offSlab ? Math.floor(bytes / size) : objectsOnSlab(bytes, size, alignment)
    if (n === 0) continue
    // more objects than the management of an off-slab cache may describe: keep the order before
    if (offSlab && n > Math.floor((size - STRUCT_SLAB) / BUFCTL)) break
    objects = n
    order = k
    leftover = bytes - n * size - (offSlab ? 0 : align(managementSize(n), alignment))
    if (options.reclaimAccount === true || k >= maxOrder || leftover * 8 <= bytes) break
  }
  if (objects === 0) throw new RangeError(`no slab order holds an object of ${objectSize} bytes`)
  let managementBytes = align(managementSize(objects), alignment)
  if (offSlab && leftover >= managementBytes) {
    offSlab = false
    leftover -= managementBytes
  }
  if (offSlab) managementBytes = managementSize(objects)
  return {
    size,
    order,
    objsPerSlab: objects,
    offSlab,
    managementBytes,
    firstObject: offSlab ? 0 : managementBytes,
    leftover,
    colours: Math.floor(leftover / Math.max(L1_CACHE_BYTES, alignment))
  }
}

/** Capacities of the arrays in front of the slabs. Objects. */
export interface CpuCacheTunables {
  /** Entries of a per-CPU array. */
  readonly limit: number
  /** Objects moved at a time. */
  readonly batchcount: number
  /** Shared array in units of batchcount: 8, or 0 for none. */
  readonly sharedFactor: number
  /** Entries of the shared array. */
  readonly sharedLimit: number
}

/** Tunables of a cache with slots of `size` bytes on a machine with this many possible CPUs. */
export function cpuCacheTunables(size: number, cpus: number): CpuCacheTunables {
  const limit = size > 131072 ? 1 : size > PAGE_SIZE ? 8 : size > 1024 ? 24 : size > 256 ? 54 : 120
  const batchcount = Math.floor((limit + 1) / 2)
  const sharedFactor = size <= PAGE_SIZE && cpus > 1 ? 8 : 0
  return { limit, batchcount, sharedFactor, sharedLimit: sharedFactor * batchcount }
}

/** Free objects above which an empty slab goes back to the page allocator at once. */
export const freeLimit = (cpus: number, batchcount: number, objsPerSlab: number): number =>
  (1 + cpus) * batchcount + objsPerSlab
