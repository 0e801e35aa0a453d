// The end of a connection: what follows a FIN of this end.
//
//   held → letGo: data unread → RST, gone
//                 else FIN    → orphan
//   FIN_WAIT1  → acknowledged → FIN_WAIT2; an orphan gives way to a small socket that waits for the FIN of the peer for 60 s
//              → the FIN of the peer: CLOSING → acknowledged → TIME_WAIT
//   FIN_WAIT2  → the FIN of the peer → TIME_WAIT, whether or not a process holds the socket: timewait-sock.ts
//   LAST_ACK (the peer ended first) → acknowledged → gone
//   an orphan  → new data: RST, gone; 8 retries (102.2 s) without an ACK → gone
//
// Modelled: the above; where tcp_fin_timeout is above 60 s the socket itself waits for what is above, and the small one as long
//   again. A socket goes with the next tick, because its last segment is still being handled.
// Not modelled: SO_LINGER, TCP_LINGER2, the limit of orphans. LAST_ACK of a socket that a process still holds lasts until it lets go.
// source: net/ipv4/tcp.c:tcp_close; net/ipv4/tcp_input.c:tcp_rcv_state_process, tcp_fin; net/ipv4/tcp_timer.c:tcp_keepalive_timer
import { TCPHDR_FIN } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import {
  TCP_ESTABLISHED,
  TCP_FIN_WAIT2,
  TCP_TIME_WAIT,
  TCP_TIMEWAIT_LEN,
  TIME_CLOSE,
  TIME_FIN_WAIT2
} from "./constants.ts"
import { resetWriteTimer } from "./retransmit.ts"
import type { TcpSocket } from "./tcp-sock.ts"
import { timeWait } from "./timewait.ts"

/** After each segment of a socket that has sent its FIN: has its connection ended? */
export const endCheck = (sk: TcpSocket, ctx: Context): void => {
  if (sk.error !== 0 || sk.state !== TCP_ESTABLISHED || sk.finPending || sk.sndUna !== sk.writeSeq) return
  if (sk.finReceived && !sk.lastAck) {
    timeWait(sk, ctx, TCP_TIME_WAIT, 0)
  } else if (sk.orphan && !sk.finReceived) {
    const wait = finTime(sk)
    if (wait > TCP_TIMEWAIT_LEN) {
      resetWriteTimer(sk, TIME_FIN_WAIT2, wait - TCP_TIMEWAIT_LEN)
      return
    }
    timeWait(sk, ctx, TCP_FIN_WAIT2, wait)
  }
  if (sk.orphan) resetWriteTimer(sk, TIME_CLOSE, 0)
}

/** In `tcp_keepalive_timer`: the part of the time is over that the socket waits itself. */
export const finWait2Timer = (sk: TcpSocket, ctx: Context): void => {
  const wait = finTime(sk) - TCP_TIMEWAIT_LEN
  if (wait > 0) timeWait(sk, ctx, TCP_FIN_WAIT2, wait)
  resetWriteTimer(sk, TIME_CLOSE, 0)
}

/** `tcp_fin_time`: how long the peer's FIN is waited for, at least 3.5 time-outs. */
const finTime = (sk: TcpSocket): number => Math.max(sk.stack.sysctls["net.ipv4.tcp_fin_timeout"] * 1e9, 3.5 * sk.rto)

/** In `tcp_rcv_state_process`: a segment brings an orphan data that nobody will read. It gets a RST. */
export const dataForNobody = (sk: TcpSocket, skb: number): boolean => {
  const { endSeq, flags } = sk.stack.skbs
  return endSeq[skb] - ((flags[skb] & TCPHDR_FIN) !== 0 ? 1 : 0) > sk.rcvNxt
}
