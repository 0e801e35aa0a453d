// Recovery: segments were lost, and are sent again while the window falls to ssthresh.
// Modelled: proportional rate reduction (since 3.2): for what has arrived, as much in proportion is sent as the window is to
// shrink, so that it is at ssthresh after a round trip; below ssthresh it grows again as in slow start (PRR-SSRB).
// The repeated ACKs of a connection without SACK count as arrived, as 3.6 has it; 3.5.0 forgot them.
// source: net/ipv4/tcp_input.c:tcp_enter_recovery, tcp_update_cwnd_in_recovery
import { currentSsthresh, setCaState } from "./congestion.ts"
import { CA_CWR, CA_RECOVERY } from "./constants.ts"
import { ecnQueueCwr } from "./ecn.ts"
import { inFlight } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_enter_recovery`; `ece`: a switch marks, too, so that the cut is never undone. */
export const enterRecovery = (sk: TcpSocket, ece = false): void => {
  if (sk.sackOk) sk.mib.TCPSackRecovery++
  else sk.mib.TCPRenoRecovery++
  sk.highSeq = sk.sndNxt
  sk.priorSsthresh = 0
  sk.undoMarker = sk.sndUna
  sk.undoRetrans = sk.retransOut
  if (sk.caState < CA_CWR) {
    if (!ece) sk.priorSsthresh = currentSsthresh(sk)
    sk.ssthresh = sk.congestion.ssthresh(sk)
    ecnQueueCwr(sk)
  }
  sk.abcBytes = 0
  sk.cwndCnt = 0
  sk.priorCwnd = sk.cwnd
  sk.prrDelivered = 0
  sk.prrOut = 0
  setCaState(sk, CA_RECOVERY)
}

/** `tcp_update_cwnd_in_recovery`: `delivered` segments have newly arrived. */
export const updateCwndInRecovery = (sk: TcpSocket, delivered: number, fastRexmit: boolean): void => {
  const flight = inFlight(sk)
  const send = flight > sk.ssthresh
    ? Math.floor((sk.ssthresh * sk.prrDelivered + sk.priorCwnd - 1) / sk.priorCwnd) - sk.prrOut
    : Math.min(sk.ssthresh - flight, Math.max(sk.prrDelivered - sk.prrOut, delivered) + 1)
  sk.cwnd = flight + Math.max(send, fastRexmit ? 1 : 0)
}
