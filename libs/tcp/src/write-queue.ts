// The write queue: new segments, and segments cut in two.
// Modelled: the memory it takes (an skb from the fast clone cache, granted by the protocol), what a failure does to the
// socket, and where each fragment goes when a segment is cut.
// Not modelled: pskb_expand_head of a clone that is still in the device when its segment is cut (GFP_ATOMIC, a copy of the
// linear part: one allocation less that could fail).
// source: net/ipv4/tcp.c:sk_stream_alloc_skb, skb_entail; net/ipv4/tcp_output.c:tcp_fragment, tcp_trim_head; net/core/skbuff.c:skb_split
import {
  MAX_SKB_FRAGS,
  MAX_TCP_HEADER,
  NO_SKB,
  SKB_ALLOC_FCLONE,
  TCPHDR_ACK,
  TCPHDR_FIN,
  TCPHDR_PSH
} from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { adjustPcount, setTsoSegs } from "./mss.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `sk_stream_alloc_skb` without sleeping: a segment with `size` linear bytes, or NO_SKB, or WOULD_SLEEP. */
export const tryStreamAllocSkb = (sk: TcpSocket, ctx: Context, size: number, gfp: number): number => {
  const skbs = sk.stack.skbs
  const skb = skbs.tryAllocSkb(ctx, ((size + 3) & ~3) + MAX_TCP_HEADER, gfp, SKB_ALLOC_FCLONE)
  if (skb >= 0) return chargeStreamSkb(sk, ctx, skb)
  if (skb === NO_SKB) streamAllocFailed(sk)
  return skb
}

/** Second half of `sk_stream_alloc_skb`: does the protocol grant the memory? */
export const chargeStreamSkb = (sk: TcpSocket, ctx: Context, skb: number): number => {
  if (sk.wmemSchedule(sk.stack.skbs.truesize[skb])) return skb
  sk.stack.skbs.kfree(ctx, skb)
  return NO_SKB
}

/** The reaction to a failed skb or page: memory pressure for the protocol, and a smaller send buffer. */
export const streamAllocFailed = (sk: TcpSocket): void => {
  sk.txFailures++
  sk.memory.enterPressure()
  sk.moderateSndbuf()
}

/** Appends a new segment to the write queue (skb_entail). */
export const entail = (sk: TcpSocket, skb: number): void => {
  const skbs = sk.stack.skbs
  skbs.seq[skb] = sk.writeSeq
  skbs.endSeq[skb] = sk.writeSeq
  skbs.flags[skb] = TCPHDR_ACK
  skbs.next[skb] = NO_SKB
  if (sk.writeTail === NO_SKB) sk.writeHead = skb
  else skbs.next[sk.writeTail] = skb
  sk.writeTail = skb
  if (sk.sendHead === NO_SKB) {
    sk.sendHead = skb
    if (sk.highestSack === NO_SKB) sk.highestSack = skb
  }
  const truesize = skbs.truesize[skb]
  sk.wmemQueued += truesize
  sk.memCharge(truesize)
}

/**
 * `tcp_fragment`: cuts a queued segment after `len` bytes. False when there is no memory for the second half. The counts of one in
 * flight follow where it was one segment and is two; `mss`: how long segments of its halves are.
 */
export const fragment = (
  sk: TcpSocket,
  ctx: Context,
  skb: number,
  len: number,
  gfp: number,
  mss: number = sk.mss
): boolean => {
  const skbs = sk.stack.skbs
  assert(len > 0 && len < skbs.len[skb], "cutting a segment where there is nothing to cut")
  const linear = Math.max(skbs.headLen[skb] - len, 0)
  const buff = tryStreamAllocSkb(sk, ctx, linear, gfp)
  if (buff < 0) return false
  const truesize = skbs.truesize[buff]
  sk.wmemQueued += truesize
  sk.memCharge(truesize)
  const rest = skbs.len[skb] - len
  // the memory of the fragments moves with them
  const moved = rest - linear
  skbs.truesize[buff] += moved
  skbs.truesize[skb] -= moved
  splitFragments(sk, skb, buff, len)
  skbs.len[buff] = rest
  skbs.headLen[buff] = linear
  skbs.len[skb] = len
  if (linear > 0) skbs.headLen[skb] = len
  skbs.seq[buff] = skbs.seq[skb] + len
  skbs.endSeq[buff] = skbs.endSeq[skb]
  skbs.endSeq[skb] = skbs.seq[buff]
  skbs.flags[buff] = skbs.flags[skb]
  skbs.flags[skb] &= ~(TCPHDR_FIN | TCPHDR_PSH)
  skbs.sacked[buff] = skbs.sacked[skb]
  skbs.when[buff] = skbs.when[skb]
  if (skbs.pfmemalloc[skb] !== 0) skbs.pfmemalloc[buff] = 1
  skbs.next[buff] = skbs.next[skb]
  const before = skbs.gsoSegs[skb]
  setTsoSegs(sk, skb, mss)
  setTsoSegs(sk, buff, mss)
  if (sk.sndNxt >= skbs.endSeq[buff]) {
    const less = before - skbs.gsoSegs[skb] - skbs.gsoSegs[buff]
    if (less !== 0) adjustPcount(sk, skb, less)
  }
  skbs.next[skb] = buff
  if (sk.writeTail === skb) sk.writeTail = buff
  return true
}

/** `skb_split`: moves the fragments behind `len` bytes to `buff`; one that straddles the cut is shared. */
const splitFragments = (sk: TcpSocket, skb: number, buff: number, len: number): void => {
  const skbs = sk.stack.skbs
  const first = skb * MAX_SKB_FRAGS
  const frags = skbs.nrFrags[skb]
  let at = skbs.headLen[skb]
  let kept = 0
  for (let i = 0; i < frags; i++) {
    const page = skbs.fragPage[first + i]
    const bytes = skbs.fragLen[first + i]
    if (at + bytes <= len) {
      kept++
    } else if (at >= len) {
      skbs.fillPageDesc(buff, page, bytes)
    } else {
      skbs.pages.get(page)
      skbs.fillPageDesc(buff, page, at + bytes - len)
      skbs.fragLen[first + i] = len - at
      kept++
    }
    at += bytes
  }
  skbs.nrFrags[skb] = kept
}

/** `tcp_trim_head`: the first `bytes` of a segment are acknowledged. */
export const trimHead = (sk: TcpSocket, ctx: Context, skb: number, bytes: number): void => {
  const skbs = sk.stack.skbs
  let left = bytes
  const linear = Math.min(skbs.headLen[skb], left)
  skbs.headLen[skb] -= linear
  left -= linear
  const first = skb * MAX_SKB_FRAGS
  const frags = skbs.nrFrags[skb]
  let kept = 0
  for (let i = 0; i < frags; i++) {
    const page = skbs.fragPage[first + i]
    const size = skbs.fragLen[first + i]
    if (left >= size) {
      left -= size
      skbs.pages.put(ctx, page)
      continue
    }
    skbs.fragPage[first + kept] = page
    skbs.fragLen[first + kept] = size - left
    left = 0
    kept++
  }
  skbs.nrFrags[skb] = kept
  skbs.seq[skb] += bytes
  skbs.len[skb] -= bytes
  if (skbs.gsoSegs[skb] > 1) setTsoSegs(sk, skb, skbs.gsoSize[skb])
  // the linear part stays allocated but is no longer charged, as in Linux
  skbs.truesize[skb] -= bytes
  sk.queueShrunk = true
  sk.wmemQueued -= bytes
  sk.memUncharge(bytes)
}
