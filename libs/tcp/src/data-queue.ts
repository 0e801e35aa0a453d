// Received data: in order to the receive queue, the rest to the out-of-order queue.
// Modelled: repetitions, holes and overlaps and what SACK says of them, FIN, the memory that a segment must be granted.
// source: net/ipv4/tcp_input.c:tcp_data_queue, tcp_data_queue_ofo, tcp_ofo_queue, tcp_fin
import { freeCoalesced, NO_SKB, skbTryCoalesce, TCPHDR_FIN } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { enterQuickackMode, eventDataRecv } from "./ack.ts"
import { NO_ECN } from "./constants.ts"
import { sendAck } from "./control.ts"
import { ecnAcceptCwr, ecnCheckCe } from "./ecn.ts"
import { fastPathCheck } from "./fast-path.ts"
import { tryRmemSchedule } from "./prune.ts"
import { freeQueue, rfree, setOwnerR } from "./queue.ts"
import { receiveWindow } from "./rcvbuf.ts"
import { dsackExtend, dsackSet, sackNewOfoSkb, sackRemove } from "./sack.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_data_queue`: data (or a FIN) within the window. The skb is kept or freed. */
export const dataQueue = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const skbs = sk.stack.skbs
  const seq = skbs.seq[skb]
  const endSeq = skbs.endSeq[skb]
  if (sk.ecnFlags !== NO_ECN) ecnAcceptCwr(sk, skb)
  sk.dsack = false
  if (endSeq <= sk.rcvNxt || seq >= sk.rcvNxt + receiveWindow(sk)) {
    // a repetition, or more than there is room for
    if (endSeq <= sk.rcvNxt) {
      sk.duplicates += skbs.gsoSegs[skb]
      dsackSet(sk, seq, endSeq)
    } else {
      sk.outOfWindow += skbs.gsoSegs[skb]
    }
    enterQuickackMode(sk)
    sk.ackScheduled = true
    skbs.kfree(ctx, skb)
    return
  }
  if (seq > sk.rcvNxt) {
    dataQueueOfo(sk, ctx, skb)
    return
  }
  if (seq < sk.rcvNxt) {
    sk.duplicates += skbs.gsoSegs[skb]
    enterQuickackMode(sk)
    dsackSet(sk, seq, sk.rcvNxt)
  }
  if (!tryRmemSchedule(sk, ctx, skb)) {
    sk.rcvbufDrops += skbs.gsoSegs[skb]
    skbs.kfree(ctx, skb)
    return
  }
  const delta = queueRcv(sk, skb)
  if (skbs.len[skb] > 0) eventDataRecv(sk, skb)
  if ((skbs.flags[skb] & TCPHDR_FIN) !== 0) fin(sk, ctx)
  if (sk.oooHead !== NO_SKB) {
    ofoQueue(sk, ctx)
    // a hole was filled: the peer should learn it at once
    if (sk.oooHead === NO_SKB) sk.pingpong = false
  }
  if (sk.numSacks > 0) sackRemove(sk)
  fastPathCheck(sk)
  if (delta >= 0) freeCoalesced(skbs, ctx, skb, delta)
  sk.receiveData.wakeAll()
}

/**
 * `tcp_try_coalesce`: the data of `skb` become a part of the one before it; whoever calls frees it (`freeCoalesced`). Returns the
 * memory that this has cost, −1 when it has to be queued.
 */
const tryCoalesce = (sk: TcpSocket, to: number, skb: number): number => {
  const { skbs } = sk.stack
  if ((skbs.flags[skb] & TCPHDR_FIN) !== 0 || skbs.seq[skb] !== skbs.endSeq[to]) return -1
  const delta = skbTryCoalesce(skbs, to, skb)
  if (delta < 0) return -1
  sk.rmemAlloc += delta
  sk.memCharge(delta)
  sk.mib.TCPRcvCoalesce++
  skbs.endSeq[to] = skbs.endSeq[skb]
  return delta
}

/** `tcp_queue_rcv`: behind what was received in order. Returns −1 when it was queued, as `tryCoalesce` otherwise. */
const queueRcv = (sk: TcpSocket, skb: number): number => {
  const skbs = sk.stack.skbs
  const endSeq = skbs.endSeq[skb]
  sk.bytesReceived += endSeq - sk.rcvNxt
  sk.rcvNxt = endSeq
  const delta = sk.rcvTail === NO_SKB ? -1 : tryCoalesce(sk, sk.rcvTail, skb)
  if (delta >= 0) return delta
  setOwnerR(sk, skb)
  append(sk, skb)
  return -1
}

const append = (sk: TcpSocket, skb: number): void => {
  const { next } = sk.stack.skbs
  next[skb] = NO_SKB
  if (sk.rcvTail === NO_SKB) sk.rcvHead = skb
  else next[sk.rcvTail] = skb
  sk.rcvTail = skb
}

