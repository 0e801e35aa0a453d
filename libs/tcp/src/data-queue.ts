// Received data: in order to the receive queue, the rest to the out-of-order queue.
// Modelled: repetitions, holes and overlaps, FIN, the memory that a segment must be granted.
// source: net/ipv4/tcp_input.c:tcp_data_queue, tcp_data_queue_ofo, tcp_ofo_queue, tcp_fin
import { NO_SKB, TCPHDR_FIN } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { enterQuickackMode, eventDataRecv } from "./ack.ts"
import { rfree, setOwnerR } from "./queue.ts"
import { receiveWindow, tryRmemSchedule } from "./rcvbuf.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_data_queue`: data (or a FIN) within the window. The skb is kept or freed. */
export const dataQueue = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const skbs = sk.stack.skbs
  const seq = skbs.seq[skb]
  const endSeq = skbs.endSeq[skb]
  if (endSeq <= sk.rcvNxt || seq >= sk.rcvNxt + receiveWindow(sk)) {
    // a repetition, or more than there is room for
    if (endSeq <= sk.rcvNxt) sk.duplicates++
    else sk.outOfWindow++
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
    sk.duplicates++
    enterQuickackMode(sk)
  }
  if (!tryRmemSchedule(sk, ctx, skb)) {
    sk.rcvbufDrops++
    skbs.kfree(ctx, skb)
    return
  }
  queueRcv(sk, skb)
  if (skbs.len[skb] > 0) eventDataRecv(sk, skb)
  if ((skbs.flags[skb] & TCPHDR_FIN) !== 0) fin(sk)
  if (sk.oooHead !== NO_SKB) {
    ofoQueue(sk, ctx)
    // a hole was filled: the peer should learn it at once
    if (sk.oooHead === NO_SKB) sk.pingpong = false
  }
  sk.receiveData.wakeAll()
}

const queueRcv = (sk: TcpSocket, skb: number): void => {
  const skbs = sk.stack.skbs
  setOwnerR(sk, skb)
  skbs.next[skb] = NO_SKB
  if (sk.rcvTail === NO_SKB) sk.rcvHead = skb
  else skbs.next[sk.rcvTail] = skb
  sk.rcvTail = skb
  sk.bytesReceived += skbs.endSeq[skb] - sk.rcvNxt
  sk.rcvNxt = skbs.endSeq[skb]
}

const fin = (sk: TcpSocket): void => {
  sk.finReceived = true
  sk.shutdownReceive = true
  sk.ackScheduled = true
  enterQuickackMode(sk)
}

/** `tcp_data_queue_ofo`: keeps a segment behind a hole. */
const dataQueueOfo = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const skbs = sk.stack.skbs
  enterQuickackMode(sk)
  sk.ackScheduled = true
  if (!tryRmemSchedule(sk, ctx, skb)) {
    sk.rcvbufDrops++
    skbs.kfree(ctx, skb)
    return
  }
  const seq = skbs.seq[skb]
  const endSeq = skbs.endSeq[skb]
  let after = NO_SKB
  for (let other = sk.oooHead; other !== NO_SKB && skbs.seq[other] <= seq; other = skbs.next[other]) {
    if (skbs.endSeq[other] >= endSeq) {
      sk.duplicates++
      skbs.kfree(ctx, skb)
      return
    }
    after = other
  }
  setOwnerR(sk, skb)
  skbs.next[skb] = after === NO_SKB ? sk.oooHead : skbs.next[after]
  if (after === NO_SKB) sk.oooHead = skb
  else skbs.next[after] = skb
  // what it covers completely is not needed any more
  let next = skbs.next[skb]
  while (next !== NO_SKB && skbs.endSeq[next] <= endSeq) {
    skbs.next[skb] = skbs.next[next]
    skbs.next[next] = NO_SKB
    sk.duplicates++
    rfree(sk, ctx, next)
    next = skbs.next[skb]
  }
}

/** `tcp_ofo_queue`: moves what has become in order to the receive queue. */
const ofoQueue = (sk: TcpSocket, ctx: Context): void => {
  const skbs = sk.stack.skbs
  while (sk.oooHead !== NO_SKB && skbs.seq[sk.oooHead] <= sk.rcvNxt) {
    const skb = sk.oooHead
    sk.oooHead = skbs.next[skb]
    skbs.next[skb] = NO_SKB
    if (skbs.endSeq[skb] <= sk.rcvNxt) {
      sk.duplicates++
      rfree(sk, ctx, skb)
      continue
    }
    if (sk.rcvTail === NO_SKB) sk.rcvHead = skb
    else skbs.next[sk.rcvTail] = skb
    sk.rcvTail = skb
    sk.bytesReceived += skbs.endSeq[skb] - sk.rcvNxt
    sk.rcvNxt = skbs.endSeq[skb]
    if ((skbs.flags[skb] & TCPHDR_FIN) !== 0) fin(sk)
  }
}
