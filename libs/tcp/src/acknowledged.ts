// The acknowledgements of the peer: what they free, what they say of the window, what they reveal as lost.
// Modelled: tcp_ack with the window (SND.WL1: a segment that was overtaken does not change it), SACK, F-RTO, growth of the
// congestion window, and the state machine of loss for every ACK that is not plain; waking of senders.
// Not modelled: header prediction: data in order without a new ACK reaches tcp_ack, too, where a recovery goes on with it.
// source: net/ipv4/tcp_input.c:tcp_ack, tcp_ack_update_window, tcp_check_space
import { NO_SKB, TCPHDR_ECE, TCPHDR_SYN } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import {
  FLAG_CA_ALERT,
  FLAG_DATA,
  FLAG_DATA_ACKED,
  FLAG_DSACKING_ACK,
  FLAG_ECE,
  FLAG_NOT_DUP,
  FLAG_SND_UNA_ADVANCED,
  FLAG_WIN_UPDATE
} from "./ack-flags.ts"
import { cleanRtxQueue } from "./clean-rtx-queue.ts"
import { stampCwnd } from "./congestion.ts"
import {
  CA_CWR,
  CA_LOSS,
  CA_OPEN,
  CA_RECOVERY,
  NO_ECN,
  NO_MARK,
  TCP_RTO_MAX,
  TIME_NONE,
  TIME_PROBE0
} from "./constants.ts"
import { fastretransAlert } from "./fastretrans-alert.ts"
import { processFrto } from "./frto.ts"
import { syncMss } from "./mss.ts"
import { rearmRto, resetWriteTimer } from "./retransmit.ts"
import { sacktagWriteQueue } from "./sacktag.ts"
import { inFlight } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_ack`: the segment in `frame` acknowledges up to `ack`, at most sndNxt. */
export const tcpAck = (sk: TcpSocket, ctx: Context, ack: number, frame: number, hasData: boolean): void => {
  const { packets, sim, sysctls } = sk.stack
  const priorSndUna = sk.sndUna
  const priorSacked = sk.sackedOut
  const echo = packets.tsecr[frame]
  if (ack < priorSndUna) {
    // old, but what it SACKs may be news
    if (packets.sackBlocks[frame] === 0) return
    fastretransAlert(sk, ctx, 0, priorSacked, false, sacktagWriteQueue(sk, ctx, frame, priorSndUna), echo)
    return
  }
  if (sk.earlyRetransDelayed) rearmRto(sk)
  let flag = hasData ? FLAG_DATA : 0
  if (ack > priorSndUna) {
    flag |= FLAG_SND_UNA_ADVANCED
    sk.bytesAcked += ack - priorSndUna
    if (sysctls["net.ipv4.tcp_abc"] > 0) countBytes(sk, ack - priorSndUna)
  }
  const priorFackets = sk.facketsOut
  const priorInFlight = inFlight(sk)
  if (updateWindow(sk, ack, packets.seq[frame], packets.wnd[frame])) flag |= FLAG_WIN_UPDATE
  if (packets.sackBlocks[frame] > 0) flag |= sacktagWriteQueue(sk, ctx, frame, priorSndUna)
  if (sk.ecnFlags !== NO_ECN && (packets.flags[frame] & (TCPHDR_ECE | TCPHDR_SYN)) === TCPHDR_ECE) flag |= FLAG_ECE
  sk.probesOut = 0
  sk.rcvTstamp = sim.queue.now
  const priorPackets = sk.packetsOut
  if (priorPackets === 0) {
    if ((flag & FLAG_DSACKING_ACK) !== 0) fastretransAlert(sk, ctx, 0, priorSacked, false, flag, echo)
    ackProbe(sk)
    return
  }
  flag |= cleanRtxQueue(sk, ctx, priorFackets, echo)
  const acked = priorPackets - sk.packetsOut
  const hold = sk.frtoCounter > 0 && processFrto(sk, flag)
  if (sk.frtoHighmark < sk.sndUna) sk.frtoHighmark = NO_MARK
  // tcp_ack_is_dubious
  const dubious = (flag & FLAG_NOT_DUP) === 0 || (flag & FLAG_CA_ALERT) !== 0 || sk.caState !== CA_OPEN
  if (
    (flag & FLAG_DATA_ACKED) !== 0 && !hold && sk.caState !== CA_RECOVERY && sk.caState !== CA_CWR &&
    ((flag & FLAG_ECE) === 0 || sk.cwnd < sk.ssthresh)
  ) {
    sk.congestion.congAvoid(sk, priorInFlight)
    stampCwnd(sk)
  }
  if (!dubious) return
  const dupack = (flag & (FLAG_SND_UNA_ADVANCED | FLAG_NOT_DUP)) === 0
  fastretransAlert(sk, ctx, acked, priorSacked, dupack, flag, echo)
}

/** For appropriate byte counting (RFC 3465): bytes that may let the window grow. */
const countBytes = (sk: TcpSocket, bytes: number): void => {
  if (sk.caState < CA_CWR) sk.abcBytes += bytes
  else if (sk.caState === CA_LOSS) sk.abcBytes += Math.min(bytes, sk.mss)
}

/** `tcp_ack_update_window`: true if the segment is new enough to say something of the window (`tcp_may_update_window`). */
const updateWindow = (sk: TcpSocket, ack: number, seq: number, window: number): boolean => {
  const may = ack > sk.sndUna || seq > sk.sndWl1 || (seq === sk.sndWl1 && window > sk.sndWnd)
  if (may) {
    sk.sndWl1 = seq
    sk.sndWnd = window
    if (window > sk.maxWindow) {
      sk.maxWindow = window
      syncMss(sk)
    }
  }
  sk.sndUna = ack
  return may
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
    resetWriteTimer(sk, TIME_PROBE0, Math.min(sk.rto * 2 ** sk.backoff, TCP_RTO_MAX))
  }
}

/** `tcp_check_space`: wakes senders when a third of the buffer is free; the buffer grows with cwnd. */
export const checkSpace = (sk: TcpSocket): void => {
  if (!sk.queueShrunk) return
  sk.queueShrunk = false
  if (!sk.noSpace) return
  if (
    !sk.fixedSndbuf && !sk.memory.pressure && sk.memory.allocated < sk.memory.limit[0] && sk.packetsOut < sk.cwnd
  ) {
    // 2308 bytes of truesize for each segment, for twice the window
    const wanted = 2308 * 2 * Math.max(sk.cwnd, sk.reordering + 1)
    if (wanted > sk.sndbuf) sk.sndbuf = Math.min(wanted, sk.wmemMax)
    stampCwnd(sk)
  }
  if (sk.sndbuf - sk.wmemQueued >= sk.wmemQueued >> 1) {
    sk.noSpace = false
    sk.sendSpace.wakeAll()
  }
}