/** `tcp_fin`. What lies behind the end of the stream is dropped. */
const fin = (sk: TcpSocket, ctx: Context): void => {
  sk.finReceived = true
  sk.ackScheduled = true
  sk.shutdownReceive = true
  // CLOSE_WAIT: the own FIN may come soon and carry the ACK. FIN_WAIT1 and 2: nothing will
  if (!sk.shutdownSend) sk.pingpong = true
  else sendAck(sk, ctx)
  const { gsoSegs, next } = sk.stack.skbs
  for (let skb = sk.oooHead; skb !== NO_SKB; skb = next[skb]) sk.outOfWindow += gsoSegs[skb]
  freeQueue(sk, ctx, sk.oooHead, true)
  sk.oooHead = NO_SKB
  sk.numSacks = 0
  sk.dsack = false
  sk.memReclaim()
}

/** `tcp_data_queue_ofo`: keeps a segment behind a hole. */
const dataQueueOfo = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const skbs = sk.stack.skbs
  if (sk.ecnFlags !== NO_ECN) ecnCheckCe(sk, skb)
  enterQuickackMode(sk)
  if (!tryRmemSchedule(sk, ctx, skb)) {
    sk.rcvbufDrops += skbs.gsoSegs[skb]
    skbs.kfree(ctx, skb)
    return
  }
  sk.ackScheduled = true
  const seq = skbs.seq[skb]
  const endSeq = skbs.endSeq[skb]
  sk.fastPath = false
  placeOfo(sk, ctx, skb, seq, endSeq)
  if (sk.sackOk) sackNewOfoSkb(sk, seq, endSeq)
}

/** Puts the segment where it belongs in the queue, or frees it when all of it is there already. */
const placeOfo = (sk: TcpSocket, ctx: Context, skb: number, seq: number, endSeq: number): void => {
  const skbs = sk.stack.skbs
  // the last that does not begin behind this segment, and the one before it
  let before = NO_SKB
  let after = NO_SKB
  for (let other = sk.oooHead; other !== NO_SKB && skbs.seq[other] <= seq; other = skbs.next[other]) {
    before = after
    after = other
  }
  if (after !== NO_SKB && skbs.next[after] === NO_SKB) {
    // data in order after a hole
    const delta = tryCoalesce(sk, after, skb)
    if (delta >= 0) {
      freeCoalesced(skbs, ctx, skb, delta)
      return
    }
  }
  if (after !== NO_SKB && seq < skbs.endSeq[after]) {
    if (endSeq <= skbs.endSeq[after]) {
      sk.duplicates += skbs.gsoSegs[skb]
      dsackSet(sk, seq, endSeq)
      skbs.kfree(ctx, skb)
      return
    }
    // one that begins with this segment and ends before is covered
    if (seq > skbs.seq[after]) dsackSet(sk, seq, skbs.endSeq[after])
    else after = before
  }
  skbs.next[skb] = after === NO_SKB ? sk.oooHead : skbs.next[after]
  if (after === NO_SKB) sk.oooHead = skb
  else skbs.next[after] = skb
  setOwnerR(sk, skb)
  dropCovered(sk, ctx, skb, endSeq)
}

/** What the new segment covers is not needed any more. */
const dropCovered = (sk: TcpSocket, ctx: Context, skb: number, endSeq: number): void => {
  const skbs = sk.stack.skbs
  let next = skbs.next[skb]
  while (next !== NO_SKB && skbs.seq[next] < endSeq) {
    dsackExtend(sk, skbs.seq[next], Math.min(endSeq, skbs.endSeq[next]))
    if (endSeq < skbs.endSeq[next]) return
    skbs.next[skb] = skbs.next[next]
    skbs.next[next] = NO_SKB
    sk.duplicates += skbs.gsoSegs[next]
    rfree(sk, ctx, next)
    next = skbs.next[skb]
  }
}

/** `tcp_ofo_queue`: moves what has become in order to the receive queue. */
const ofoQueue = (sk: TcpSocket, ctx: Context): void => {
  const skbs = sk.stack.skbs
  let dsackHigh = sk.rcvNxt
  while (sk.oooHead !== NO_SKB && skbs.seq[sk.oooHead] <= sk.rcvNxt) {
    const skb = sk.oooHead
    if (skbs.seq[skb] < dsackHigh) {
      const end = dsackHigh
      dsackHigh = Math.min(dsackHigh, skbs.endSeq[skb])
      dsackExtend(sk, skbs.seq[skb], end)
    }
    sk.oooHead = skbs.next[skb]
    skbs.next[skb] = NO_SKB
    if (skbs.endSeq[skb] <= sk.rcvNxt) {
      sk.duplicates += skbs.gsoSegs[skb]
      rfree(sk, ctx, skb)
      continue
    }
    append(sk, skb)
    sk.bytesReceived += skbs.endSeq[skb] - sk.rcvNxt
    sk.rcvNxt = skbs.endSeq[skb]
    if ((skbs.flags[skb] & TCPHDR_FIN) !== 0) fin(sk, ctx)
  }
}
