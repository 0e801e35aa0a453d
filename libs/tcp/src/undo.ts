// The window was cut for nothing: what was believed to be lost was late. Then it is restored.
// Two signs, each enough: D-SACKs for everything that was sent again (undoRetrans is 0), or an ACK that echoes a time stamp from
// before the first segment was sent again, the Eifel test (time stamps count ticks: on a LAN a segment that was sent again
// within the tick of the original shows nothing). A recovery that had anything sent again before it cannot be undone
// (undoMarker is NO_MARK).
// source: net/ipv4/tcp_input.c:tcp_may_undo, tcp_packet_delayed, tcp_undo_cwr, tcp_try_undo_recovery, tcp_try_undo_dsack,
// tcp_try_undo_partial, tcp_try_undo_loss, tcp_any_retrans_done
import { NO_SKB } from "@swaplab/net-skb"
import { moderateCwnd, setCaState, stampCwnd } from "./congestion.ts"
import { CA_LOSS, CA_OPEN, NO_MARK, TCPCB_EVER_RETRANS, TCPCB_LOST } from "./constants.ts"
import { ecnWithdrawCwr } from "./ecn.ts"
import { updateReordering } from "./reordering.ts"
import { ticks } from "./rtt.ts"
import { clearAllRetransHints, facketsOut } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_packet_delayed`: nothing was sent again, or the ACK answers something sent before. */
const packetDelayed = (sk: TcpSocket, echo: number): boolean =>
  sk.retransStamp < 0 || (echo !== 0 && ticks(sk, echo) < ticks(sk, sk.retransStamp))

/** `tcp_may_undo`, for an ACK that echoes the time stamp `echo`. */
const mayUndo = (sk: TcpSocket, echo: number): boolean =>
  sk.undoMarker !== NO_MARK && (sk.undoRetrans === 0 || packetDelayed(sk, echo))

/** `tcp_undo_cwr`. */
export const undoCwr = (sk: TcpSocket, undoSsthresh: boolean): void => {
  if (sk.priorSsthresh > 0) {
    sk.cwnd = sk.congestion.undoCwnd(sk)
    if (undoSsthresh && sk.priorSsthresh > sk.ssthresh) {
      sk.ssthresh = sk.priorSsthresh
      ecnWithdrawCwr(sk)
    }
  } else {
    sk.cwnd = Math.max(sk.cwnd, sk.ssthresh)
  }
  stampCwnd(sk)
}

/** `tcp_try_undo_recovery`, at the end of Recovery and Loss. True: without SACK the state is held until something beyond highSeq comes. */
export const tryUndoRecovery = (sk: TcpSocket, echo: number): boolean => {
  if (mayUndo(sk, echo)) {
    undoCwr(sk, true)
    if (sk.caState === CA_LOSS) sk.mib.TCPLossUndo++
    else sk.mib.TCPFullUndo++
    sk.undoMarker = NO_MARK
  }
  if (sk.sndUna === sk.highSeq && !sk.sackOk) {
    moderateCwnd(sk)
    return true
  }
  setCaState(sk, CA_OPEN)
  return false
}

/** `tcp_try_undo_dsack`. */
export const tryUndoDsack = (sk: TcpSocket): void => {
  if (sk.undoMarker === NO_MARK || sk.undoRetrans !== 0) return
  undoCwr(sk, true)
  sk.undoMarker = NO_MARK
  sk.mib.TCPDSACKUndo++
}

/** `tcp_any_retrans_done`: is anything in flight that was sent again? */
export const anyRetransDone = (sk: TcpSocket): boolean =>
  sk.retransOut > 0 || (sk.writeHead !== NO_SKB && (sk.stack.skbs.sacked[sk.writeHead] & TCPCB_EVER_RETRANS) !== 0)

/** `tcp_try_undo_partial`, after a partial ACK of a recovery. True: there is another hole to be marked. */
export const tryUndoPartial = (sk: TcpSocket, acked: number, echo: number): boolean => {
  const failed = !sk.sackOk || facketsOut(sk) > sk.reordering
  if (!mayUndo(sk, echo)) return failed
  // the hole was filled by something late; the next one probably will be, too
  if (!anyRetransDone(sk)) sk.retransStamp = -1
  updateReordering(sk, facketsOut(sk) + acked, true)
  undoCwr(sk, false)
  sk.mib.TCPPartialUndo++
  return false
}

/** `tcp_try_undo_loss`. */
export const tryUndoLoss = (sk: TcpSocket, echo: number): boolean => {
  if (!mayUndo(sk, echo)) return false
  const { next, sacked } = sk.stack.skbs
  for (let skb = sk.writeHead; skb !== NO_SKB && skb !== sk.sendHead; skb = next[skb]) sacked[skb] &= ~TCPCB_LOST
  clearAllRetransHints(sk)
  sk.lostOut = 0
  undoCwr(sk, true)
  sk.mib.TCPLossUndo++
  sk.retransmits = 0
  sk.undoMarker = NO_MARK
  if (sk.sackOk) setCaState(sk, CA_OPEN)
  return true
}
