// Buffers for received packets: netdev_alloc_skb in its families.
// Family F ("fragment"): two buffers of 1920 bytes are cut from a per-CPU page, the head is added by build_skb. Such a
// packet is never marked pfmemalloc, even when its page came from the reserve.
// Family P: "kmalloc" (head and kmalloc-2048 by __alloc_skb) and "page" (a small header skb and half a page); both mark.
// Not modelled: NUMA nodes of the pages; the page is order 0 as in these kernels (no high-order refill).
// source: net/core/skbuff.c:__netdev_alloc_frag, __netdev_alloc_skb; include/linux/skbuff.h:__skb_alloc_page
import { __GFP_COLD, __GFP_MEMALLOC, type Context, GFP_ATOMIC, PAGE_SIZE } from "@swaplab/page-alloc"
import { NO_FRAG_PAGE } from "./frag-pages.ts"
import { align64, NET_SKB_PAD, SKB_SHARED_INFO_BYTES } from "./sizes.ts"
import { NO_SKB } from "./skb-rows.ts"
import { SKB_ALLOC_RX, type Skbs } from "./skb.ts"

/** Bytes that one buffer for a packet of `length` bytes takes from a fragment page. */
export const netdevFragBytes = (length: number): number => align64(length + NET_SKB_PAD) + SKB_SHARED_INFO_BYTES

/** The per-CPU fragment pages of one machine and the allocations made from them. */
export class NetdevAlloc {
  readonly #skbs: Skbs
  readonly #page: Int32Array
  readonly #offset: Int32Array

  constructor(skbs: Skbs, cpus: number) {
    this.#skbs = skbs
    this.#page = new Int32Array(cpus).fill(NO_FRAG_PAGE)
    this.#offset = new Int32Array(cpus)
  }

  /** `netdev_alloc_frag`: one more reference to this CPU's fragment page, or NO_FRAG_PAGE. */
  frag(ctx: Context, bytes: number, gfp: number): number {
    const skbs = this.#skbs
    const pages = skbs.pages
    const cpu = ctx.cpu
    let page = this.#page[cpu]
    if (page !== NO_FRAG_PAGE && this.#offset[cpu] + bytes > PAGE_SIZE) {
      if (skbs.switches.netdevFragRecycle && pages.refs[page] === 1) {
        this.#offset[cpu] = 0
      } else {
        pages.put(ctx, page)
        this.#page[cpu] = NO_FRAG_PAGE
        page = NO_FRAG_PAGE
      }
    }
    if (page === NO_FRAG_PAGE) {
      const pfn = skbs.memory.tryPage(ctx, gfp)
      if (pfn < 0) return NO_FRAG_PAGE
      page = pages.adopt(pfn)
      this.#page[cpu] = page
      this.#offset[cpu] = 0
    }
    this.#offset[cpu] += bytes
    pages.get(page)
    return page
  }

  /** `netdev_alloc_skb` for packets of up to `length` bytes, or NO_SKB. */
  skb(ctx: Context, length: number): number {
    const skbs = this.#skbs
    const bytes = netdevFragBytes(length)
    if (bytes > PAGE_SIZE || skbs.switches.netdevKmalloc) {
      return skbs.tryAllocSkb(ctx, length + NET_SKB_PAD, GFP_ATOMIC, SKB_ALLOC_RX)
    }
    const gfp = skbs.switches.skbReserve
      ? skbs.memallocSocks.count > 0 ? GFP_ATOMIC | __GFP_MEMALLOC : GFP_ATOMIC
      : GFP_ATOMIC | __GFP_COLD
    const page = this.frag(ctx, bytes, gfp)
    if (page === NO_FRAG_PAGE) {
      skbs.allocFailures++
      return NO_SKB
    }
    const skb = skbs.buildSkb(ctx, page, bytes)
    if (skb === NO_SKB) skbs.pages.put(ctx, page)
    return skb
  }

  /** Before the fragment pages existed: head and kmalloc-2048 by `__alloc_skb`. */
  kmallocSkb(ctx: Context, length: number): number {
    return this.#skbs.tryAllocSkb(ctx, length + NET_SKB_PAD, GFP_ATOMIC, SKB_ALLOC_RX)
  }

  /**
   * `__skb_alloc_page` for the skb that will carry it, which may be NO_SKB: a page row, or NO_FRAG_PAGE. Without `reserve` it is
   * `alloc_page`.
   */
  pageForSkb(ctx: Context, skb: number, reserve = true): number {
    const skbs = this.#skbs
    const gfp = reserve && skbs.switches.skbAllocPage
      ? GFP_ATOMIC | __GFP_COLD | __GFP_MEMALLOC
      : GFP_ATOMIC | __GFP_COLD
    const pfn = skbs.memory.tryPage(ctx, gfp)
    if (pfn < 0) return NO_FRAG_PAGE
    const page = skbs.pages.adopt(pfn)
    if (reserve && skb !== NO_SKB && skbs.switches.skbAllocPage && skbs.pages.pfmemalloc[page] !== 0) {
      skbs.pfmemalloc[skb] = 1
    }
    return page
  }

  /** Gives the cached pages back: at the end of a run, to prove that nothing leaked. */
  drain(ctx: Context): void {
    for (let cpu = 0; cpu < this.#page.length; cpu++) {
      if (this.#page[cpu] !== NO_FRAG_PAGE) this.#skbs.pages.put(ctx, this.#page[cpu])
      this.#page[cpu] = NO_FRAG_PAGE
    }
  }
}
