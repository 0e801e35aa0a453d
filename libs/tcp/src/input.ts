// Receiving segments.
// Modelled: prequeue, backlog and socket lock; the sequence test, ACK processing with clean-up of the write queue, NewReno
// fast retransmit and recovery, in-order and out-of-order data, FIN and RST.
// Not modelled: SACK, D-SACK, FRTO, undo of spurious recoveries; the copy of the head that tcp_trim_head takes while a clone
// is in the device (fragments are released a few µs early instead).
// source: net/ipv4/tcp_ipv4.c:tcp_v4_rcv, tcp_prequeue; net/ipv4/tcp_input.c:tcp_rcv_established, tcp_ack,
// tcp_clean_rtx_queue, tcp_data_queue; net/core/sock.c:__sk_backlog_rcv
import { MAX_SKB_FRAGS, NO_SKB, TCPHDR_FIN, TCPHDR_PSH, TCPHDR_RST } from "@swaplab/net-skb"
import { type Context, PF_MEMALLOC } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { ackSndCheck, enterQuickackMode, eventDataRecv } from "./ack.ts"
import { congAvoid, inFlight, renoSsthresh, rttEstimator } from "./congestion.ts"
import {
  CA_OPEN,
  CA_RECOVERY,
  ECONNRESET,
  TCP_FASTRETRANS_THRESH,
  TCP_RTO_MIN,
  TCPCB_LOST,
  TCPCB_RETRANS,
  TIME_NONE,
  TIME_PROBE0
} from "./constants.ts"
import {
  fragment,
  pushPendingFrames,
  rearmRto,
  resetWriteTimer,
  retransmitSkb,
  sendAck,
  xmitRetransmitQueue
} from "./output.ts"
import { rfree, segments, setOwnerR, wmemFreeSkb } from "./queue.ts"
import { receiveWindow, tryRmemSchedule } from "./rcvbuf.ts"
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
  if (sk.error !== 0 || sk.closed || !sk.filter(skb)) {
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
    if (sk.prequeueHead === NO_SKB) sk.prequeueTail = NO_SKB
    skbs.next[skb] = NO_SKB
    backlogRcv(sk, ctx, skb)
  }
}

