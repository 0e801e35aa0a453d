// Loss: a time-out, or a peer that threw away what it had SACKed. Everything in flight counts as lost, except what is SACKed.
// source: net/ipv4/tcp_input.c:tcp_enter_loss, tcp_check_sack_reneging
import { NO_SKB } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { FLAG_SACK_RENEGING } from "./ack-flags.ts"
import { currentSsthresh, setCaState, stampCwnd } from "./congestion.ts"
import {
  CA_DISORDER,
  CA_LOSS,
  NO_MARK,
  TCPCB_LOST,
  TCPCB_RETRANS,
  TCPCB_SACKED_ACKED,
  TCPCB_TAGBITS,
  TIME_RETRANS
} from "./constants.ts"
import { ecnQueueCwr } from "./ecn.ts"
import { resetWriteTimer, retransmitSkb } from "./retransmit.ts"
import { clearAllRetransHints, pcount } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_enter_loss`. With `forget` also what was SACKed is lost. */
export const enterLoss = (sk: TcpSocket, forget: boolean): void => {
  // once for each window that was lost: a recovery under way has done it
  if (
    sk.caState <= CA_DISORDER || sk.sndUna === sk.highSeq || (sk.caState === CA_LOSS && sk.retransmits === 0)
  ) {
    sk.priorSsthresh = currentSsthresh(sk)
    sk.ssthresh = sk.congestion.ssthresh(sk)
  }
  sk.cwnd = 1
  sk.cwndCnt = 0
  stampCwnd(sk)
  sk.abcBytes = 0
  // tcp_clear_retrans_partial
  sk.retransOut = sk.lostOut = sk.undoRetrans = 0
  sk.undoMarker = forget ? NO_MARK : sk.sndUna
  if (!sk.sackOk || forget) sk.sackedOut = 0
  if (forget) sk.facketsOut = 0
  clearAllRetransHints(sk)
  const { endSeq, next, sacked } = sk.stack.skbs
  for (let skb = sk.writeHead; skb !== NO_SKB && skb !== sk.sendHead; skb = next[skb]) {
    if ((sacked[skb] & TCPCB_RETRANS) !== 0) sk.undoMarker = NO_MARK
    sacked[skb] &= ~TCPCB_TAGBITS | TCPCB_SACKED_ACKED
    if ((sacked[skb] & TCPCB_SACKED_ACKED) !== 0 && !forget) continue
    sacked[skb] = (sacked[skb] & ~TCPCB_SACKED_ACKED) | TCPCB_LOST
    sk.lostOut += pcount(sk, skb)
    sk.retransmitHigh = endSeq[skb]
  }
  sk.reordering = Math.min(sk.reordering, sk.stack.sysctls["net.ipv4.tcp_reordering"])
  setCaState(sk, CA_LOSS)
  sk.highSeq = sk.sndNxt
  ecnQueueCwr(sk)
  sk.frtoCounter = 0
}

/** `tcp_check_sack_reneging`: true when the ACK ended at something that the peer had SACKed. */
export const checkSackReneging = (sk: TcpSocket, ctx: Context, flag: number): boolean => {
  if ((flag & FLAG_SACK_RENEGING) === 0) return false
  sk.mib.TCPSACKReneging++
  enterLoss(sk, true)
  sk.retransmits++
  retransmitSkb(sk, ctx, sk.writeHead)
  resetWriteTimer(sk, TIME_RETRANS, sk.rto)
  return true
}
