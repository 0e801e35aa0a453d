// Segmentation in software: what the kernel does with a long skb for a card that gathers fragments and cannot cut.
// Modelled: an skb of its own for each segment, GFP_ATOMIC, with the linear bytes of its part copied and the pages of the others
//   shared; without memory for one of them all are freed, and the long skb is lost as if it had been sent.
// Not modelled: skbs with a list (nothing that is sent has one); cards that do not gather, for which TCP makes no long skbs.
// source: net/core/dev.c:dev_gso_segment, dev_hard_start_xmit; net/core/skbuff.c:skb_segment
import { type Context, GFP_ATOMIC } from "@swaplab/page-alloc"
import { MAX_SKB_FRAGS, MAX_TCP_HEADER } from "./sizes.ts"
import { NO_SKB } from "./skb-rows.ts"
import type { Skbs } from "./skb.ts"

/** `skb_segment`: segments of `mss` bytes, linked by `next`, with shares of the pages of `skb`, which stays. NO_SKB: no memory. */
export const skbSegment = (skbs: Skbs, ctx: Context, skb: number, mss: number): number => {
  const total = skbs.len[skb]
  let first = NO_SKB
  let last = NO_SKB
  // the fragment that comes next, and how much of it earlier segments have
  let frag = skb * MAX_SKB_FRAGS
  let taken = 0
  for (let offset = 0; offset < total; offset += mss) {
    const len = Math.min(mss, total - offset)
    const linear = Math.max(0, Math.min(skbs.headLen[skb] - offset, len))
    const segment = skbs.tryAllocSkb(ctx, linear + MAX_TCP_HEADER, GFP_ATOMIC, 0)
    if (segment < 0) {
      freeSegments(skbs, ctx, first)
      return NO_SKB
    }
    if (first === NO_SKB) first = segment
    else skbs.next[last] = segment
    last = segment
    skbs.headLen[segment] = linear
    skbs.len[segment] = len
    let left = len - linear
    skbs.truesize[segment] += left
    while (left > 0) {
      const bytes = Math.min(left, skbs.fragLen[frag] - taken)
      skbs.pages.get(skbs.fragPage[frag])
      skbs.fillPageDesc(segment, skbs.fragPage[frag], bytes)
      left -= bytes
      taken += bytes
      if (taken === skbs.fragLen[frag]) {
        frag++
        taken = 0
      }
    }
  }
  return first
}

/** Frees segments that are linked by `next`. */
export const freeSegments = (skbs: Skbs, ctx: Context, first: number): void => {
  let segment = first
  while (segment !== NO_SKB) {
    const next = skbs.next[segment]
    skbs.next[segment] = NO_SKB
    skbs.kfree(ctx, segment)
    segment = next
  }
}