/** Handles what arrived while a task owned the socket (__release_sock). */
export const processBacklog = (sk: TcpSocket, ctx: Context): void => {
  const skbs = sk.stack.skbs
  while (sk.backlogHead !== NO_SKB) {
    const skb = sk.backlogHead
    sk.backlogHead = skbs.next[skb]
    if (sk.backlogHead === NO_SKB) sk.backlogTail = NO_SKB
    skbs.next[skb] = NO_SKB
    backlogRcv(sk, ctx, skb)
  }
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

/** `tcp_ack`. */
const tcpAck = (sk: TcpSocket, ctx: Context, ack: number, frame: number, hasData: boolean): void => {
  const window = sk.stack.packets.wnd[frame]
  const before = sk.sndUna
  const flightBefore = inFlight(sk)
  const advanced = ack > before
  const windowUpdate = window !== sk.sndWnd
  sk.sndWnd = window
  if (window > sk.maxWindow) sk.maxWindow = window
  sk.sndUna = ack
  sk.probesOut = 0
  sk.rcvTstamp = sk.stack.sim.queue.now
  if (advanced) {
    sk.retransmits = 0
    sk.bytesAcked += ack - before
  }
  if (sk.packetsOut === 0) {
    ackProbe(sk)
    return
  }
  const acked = advanced ? cleanRtxQueue(sk, ctx, ack, sk.stack.packets.tsecr[frame]) : 0
  const duplicate = !advanced && !windowUpdate && !hasData
  if (sk.caState === CA_OPEN) {
    if (duplicate) {
      if (sk.sackedOut < sk.packetsOut) sk.sackedOut++
      if (sk.sackedOut >= TCP_FASTRETRANS_THRESH) enterRecovery(sk, ctx)
    } else if (advanced) {
      sk.sackedOut = 0
      congAvoid(sk, flightBefore)
    }
  } else if (sk.caState === CA_RECOVERY) {
    inRecovery(sk, ctx, acked, duplicate)
  } else {
    if (advanced && (sk.sndUna >= sk.highSeq || sk.packetsOut === 0)) sk.caState = CA_OPEN
    if (advanced) congAvoid(sk, flightBefore)
    if (sk.lostOut > sk.retransOut) xmitRetransmitQueue(sk, ctx)
  }
}

/** Three duplicate ACKs: cut the window, send the first segment again. */
const enterRecovery = (sk: TcpSocket, ctx: Context): void => {
  sk.fastRetransmits++
  sk.ssthresh = renoSsthresh(sk)
  sk.cwnd = sk.ssthresh
  sk.cwndCnt = 0
  sk.highSeq = sk.sndNxt
  sk.caState = CA_RECOVERY
  retransmitHead(sk, ctx)
}

/** NewReno: each partial ACK shows one more hole. */
const inRecovery = (sk: TcpSocket, ctx: Context, acked: number, duplicate: boolean): void => {
  if (acked > 0) {
    // tcp_remove_reno_sacks: one of the acknowledged segments was the hole, the others had raised duplicate ACKs
    sk.sackedOut = Math.max(0, sk.sackedOut - (acked - 1))
    if (sk.sndUna > sk.highSeq || sk.packetsOut === 0) {
      sk.caState = CA_OPEN
      sk.sackedOut = 0
      sk.cwnd = sk.ssthresh
      return
    }
    // up to highSeq everything is there; only duplicates of an earlier window may still come
    if (sk.sndUna === sk.highSeq) return
    retransmitHead(sk, ctx)
  } else if (duplicate && sk.sackedOut < sk.packetsOut - sk.lostOut) {
    sk.sackedOut++
  }
  if (sk.lostOut > sk.retransOut) xmitRetransmitQueue(sk, ctx)
}

/** Marks the first segment lost and sends it again. */
const retransmitHead = (sk: TcpSocket, ctx: Context): void => {
  const skbs = sk.stack.skbs
  const skb = sk.writeHead
  if (skb === NO_SKB || skb === sk.sendHead) return
  if ((skbs.sacked[skb] & TCPCB_RETRANS) !== 0) return
  if (skbs.len[skb] > sk.mss && !fragment(sk, ctx, skb, sk.mss, sk.gfpAtomic())) return
  if ((skbs.sacked[skb] & TCPCB_LOST) === 0) {
    const count = segments(skbs.len[skb], sk.mss)
    skbs.sacked[skb] |= TCPCB_LOST
    sk.lostOut += count
    if (sk.sackedOut > sk.packetsOut - sk.lostOut) sk.sackedOut = sk.packetsOut - sk.lostOut
  }
  if (retransmitSkb(sk, ctx, skb) === 0) rearmRto(sk)
}

/** `tcp_clean_rtx_queue`: frees what is acknowledged. Returns the number of segments. */
const cleanRtxQueue = (sk: TcpSocket, ctx: Context, ack: number, echo: number): number => {
  const skbs = sk.stack.skbs
  let acked = 0
  while (sk.writeHead !== NO_SKB && sk.writeHead !== sk.sendHead) {
    const skb = sk.writeHead
    const count = segments(skbs.len[skb], sk.mss)
    const sacked = skbs.sacked[skb]
    if (skbs.endSeq[skb] > ack) {
      if (count > 1 && ack > skbs.seq[skb]) {
        const gone = trimHead(sk, ctx, skb, ack - skbs.seq[skb], count)
        acked += gone
        uncount(sk, sacked, gone)
      }
      break
    }
    acked += count
    uncount(sk, sacked, count)
    sk.writeHead = skbs.next[skb]
    if (sk.writeHead === NO_SKB) sk.writeTail = NO_SKB
    skbs.next[skb] = NO_SKB
    wmemFreeSkb(sk, ctx, skb)
  }
  if (acked > 0) {
    sk.retransStamp = -1
    // tcp_ack_saw_tstamp: also right for segments that were sent more than once
    rttEstimator(sk, sk.stack.sim.queue.now - echo)
    rearmRto(sk)
    if (sk.sackedOut > sk.packetsOut - sk.lostOut) sk.sackedOut = Math.max(0, sk.packetsOut - sk.lostOut)
  }
  return acked
}

const uncount = (sk: TcpSocket, sacked: number, count: number): void => {
  sk.packetsOut -= count
  if ((sacked & TCPCB_LOST) !== 0) sk.lostOut -= count
  if ((sacked & TCPCB_RETRANS) !== 0) sk.retransOut -= count
}

/** `tcp_trim_head`: the first `bytes` of a long segment are acknowledged. Returns how many segments that were. */
const trimHead = (sk: TcpSocket, ctx: Context, skb: number, bytes: number, count: number): number => {
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
  // the linear part stays allocated but is no longer charged, as in Linux
  skbs.truesize[skb] -= bytes
  sk.wmemQueued -= bytes
  sk.memUncharge(bytes)
  return count - segments(skbs.len[skb], sk.mss)
}

/** `tcp_ack_probe`: does an ACK with nothing in flight open the window? */
const ackProbe = (sk: TcpSocket): void => {
  const skb = sk.sendHead
  if (skb === NO_SKB) return
  const skbs = sk.stack.skbs
  const end = Math.min(skbs.endSeq[skb], skbs.seq[skb] + sk.mss)
  if (end <= sk.sndUna + sk.sndWnd) {
    sk.backoff = 0
    if (sk.writePending === TIME_PROBE0) {
      sk.writePending = TIME_NONE
      sk.writeTimer.cancel()
    }
  } else {
    resetWriteTimer(sk, TIME_PROBE0, Math.min(sk.rto * 2 ** sk.backoff, 120_000_000_000))
  }
}

/** `tcp_check_space`: wakes senders when a third of the buffer is free; the buffer grows with cwnd. */
const checkSpace = (sk: TcpSocket): void => {
  if (!sk.noSpace) return
  if (
    !sk.fixedSndbuf && !sk.memory.pressure && sk.memory.allocated < sk.memory.limit[0] && sk.packetsOut < sk.cwnd
  ) {
    // 2308 bytes of truesize for each segment, for twice the window
    const wanted = 2308 * 2 * Math.max(sk.cwnd, 4)
    if (wanted > sk.sndbuf) sk.sndbuf = Math.min(wanted, sk.wmemMax)
  }
  if (sk.sndbuf - sk.wmemQueued >= sk.wmemQueued >> 1) {
    sk.noSpace = false
    sk.sendSpace.wakeAll()
  }
}

/** `tcp_data_queue`: data (or a FIN) within the window. The skb is kept or freed. */
const dataQueue = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const skbs = sk.stack.skbs
  const seq = skbs.seq[skb]
  const endSeq = skbs.endSeq[skb]
  if (endSeq <= sk.rcvNxt || seq >= sk.rcvNxt + receiveWindow(sk)) {
    // a repetition, or more than there is room for
    enterQuickackMode(sk)
    sk.ackScheduled = true
    skbs.kfree(ctx, skb)
    return
  }
  if (seq > sk.rcvNxt) {
    dataQueueOfo(sk, ctx, skb)
    return
  }
  if (seq < sk.rcvNxt) enterQuickackMode(sk)
  if (!tryRmemSchedule(sk, ctx, skb)) {
    skbs.kfree(ctx, skb)
    return
  }
  queueRcv(sk, skb)
  if (skbs.len[skb] > 0) eventDataRecv(sk, skb)
  if ((skbs.flags[skb] & TCPHDR_PSH) !== 0) {
    if (sk.ackPushed) sk.ackPushed2 = true
    else sk.ackPushed = true
  }
  if ((skbs.flags[skb] & TCPHDR_FIN) !== 0) fin(sk)
  if (sk.oooHead !== NO_SKB) {
    ofoQueue(sk, ctx)
    // a hole was filled: the peer should learn it at once
    if (sk.oooHead === NO_SKB) sk.pingpong = false
  }
  if (sk.receiveData.waiters > 0) sk.receiveData.wakeAll()
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
    skbs.kfree(ctx, skb)
    return
  }
  const seq = skbs.seq[skb]
  const endSeq = skbs.endSeq[skb]
  let after = NO_SKB
  for (let other = sk.oooHead; other !== NO_SKB && skbs.seq[other] <= seq; other = skbs.next[other]) {
    if (skbs.endSeq[other] >= endSeq) {
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
