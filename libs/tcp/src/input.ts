// Segments come in.
// Modelled: prequeue, backlog and socket lock; the sequence test; RST.
// Not modelled: header prediction. A segment without data never sends an ACK that is due anyway, which the slow path of
// Linux might do a few ms before the delayed ACK.
// source: net/ipv4/tcp_ipv4.c:tcp_v4_rcv, tcp_prequeue; net/ipv4/tcp_input.c:tcp_rcv_established;
// net/core/sock.c:__sk_backlog_rcv
import { NO_SKB, TCPHDR_FIN, TCPHDR_RST } from "@swaplab/net-skb"
import { type Context, PF_MEMALLOC } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { ackSndCheck, enterQuickackMode } from "./ack.ts"
import { checkSpace, tcpAck } from "./acknowledged.ts"
import { ECONNRESET, TCP_RTO_MIN } from "./constants.ts"
import { sendAck } from "./control.ts"
import { dataQueue } from "./data-queue.ts"
import { pushPendingFrames } from "./output.ts"
import { receiveWindow } from "./rcvbuf.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_v4_rcv`: a segment for this socket, from the softirq. */
export const tcpRcv = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const skbs = sk.stack.skbs
  const packets = sk.stack.packets
  const frame = skbs.frame[skb]
  const len = skbs.len[skb]
  const flags = packets.flags[frame]
  skbs.seq[skb] = packets.seq[frame]
  skbs.endSeq[skb] = packets.seq[frame] + len + ((flags & TCPHDR_FIN) !== 0 ? 1 : 0)
  skbs.flags[skb] = flags
  skbs.next[skb] = NO_SKB
  sk.segmentsReceived++
  sk.packets++
  const closed = sk.error !== 0 || sk.closed
  if (closed || !sk.filter(skb)) {
    if (closed) sk.closedDrops++
    sk.drops++
    skbs.kfree(ctx, skb)
    return
  }
  if (!sk.owned) {
    if (!sk.readerWaiting || !prequeue(sk, ctx, skb, len)) receive(sk, ctx, skb)
    return
  }
  if (sk.backlogLen + sk.rmemAlloc > sk.rcvbuf + sk.sndbuf) {
    sk.backlogDrops++
    skbs.kfree(ctx, skb)
    return
  }
  sk.backlogLen += skbs.truesize[skb]
  if (sk.backlogTail === NO_SKB) sk.backlogHead = skb
  else skbs.next[sk.backlogTail] = skb
  sk.backlogTail = skb
}

/** `tcp_prequeue`: leaves the segment to the reader that sleeps in recvmsg. False: handle it here. */
const prequeue = (sk: TcpSocket, ctx: Context, skb: number, len: number): boolean => {
  if (len === 0 && sk.prequeueHead === NO_SKB) return false
  const skbs = sk.stack.skbs
  const first = sk.prequeueHead === NO_SKB
  if (first) sk.prequeueHead = skb
  else skbs.next[sk.prequeueTail] = skb
  sk.prequeueTail = skb
  sk.prequeueMemory += skbs.truesize[skb]
  if (sk.prequeueMemory > sk.rcvbuf) {
    processPrequeue(sk, ctx)
  } else if (first) {
    sk.receiveData.wakeAll()
    if (!sk.ackScheduled) {
      const sim = sk.stack.sim
      sk.delackTimer.armAt(sim.queue.now + sim.jiffies((3 * TCP_RTO_MIN) / 4))
    }
  }
  return true
}

/** Handles what was left to the reader. */
export const processPrequeue = (sk: TcpSocket, ctx: Context): void => {
  const skbs = sk.stack.skbs
  sk.prequeueMemory = 0
  while (sk.prequeueHead !== NO_SKB) {
    const skb = sk.prequeueHead
    sk.prequeueHead = skbs.next[skb]
    skbs.next[skb] = NO_SKB
    backlogRcv(sk, ctx, skb)
  }
  sk.prequeueTail = NO_SKB
}

/** Handles what arrived while a task owned the socket (__release_sock). */
export const processBacklog = (sk: TcpSocket, ctx: Context): void => {
  const skbs = sk.stack.skbs
  while (sk.backlogHead !== NO_SKB) {
    const skb = sk.backlogHead
    sk.backlogHead = skbs.next[skb]
    skbs.next[skb] = NO_SKB
    backlogRcv(sk, ctx, skb)
  }
  sk.backlogTail = NO_SKB
  sk.backlogLen = 0
}

/** `sk_backlog_rcv`, with bottom halves disabled: the task's own PF_MEMALLOC does not count here. */
const backlogRcv = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const inInterrupt = ctx.inInterrupt
  ctx.inInterrupt = true
  const stack = sk.stack
  if (stack.switches.pfmemallocReceive && stack.memallocSocks.count > 0 && stack.skbs.pfmemalloc[skb] !== 0) {
    assert(sk.memalloc, "a packet made of the reserve reached a socket without right to it")
    const flags = ctx.flags
    ctx.flags |= PF_MEMALLOC
    receive(sk, ctx, skb)
    ctx.flags = flags
  } else {
    receive(sk, ctx, skb)
  }
  ctx.inInterrupt = inInterrupt
}

/** `tcp_rcv_established`. */
const receive = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const skbs = sk.stack.skbs
  if (sk.error !== 0) {
    sk.closedDrops++
    sk.drops++
    skbs.kfree(ctx, skb)
    return
  }
  const seq = skbs.seq[skb]
  const flags = skbs.flags[skb]
  // tcp_sequence: outside the window; tell the peer where we are
  if (skbs.endSeq[skb] < sk.rcvWup || seq > sk.rcvNxt + receiveWindow(sk)) {
    if ((flags & TCPHDR_RST) === 0) {
      if (skbs.endSeq[skb] !== seq && seq < sk.rcvNxt) enterQuickackMode(sk)
      sendAck(sk, ctx)
    }
    if (seq < sk.rcvNxt) sk.duplicates++
    else sk.outOfWindow++
    skbs.kfree(ctx, skb)
    return
  }
  if ((flags & TCPHDR_RST) !== 0) {
    skbs.kfree(ctx, skb)
    sk.die(ctx, ECONNRESET)
    return
  }
  const frame = skbs.frame[skb]
  const ack = sk.stack.packets.ack[frame]
  const hasData = skbs.endSeq[skb] !== seq
  // tcp_replace_ts_recent: the stamp of the segment that the next ACK answers
  if (seq <= sk.rcvWup) sk.tsRecent = sk.stack.packets.tsval[frame]
  if (ack >= sk.sndUna && ack <= sk.sndNxt) tcpAck(sk, ctx, ack, frame, hasData)
  if (hasData) dataQueue(sk, ctx, skb)
  else skbs.kfree(ctx, skb)
  pushPendingFrames(sk, ctx, sk.nonagle)
  checkSpace(sk)
  if (hasData) ackSndCheck(sk, ctx)
}
