// The tracepoints of an object allocator.
// Not modelled: who asks (call_site), and how much of an object of a general cache: bytes_req is what the cache's objects hold. A
// general cache counts as asked by kmalloc, also where another cache was merged into it.
// source: include/trace/events/kmem.h:kmem_alloc, kmem_free
import type { Sim, Tracepoint } from "@swaplab/sim"
import type { KmemCache } from "./object-allocator.ts"

const GENERAL = /^(kmalloc|size)-\d+$/

/** kmem_cache_alloc and kmem_cache_free; with `general` 1 they are kmalloc and kfree. */
export class ObjectTrace {
  readonly alloc: Tracepoint
  readonly free: Tracepoint
  readonly #group: number

  constructor(sim: Sim, group: number) {
    this.#group = group
    this.alloc = sim.trace.point("kmem_cache_alloc", ["ptr", "bytes_req", "bytes_alloc", "gfp_flags", "general"])
    this.free = sim.trace.point("kmem_cache_free", ["ptr", "general"])
  }

  /** An object at this physical address was handed out. */
  allocated(cache: KmemCache, address: number, gfp: number): void {
    this.alloc.emit(this.#group, address, cache.objectSize, cache.size, gfp, generalOf(cache))
  }

  /** It is given back. */
  freed(cache: KmemCache, address: number): void {
    this.free.emit(this.#group, address, generalOf(cache))
  }
}

const generalOf = ({ name }: KmemCache): 0 | 1 => GENERAL.test(name) ? 1 : 0
