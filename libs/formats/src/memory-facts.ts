// What is known of the memory of a machine, from whichever of its files.

/** A zone, in pages. Undefined: the file does not say. */
export interface ZoneFacts {
  readonly name: string
  readonly free: number
  readonly min: number
  readonly low: number
  readonly high: number
  readonly present: number
  /** Of them those that the page allocator has, which watermarks are computed from since 3.9. */
  readonly managed?: number | undefined
  /** Of lowmem_reserve or protection, by class. */
  readonly protection: ReadonlyArray<number>
  /** Of the per-CPU lists. */
  readonly pcpHigh?: number | undefined
  readonly pcpBatch?: number | undefined
}

/** An object cache. */
export interface SlabFacts {
  readonly name: string
  readonly activeObjects: number
  readonly totalObjects: number
  readonly objectSize: number
  readonly objectsPerSlab: number
  readonly pagesPerSlab: number
}

/** A machine as its files show it. */
export interface MemoryFacts {
  readonly zones: ReadonlyArray<ZoneFacts>
  readonly cpus: number | null
  /** In KiB. */
  readonly memTotal: number | null
  readonly swapTotal: number | null
  readonly slabs: ReadonlyArray<SlabFacts>
  /** The allocator that names its caches so. */
  readonly allocator: "slab" | "slub" | null
  /** The allocation that failed: "swapper/0: page allocation failure: order:0, mode:0x20". */
  readonly failure: string | null
  /** The release that printed it: 3.2.0-4-amd64. */
  readonly release: string | null
}

/** Nothing is known. */
export const NO_FACTS: MemoryFacts = {
  zones: [],
  cpus: null,
  memTotal: null,
  swapTotal: null,
  slabs: [],
  allocator: null,
  failure: null,
  release: null
}

/** What several files of one machine say together; of what two of them say the first counts. */
export const joinFacts = (all: ReadonlyArray<MemoryFacts>): MemoryFacts =>
  all.reduce((known, facts) => ({
    zones: known.zones.length > 0 ? known.zones : facts.zones,
    cpus: known.cpus ?? facts.cpus,
    memTotal: known.memTotal ?? facts.memTotal,
    swapTotal: known.swapTotal ?? facts.swapTotal,
    slabs: known.slabs.length > 0 ? known.slabs : facts.slabs,
    allocator: known.allocator ?? facts.allocator,
    failure: known.failure ?? facts.failure,
    release: known.release ?? facts.release
  }), NO_FACTS)
