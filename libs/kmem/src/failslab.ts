// failslab: objects that SLAB or SLUB refuse by order instead of for want of pages.
// Modelled: the filter of masks that may sleep; the filter of caches, which an administrator sets one by one
//   (/sys/kernel/slab/NAME/failslab, of SLUB; here of both).
// Not modelled: SLUB's refusal to merge caches that are to fail. Costs nothing: they are merged before anybody can ask.
// source: mm/failslab.c:should_failslab (v3.5)
import { __GFP_NOFAIL, __GFP_WAIT, type Context, type FaultAttr } from "@swaplab/page-alloc"
import type { KmemCache } from "./object-allocator.ts"

/** The filters of failslab, with Linux's defaults. */
export interface FailslabOptions {
  /** Masks that may sleep do not fail. True by default. */
  readonly ignoreGfpWait?: boolean
  /** Names of the caches that may fail; a cache that SLUB merged has several. Without it: all. */
  readonly caches?: ReadonlyArray<string>
}

/** failslab: set as `ObjectAllocator.failslab`. */
export class Failslab {
  readonly attr: FaultAttr
  readonly #ignored: number
  readonly #caches: ReadonlySet<string> | null

  constructor(attr: FaultAttr, options: FailslabOptions = {}) {
    this.attr = attr
    this.#ignored = __GFP_NOFAIL | ((options.ignoreGfpWait ?? true) ? __GFP_WAIT : 0)
    this.#caches = options.caches === undefined ? null : new Set(options.caches)
  }

  /** `should_failslab`. */
  shouldFail(ctx: Context, cache: Pick<KmemCache, "aliases" | "name" | "objectSize">, gfp: number): boolean {
    if ((gfp & this.#ignored) !== 0 || !this.#mayFail(cache)) return false
    return this.attr.shouldFail(ctx, cache.objectSize)
  }

  #mayFail({ aliases, name }: Pick<KmemCache, "aliases" | "name">): boolean {
    const caches = this.#caches
    if (caches === null || caches.has(name)) return true
    for (let i = 0; i < aliases.length; i++) if (caches.has(aliases[i])) return true
    return false
  }
}
