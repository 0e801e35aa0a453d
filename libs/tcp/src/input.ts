// Segments come in.
// Modelled: prequeue, backlog and socket lock; header prediction (fast-path.ts); the sequence test;
// RST and SYN where a connection stands, with and without RFC 5961.
// Not modelled: PAWS (a segment whose time stamp is older than that of the last one in order is taken).
// source: net/ipv4/tcp_ipv4.c:tcp_v4_rcv, tcp_prequeue; net/ipv4/tcp_input.c:tcp_rcv_established,
// tcp_validate_incoming, tcp_reset;
// net/core/sock.c:__sk_backlog_rcv
import { NO_SKB, TCPHDR_FIN, TCPHDR_RST, TCPHDR_SYN } from "@swaplab/net-skb"
import { type Context, ECONNRESET, EPIPE, PF_MEMALLOC } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { ackSndCheck, enterQuickackMode } from "./ack.ts"
import { checkSpace, tcpAck } from "./acknowledged.ts"
import { TCP_CLOSE, TCP_ESTABLISHED, TCP_RTO_MIN } from "./constants.ts"
import { sendAck } from "./control.ts"
import { dataQueue } from "./data-queue.ts"
import { fastPathCheck, isPredicted } from "./fast-path.ts"
import { handshake } from "./handshake.ts"
import { dataForNobody, endCheck } from "./orphan.ts"
import { pushPendingFrames } from "./output.ts"
import { rcvRttMeasureTs } from "./rcv-space.ts"
import { receiveWindow } from "./rcvbuf.ts"
import { dsackSet } from "./sack.ts"
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
  sk.packets += skbs.gsoSegs[skb]
  // tcp_done has taken it out of the hash table, so that tcp_v4_rcv finds no socket
  const closed = sk.error !== 0 || sk.state === TCP_CLOSE
  if (sk.timewait !== null) {
    // the socket in TIME_WAIT has taken its place in the hash table, and counts the packet
    sk.packets -= skbs.gsoSegs[skb]
    sk.timewait.rcv(ctx, skb)
    return
  }
  if (closed || !sk.filter(skb)) {
    if (closed) {
      sk.closedDrops += skbs.gsoSegs[skb]
      sk.stack.refuse(frame)
    }
    sk.drops += skbs.gsoSegs[skb]
    skbs.kfree(ctx, skb)
    return
  }
  // a task that connects owns its socket only before its SYN has left
  if (sk.state !== TCP_ESTABLISHED && handshake(sk, ctx, skb)) return
  if (!sk.owned) {
    if (!sk.readerWaiting || !prequeue(sk, ctx, skb, len)) receive(sk, ctx, skb)
    return
  }
  if (sk.backlogLen + sk.rmemAlloc > sk.rcvbuf + sk.sndbuf) {
    sk.backlogDrops += skbs.gsoSegs[skb]
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

/** `tcp_send_dupack`: an ACK for a segment outside the window. What it repeats is told by D-SACK. */
const sendDupack = (sk: TcpSocket, ctx: Context, seq: number, endSeq: number): void => {
  if (endSeq !== seq && seq < sk.rcvNxt) {
    enterQuickackMode(sk)
    dsackSet(sk, seq, Math.min(endSeq, sk.rcvNxt))
  }
  sendAck(sk, ctx)
}

/**
 * `tcp_validate_incoming`: is the segment within the window, and neither RST nor SYN? One that is not is dealt with. With RFC 5961
 * (v3.6) only the very next number resets a connection; a RST or SYN elsewhere is asked about.
 */
const validate = (sk: TcpSocket, ctx: Context, skb: number): boolean => {
  const { endSeq, flags, frame, gsoSegs, seq } = sk.stack.skbs
  const { challengeAcks } = sk.stack.switches
  const [first, end, bits] = [seq[skb], endSeq[skb], flags[skb]]
  const inWindow = end >= sk.rcvWup && first <= sk.rcvNxt + receiveWindow(sk)
  const isRst = (bits & TCPHDR_RST) !== 0
  const isSyn = (bits & TCPHDR_SYN) !== 0
  if (inWindow && !isRst && !isSyn) return true
  if (!inWindow) {
    if (first < sk.rcvNxt) sk.duplicates += gsoSegs[skb]
    else sk.outOfWindow += gsoSegs[skb]
    if (!isRst) {
      if (isSyn && challengeAcks) sendChallengeAck(sk, ctx)
      else sendDupack(sk, ctx, first, end)
    }
  } else if (challengeAcks && (isSyn || first !== sk.rcvNxt)) {
    sendChallengeAck(sk, ctx)
  } else if (isRst) {
    reset(sk, ctx)
  } else if (first >= sk.rcvNxt) {
    // a new connection where one stands: neither goes on
    sk.stack.refuse(frame[skb])
    reset(sk, ctx)
  } else {
    return true
  }
  sk.stack.skbs.kfree(ctx, skb)
  return false
}

/** `tcp_send_challenge_ack`: so many a second, of all sockets together. */
const sendChallengeAck = (sk: TcpSocket, ctx: Context): void => {
  const { stack } = sk
  if (stack.challengeAck(Math.floor(stack.sim.queue.now / 1e9))) sendAck(sk, ctx)
}

/** `tcp_reset`: the peer has ended the connection. After its FIN the program learns of it with its next write only. */
const reset = (sk: TcpSocket, ctx: Context): void =>
  sk.die(ctx, sk.finReceived && !sk.shutdownSend ? EPIPE : ECONNRESET)

/** `tcp_rcv_established`, and `tcp_rcv_state_process` once one end has closed. */
const receive = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const skbs = sk.stack.skbs
  if (sk.error !== 0) {
    sk.closedDrops += skbs.gsoSegs[skb]
    sk.drops += skbs.gsoSegs[skb]
    skbs.kfree(ctx, skb)
    return
  }
  const seq = skbs.seq[skb]
  const frame = skbs.frame[skb]
  const predicted = !sk.shutdownSend && !sk.finReceived && isPredicted(sk, skb, frame)
  if (!predicted && !validate(sk, ctx, skb)) return
  const ack = sk.stack.packets.ack[frame]
  const hasData = skbs.endSeq[skb] !== seq
  if (ack > sk.sndNxt) {
    // tcp_ack: what acknowledges something that was never sent is dropped, with its data
    sk.outOfWindow += skbs.gsoSegs[skb]
    skbs.kfree(ctx, skb)
    return
  }
  // tcp_replace_ts_recent: the stamp of the segment that the next ACK answers
  if (sk.tsOk && seq <= sk.rcvWup) sk.tsRecent = sk.stack.packets.tsval[frame]
  tcpAck(sk, ctx, ack, frame, hasData)
  if (sk.sndWnd !== sk.predictedWnd) {
    sk.fastPath = false
    fastPathCheck(sk)
  }
  if (sk.orphan && dataForNobody(sk, skb)) {
    sk.stack.refuse(frame)
    skbs.kfree(ctx, skb)
    sk.mib.TCPAbortOnData++
    sk.die(ctx, ECONNRESET)
    return
  }
  rcvRttMeasureTs(sk, skb)
  if (hasData) dataQueue(sk, ctx, skb)
  else skbs.kfree(ctx, skb)
  pushPendingFrames(sk, ctx, sk.nonagle)
  checkSpace(sk)
  if (hasData || !predicted) ackSndCheck(sk, ctx)
  if (sk.shutdownSend) endCheck(sk, ctx)
}
