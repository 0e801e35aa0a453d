// Queues of received segments are copied into fewer skbs when the socket needs room.
// Modelled: which segments are worth it (payload less than half of truesize, or overlaps), the buffers of up to a page less the
// headers, which are GFP_ATOMIC and may fail: then the rest stays as it is; what lies twice in the out-of-order queue goes.
// Segments with a FIN stay. A copy has no frame and remembers no time stamps, which nobody asks for.
// source: net/ipv4/tcp_input.c:tcp_collapse, tcp_collapse_one, tcp_collapse_ofo_queue
import { NO_SKB, RX_HEADROOM, SKB_SHARED_INFO_BYTES, TCPHDR_FIN } from "@swaplab/net-skb"
import { type Context, GFP_ATOMIC, PAGE_SIZE } from "@swaplab/page-alloc"
import { winFromSpace } from "./initial-window.ts"
import { rfree, setOwnerR } from "./queue.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `SKB_MAX_ORDER(header, 0)`: data of a copy. */
const COPY_BYTES = PAGE_SIZE - SKB_SHARED_INFO_BYTES - RX_HEADROOM

const isFin = (sk: TcpSocket, skb: number): boolean => (sk.stack.skbs.flags[skb] & TCPHDR_FIN) !== 0

/** The skb behind `prev` of the out-of-order queue or of the receive queue; of NO_SKB the first one. */
const behind = (sk: TcpSocket, ofo: boolean, prev: number): number =>
  prev !== NO_SKB ? sk.stack.skbs.next[prev] : ofo ? sk.oooHead : sk.rcvHead

const link = (sk: TcpSocket, ofo: boolean, prev: number, skb: number): void => {
  if (prev !== NO_SKB) sk.stack.skbs.next[prev] = skb
  else if (ofo) sk.oooHead = skb
  else sk.rcvHead = skb
  if (!ofo && skb === NO_SKB) sk.rcvTail = prev
}

/** `tcp_collapse_one`: the skb behind `prev` goes. Returns the one after it. */
const collapseOne = (sk: TcpSocket, ctx: Context, ofo: boolean, prev: number): number => {
  const { next } = sk.stack.skbs
  const skb = behind(sk, ofo, prev)
  const after = next[skb]
  link(sk, ofo, prev, after)
  next[skb] = NO_SKB
  sk.mib.TCPRcvCollapsed++
  rfree(sk, ctx, skb)
  return after
}

/** Whether a copy of this skb and of those behind it would be smaller: it is bloated, or data in it lie elsewhere, too. */
const isWorthIt = (sk: TcpSocket, skb: number, tail: number, start: number): boolean => {
  const { endSeq, len, next, seq, truesize } = sk.stack.skbs
  if (!isFin(sk, skb) && (winFromSpace(truesize[skb]) > len[skb] || seq[skb] < start)) return true
  const after = next[skb]
  return after !== NO_SKB && after !== tail && endSeq[skb] !== seq[after]
}

/** `tcp_collapse`: skbs behind `before` and in front of `tail`, which have the stream from `from` to `end` without a gap. */
const collapse = (
  sk: TcpSocket,
  ctx: Context,
  ofo: boolean,
  before: number,
  tail: number,
  from: number,
  end: number
): void => {
  const { skbs } = sk.stack
  let start = from
  let prev = before
  let skb = behind(sk, ofo, prev)
  for (;;) {
    if (skb === NO_SKB || skb === tail) return
    if (start >= skbs.endSeq[skb]) {
      // nothing new in it
      sk.duplicates += skbs.gsoSegs[skb]
      skb = collapseOne(sk, ctx, ofo, prev)
      continue
    }
    if (isWorthIt(sk, skb, tail, start)) break
    start = skbs.endSeq[skb]
    prev = skb
    skb = skbs.next[skb]
  }
  if (isFin(sk, skb)) return
  while (start < end) {
    let room = Math.min(end - start, COPY_BYTES)
    const into = emptyCopy(sk, ctx, ofo, prev, start, room)
    if (into === NO_SKB) return
    while (room > 0) {
      const size = Math.max(0, Math.min(room, skbs.endSeq[skb] - start))
      fill(sk, into, size)
      room -= size
      start += size
      if (start < skbs.endSeq[skb]) continue
      skbs.gsoSegs[into] += skbs.gsoSegs[skb]
      skb = collapseOne(sk, ctx, ofo, into)
      if (skb === NO_SKB || skb === tail || isFin(sk, skb)) return
    }
    prev = into
  }
}

/** An skb without data behind `prev`, with room for `bytes` from `start` on; NO_SKB without memory. */
const emptyCopy = (sk: TcpSocket, ctx: Context, ofo: boolean, prev: number, start: number, bytes: number): number => {
  const { skbs } = sk.stack
  const into = skbs.tryAllocSkb(ctx, bytes + RX_HEADROOM, GFP_ATOMIC, 0)
  if (into < 0) return NO_SKB
  skbs.seq[into] = skbs.endSeq[into] = start
  skbs.gsoSegs[into] = 0
  skbs.next[into] = behind(sk, ofo, prev)
  link(sk, ofo, prev, into)
  setOwnerR(sk, into)
  return into
}

const fill = (sk: TcpSocket, into: number, size: number): void => {
  const { skbs } = sk.stack
  skbs.headLen[into] += size
  skbs.len[into] += size
  skbs.endSeq[into] += size
}

/** In `tcp_prune_queue`: what has been received in order and not read. */
export const collapseReceiveQueue = (sk: TcpSocket, ctx: Context): void => {
  if (sk.rcvHead !== NO_SKB) collapse(sk, ctx, false, NO_SKB, NO_SKB, sk.copiedSeq, sk.rcvNxt)
}

/** `tcp_collapse_ofo_queue`: each part of the queue that has no gap. */
export const collapseOfoQueue = (sk: TcpSocket, ctx: Context): void => {
  let before = NO_SKB
  while (behind(sk, true, before) !== NO_SKB) {
    const { endSeq, next, seq } = sk.stack.skbs
    const head = behind(sk, true, before)
    let end = endSeq[head]
    let tail = next[head]
    while (tail !== NO_SKB && seq[tail] <= end) {
      end = Math.max(end, endSeq[tail])
      tail = next[tail]
    }
    collapse(sk, ctx, true, before, tail, seq[head], end)
    let last = behind(sk, true, before)
    while (sk.stack.skbs.next[last] !== tail) last = sk.stack.skbs.next[last]
    before = last
  }
}
