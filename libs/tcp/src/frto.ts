// F-RTO (RFC 4138): was the time-out premature, because round trips became longer?
//
//   time-out: the head is sent again, nothing is marked lost; state Disorder, frtoCounter 1
//   1 → the first ACK moves forward: two new segments leave; frtoCounter 2, 3 when one has left
//   2, 3 → the second brings more of what was sent before the time-out: it was premature, the window is cut (frto_response)
//   anything else (a repeated ACK, one up to the end of what was sent): it was not; enter_frto_loss
//
// With SACK (tcp_frto = 2) a SACK of something sent once counts as forward, too.
// source: net/ipv4/tcp_input.c:tcp_use_frto, tcp_enter_frto, tcp_process_frto, tcp_enter_frto_loss, tcp_undo_spur_to_response
import { NO_SKB } from "@swaplab/net-skb"
import {
  FLAG_ANY_PROGRESS,
  FLAG_DATA_ACKED,
  FLAG_DATA_SACKED,
  FLAG_ECE,
  FLAG_FORWARD_PROGRESS,
  FLAG_NONHEAD_RETRANS_ACKED,
  FLAG_NOT_DUP,
  FLAG_ONLY_ORIG_SACKED,
  FLAG_RETRANS_DATA_ACKED
} from "./ack-flags.ts"
import { currentSsthresh, enterCwr, moderateCwnd, setCaState, stampCwnd } from "./congestion.ts"
import {
  CA_DISORDER,
  CA_LOSS,
  CA_RECOVERY,
  NO_MARK,
  TCPCB_LOST,
  TCPCB_RETRANS,
  TCPCB_SACKED_ACKED,
  TCPCB_SACKED_RETRANS
} from "./constants.ts"
import { ecnQueueCwr } from "./ecn.ts"
import { clearAllRetransHints, inFlight, pcount } from "./scoreboard.ts"
import { maySendNow } from "./snd-test.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { undoCwr } from "./undo.ts"

/** `tcp_is_sackfrto`. */
const isSackfrto = (sk: TcpSocket): boolean => sk.stack.sysctls["net.ipv4.tcp_frto"] === 2 && sk.sackOk

/** `tcp_use_frto`: without SACK only if nothing but the head was ever sent again. */
export const useFrto = (sk: TcpSocket): boolean => {
  if (sk.stack.sysctls["net.ipv4.tcp_frto"] === 0) return false
  if (isSackfrto(sk)) return true
  if (sk.retransOut > 1) return false
  const { next, sacked } = sk.stack.skbs
  for (let skb = next[sk.writeHead]; skb !== NO_SKB && skb !== sk.sendHead; skb = next[skb]) {
    if ((sacked[skb] & TCPCB_RETRANS) !== 0) return false
    if ((sacked[skb] & TCPCB_SACKED_ACKED) === 0) break
  }
  return true
}

/** `tcp_enter_frto`: a time-out; what it means is decided by the next two ACKs. */
export const enterFrto = (sk: TcpSocket): void => {
  const { sacked } = sk.stack.skbs
  if (
    (sk.frtoCounter === 0 && sk.caState <= CA_DISORDER) || sk.sndUna === sk.highSeq ||
    ((sk.caState === CA_LOSS || sk.frtoCounter > 0) && sk.retransmits === 0)
  ) {
    sk.priorSsthresh = currentSsthresh(sk)
    // the window was not cut by the time-out before, and counts as if it had been
    const { cwnd } = sk
    if (sk.frtoCounter > 0) sk.cwnd = 2
    sk.ssthresh = sk.congestion.ssthresh(sk)
    sk.cwnd = cwnd
  }
  sk.undoMarker = sk.sndUna
  sk.undoRetrans = 0
  const head = sk.writeHead
  if ((sacked[head] & TCPCB_RETRANS) !== 0) sk.undoMarker = NO_MARK
  if ((sacked[head] & TCPCB_SACKED_RETRANS) !== 0) {
    sacked[head] &= ~TCPCB_SACKED_RETRANS
    sk.retransOut -= pcount(sk, head)
  }
  sk.cwnd = Math.min(sk.cwnd, inFlight(sk) + 1)
  const recovering = sk.frtoCounter > 0 || sk.caState === CA_RECOVERY || sk.caState === CA_LOSS
  sk.frtoHighmark = isSackfrto(sk) && recovering && sk.highSeq > sk.sndUna ? sk.highSeq : sk.sndNxt
  setCaState(sk, CA_DISORDER)
  sk.highSeq = sk.sndNxt
  sk.frtoCounter = 1
}

