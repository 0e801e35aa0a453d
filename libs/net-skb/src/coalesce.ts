// Joining a received skb to the one before it.
// Modelled: `skb_try_coalesce`: a small one is copied into the free end of the other's linear part; of a larger one the page
// that holds it is taken over, if its data area is a fragment of a page. What is taken over keeps its memory: only the head
// object, or the data area that held nothing, is saved.
// Not modelled: clones (only taps of a real machine would make them).
// What every received skb has in front of its data: headroom, Ethernet, IP and TCP headers.
// source: net/core/skbuff.c:skb_try_coalesce, kfree_skb_partial; include/linux/skbuff.h:skb_tailroom
import type { Context } from "@swaplab/page-alloc"
import { MAX_SKB_FRAGS, NET_SKB_PAD, skbTruesize, TCP_HEADER_BYTES } from "./sizes.ts"
import { NO_SKB } from "./skb-rows.ts"
import type { Skbs } from "./skb.ts"

const ETH_HLEN = 14
/** `skb_headroom` of a segment whose headers have been pulled. */
export const RX_HEADROOM = NET_SKB_PAD + ETH_HLEN + TCP_HEADER_BYTES
/** sizeof(struct sk_buff), cache aligned: what a head object counts in truesize. */
const SKB_HEAD_BYTES = 256

/** `skb_tailroom`: how many bytes can be put behind the data. None behind fragments. */
const tailroom = (skbs: Skbs, skb: number): number =>
  skbs.len[skb] === skbs.headLen[skb] ? skbs.headRoom[skb] - RX_HEADROOM - skbs.headLen[skb] : 0

/**
 * `skb_try_coalesce`: the data of `from` become the end of `to`. Returns by how many bytes the truesize of `to` has grown, which
 * is for `freeCoalesced`; −1: it cannot be done, and nothing has changed.
 */
export const skbTryCoalesce = (skbs: Skbs, to: number, from: number): number => {
  const len = skbs.len[from]
  if (len <= tailroom(skbs, to)) {
    skbs.headLen[to] += len
    joined(skbs, to, from, 0)
    return 0
  }
  if (skbs.fragList[to] !== NO_SKB || skbs.fragList[from] !== NO_SKB) return -1
  const fragments = skbs.nrFrags[to] + skbs.nrFrags[from]
  const stolen = skbs.headLen[from] !== 0
  if (stolen ? fragments >= MAX_SKB_FRAGS || !skbs.headFrag(from) : fragments > MAX_SKB_FRAGS) return -1
  const delta = skbs.truesize[from] - (stolen ? SKB_HEAD_BYTES : skbTruesize(skbs.headRoom[from]))
  if (stolen) skbs.appendHead(to, from)
  else skbs.appendFrags(to, from)
  joined(skbs, to, from, delta)
  return delta
}

/** Frees an skb that has become a part of another: `delta` is what `skbTryCoalesce` has said. */
export const freeCoalesced = (skbs: Skbs, ctx: Context, from: number, delta: number): void => {
  if (delta === 0) skbs.kfree(ctx, from)
  else skbs.freePartial(ctx, from, skbs.headLen[from] !== 0)
}

const joined = (skbs: Skbs, to: number, from: number, delta: number): void => {
  skbs.len[to] += skbs.len[from]
  skbs.truesize[to] += delta
  skbs.gsoSegs[to] += skbs.gsoSegs[from]
}
