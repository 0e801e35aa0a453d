// The state machine of loss.
//
//   Open       nothing unusual
//   Disorder   repeated ACKs or SACKs: nothing is cut yet; for each segment that has arrived a new one leaves (limited transmit)
//   CWR        the own device dropped something, a switch marked something, or a time-out was premature: the window falls,
//              nothing is sent again
//   Recovery   segments are lost: they are sent again while the window falls
//   Loss       a time-out, or a peer that threw away what it had SACKed: everything is sent again, from a window of one on
//
//   Open, Disorder, CWR → Recovery   time to recover: more repeated ACKs than `reordering`, something marked lost, …
//   Recovery, Loss → Open            highSeq is acknowledged (without SACK: more than highSeq), or all of it was undone
//   CWR → Open                       more than highSeq is acknowledged
//   any → Loss                       a time-out that F-RTO did not put off, reneging
//
// Not modelled: probes for the MTU; thin streams (thin_dupack).
// source: net/ipv4/tcp_input.c:tcp_fastretrans_alert, tcp_time_to_recover, tcp_try_to_open, tcp_try_keep_open
import type { Context } from "@swaplab/page-alloc"
import { FLAG_DATA_ACKED, FLAG_DATA_SACKED, FLAG_ECE, FLAG_SND_UNA_ADVANCED } from "./ack-flags.ts"
import { completeCwr, cwndDown, enterCwr, moderateCwnd, setCaState } from "./congestion.ts"
import { CA_CWR, CA_DISORDER, CA_LOSS, CA_OPEN, CA_RECOVERY } from "./constants.ts"
import { pauseEarlyRetransmit } from "./early-retrans.ts"
import { checkSackReneging } from "./loss.ts"
import { headTimedout, updateScoreboard } from "./mark-lost.ts"
import { enterRecovery, updateCwndInRecovery } from "./recovery.ts"
import { addRenoSack } from "./reordering.ts"
import { xmitRetransmitQueue } from "./retransmit.ts"
import { facketsOut, isFack, leftOut } from "./scoreboard.ts"
import { maySendNow } from "./snd-test.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { anyRetransDone, tryUndoDsack, tryUndoLoss, tryUndoPartial, tryUndoRecovery } from "./undo.ts"

/** `tcp_time_to_recover`. */
const timeToRecover = (sk: TcpSocket): boolean => {
  if (sk.frtoCounter > 0) return false
  if (sk.lostOut > 0) return true
  // tcp_dupack_heuristics
  if ((isFack(sk) ? sk.facketsOut : sk.sackedOut + 1) > sk.reordering) return true
  if (isFack(sk) && headTimedout(sk)) return true
  const { packetsOut, sackedOut } = sk
  if (
    packetsOut <= sk.reordering &&
    sackedOut >= Math.max(packetsOut >> 1, sk.stack.sysctls["net.ipv4.tcp_reordering"]) && !maySendNow(sk)
  ) return true
  return sk.doEarlyRetrans && sk.retransOut === 0 && sackedOut > 0 && packetsOut === sackedOut + 1 && packetsOut < 4 &&
    !maySendNow(sk) && !pauseEarlyRetransmit(sk)
}

/** `tcp_try_keep_open`. */
const tryKeepOpen = (sk: TcpSocket): void => {
  const state = leftOut(sk) > 0 || anyRetransDone(sk) ? CA_DISORDER : CA_OPEN
  if (sk.caState === state) return
  setCaState(sk, state)
  sk.highSeq = sk.sndNxt
}

/** `tcp_try_to_open`. */
const tryToOpen = (sk: TcpSocket, flag: number): void => {
  if (sk.frtoCounter === 0 && !anyRetransDone(sk)) sk.retransStamp = -1
  if ((flag & FLAG_ECE) !== 0) {
    if (sk.caState < CA_CWR) sk.ecnCuts++
    enterCwr(sk, true)
  }
  if (stateOf(sk) === CA_CWR) {
    cwndDown(sk, flag)
    return
  }
  tryKeepOpen(sk)
  if (stateOf(sk) !== CA_OPEN) moderateCwnd(sk)
}

/** A function, because the state changes between two looks. */
const stateOf = (sk: TcpSocket): number => sk.caState

/** Does the state end with this ACK? True: it does not, and there is nothing else to do. */
const atHighSeq = (sk: TcpSocket, echo: number): boolean => {
  if (sk.caState === CA_LOSS) {
    sk.retransmits = 0
    return tryUndoRecovery(sk, echo)
  }
  if (sk.caState === CA_CWR) {
    if (sk.sndUna !== sk.highSeq) {
      completeCwr(sk)
      setCaState(sk, CA_OPEN)
    }
  } else if (sk.caState === CA_RECOVERY) {
    if (!sk.sackOk) sk.sackedOut = 0
    if (tryUndoRecovery(sk, echo)) return true
    completeCwr(sk)
  }
  return false
}

/**
 * `tcp_fastretrans_alert`: an ACK that is not plain. `acked` segments are acknowledged, `priorSacked` is what sackedOut was
 * before, `echo` the time stamp that the ACK echoes.
 */
export const fastretransAlert = (
  sk: TcpSocket,
  ctx: Context,
  acked: number,
  priorSacked: number,
  dupack: boolean,
  flag: number,
  echo: number
): void => {
  let lost = dupack || ((flag & FLAG_DATA_SACKED) !== 0 && facketsOut(sk) > sk.reordering)
  let fastRexmit = false
  if (sk.packetsOut === 0) sk.sackedOut = 0
  if (sk.sackedOut === 0) sk.facketsOut = 0
  if ((flag & FLAG_ECE) !== 0) sk.priorSsthresh = 0
  if (checkSackReneging(sk, ctx, flag)) return
  if (sk.caState === CA_OPEN) sk.retransStamp = -1
  else if (sk.sndUna >= sk.highSeq && atHighSeq(sk, echo)) return

  const advanced = (flag & FLAG_SND_UNA_ADVANCED) !== 0
  if (sk.caState === CA_RECOVERY) {
    if (advanced) lost = tryUndoPartial(sk, acked, echo)
    else if (!sk.sackOk && dupack) addRenoSack(sk)
  } else {
    if (sk.caState === CA_LOSS) {
      if ((flag & FLAG_DATA_ACKED) !== 0) sk.retransmits = 0
      if (!sk.sackOk && advanced) sk.sackedOut = 0
      if (!tryUndoLoss(sk, echo)) {
        moderateCwnd(sk)
        xmitRetransmitQueue(sk, ctx)
        return
      }
      if (stateOf(sk) !== CA_OPEN) return
    }
    if (!sk.sackOk) {
      if (advanced) sk.sackedOut = 0
      if (dupack) addRenoSack(sk)
    }
    if (sk.caState <= CA_DISORDER) tryUndoDsack(sk)
    if (!timeToRecover(sk)) {
      tryToOpen(sk, flag)
      return
    }
    enterRecovery(sk, (flag & FLAG_ECE) !== 0)
    fastRexmit = true
  }
  const delivered = acked + sk.sackedOut - priorSacked
  if (lost || (isFack(sk) && headTimedout(sk))) updateScoreboard(sk, ctx, fastRexmit)
  sk.prrDelivered += delivered
  updateCwndInRecovery(sk, delivered, fastRexmit)
  xmitRetransmitQueue(sk, ctx)
}