/** `tcp_enter_frto_loss`: it was no premature time-out; what is not SACKed is lost, and `allowed` segments may leave now. */
const enterFrtoLoss = (sk: TcpSocket, allowed: number, flag: number): void => {
  const { endSeq, next, sacked } = sk.stack.skbs
  sk.lostOut = sk.retransOut = 0
  if (!sk.sackOk) sk.sackedOut = 0
  // the head was sent again with the time-out, and is still under way
  let headUnderWay = sk.frtoCounter === 1 && (flag & FLAG_DATA_ACKED) === 0
  for (let skb = sk.writeHead; skb !== NO_SKB && skb !== sk.sendHead; skb = next[skb]) {
    sacked[skb] &= ~TCPCB_LOST
    if (headUnderWay) {
      if ((sacked[skb] & TCPCB_SACKED_RETRANS) !== 0) sk.retransOut += pcount(sk, skb)
      headUnderWay = false
    } else {
      if ((sacked[skb] & TCPCB_RETRANS) !== 0) sk.undoMarker = NO_MARK
      sacked[skb] &= ~TCPCB_SACKED_RETRANS
    }
    if ((sacked[skb] & TCPCB_SACKED_ACKED) !== 0) continue
    sacked[skb] |= TCPCB_LOST
    sk.lostOut += pcount(sk, skb)
    sk.retransmitHigh = endSeq[skb]
  }
  sk.cwnd = inFlight(sk) + allowed
  sk.cwndCnt = 0
  stampCwnd(sk)
  sk.frtoCounter = 0
  sk.abcBytes = 0
  sk.reordering = Math.min(sk.reordering, sk.stack.sysctls["net.ipv4.tcp_reordering"])
  setCaState(sk, CA_LOSS)
  sk.highSeq = sk.sndNxt
  ecnQueueCwr(sk)
  clearAllRetransHints(sk)
}

/** The time-out was premature: what becomes of the window (tcp_frto_response). */
const spurToResponse = (sk: TcpSocket, flag: number): void => {
  const response = sk.stack.sysctls["net.ipv4.tcp_frto_response"]
  if (response === 2) {
    if ((flag & FLAG_ECE) !== 0) enterCwr(sk, false)
    else undoCwr(sk, true)
  } else if (response === 1) {
    // tcp_conservative_spur_to_response
    sk.cwnd = Math.min(sk.cwnd, sk.ssthresh)
    sk.cwndCnt = 0
    sk.abcBytes = 0
    moderateCwnd(sk)
  } else {
    enterCwr(sk, false)
  }
}

/** `tcp_process_frto`, for an ACK with these flags. True: the window must not grow with it. */
export const processFrto = (sk: TcpSocket, flag: number): boolean => {
  if ((flag & FLAG_DATA_ACKED) !== 0) sk.retransmits = 0
  if (
    (flag & FLAG_NONHEAD_RETRANS_ACKED) !== 0 || (sk.frtoCounter >= 2 && (flag & FLAG_RETRANS_DATA_ACKED) !== 0)
  ) sk.undoMarker = NO_MARK
  if (sk.sndUna >= sk.frtoHighmark) {
    enterFrtoLoss(sk, sk.frtoCounter === 1 ? 2 : 3, flag)
    return true
  }
  if (!isSackfrto(sk)) {
    // neither repeated nor forward: data of the peer, or its window
    if ((flag & FLAG_ANY_PROGRESS) === 0 && (flag & FLAG_NOT_DUP) !== 0) return true
    if ((flag & FLAG_DATA_ACKED) === 0) {
      enterFrtoLoss(sk, sk.frtoCounter === 1 ? 0 : 3, flag)
      return true
    }
  } else {
    if ((flag & FLAG_DATA_ACKED) === 0 && sk.frtoCounter === 1) {
      // nothing new leaves
      sk.cwnd = Math.min(sk.cwnd, inFlight(sk))
      return true
    }
    if (
      sk.frtoCounter >= 2 &&
      ((flag & FLAG_FORWARD_PROGRESS) === 0 || (flag & (FLAG_DATA_SACKED | FLAG_ONLY_ORIG_SACKED)) === FLAG_DATA_SACKED)
    ) {
      if ((flag & FLAG_FORWARD_PROGRESS) === 0 && (flag & FLAG_NOT_DUP) !== 0) return true
      enterFrtoLoss(sk, 3, flag)
      return true
    }
  }
  if (sk.frtoCounter === 1) {
    sk.cwnd = inFlight(sk) + 2
    sk.frtoCounter = 2
    if (!maySendNow(sk)) enterFrtoLoss(sk, 2, flag)
    return true
  }
  spurToResponse(sk, flag)
  sk.frtoCounter = 0
  sk.undoMarker = NO_MARK
  sk.mib.TCPSpuriousRTOs++
  return false
}
