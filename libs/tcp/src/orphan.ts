// A socket that nobody holds any more: close(2), and the orphan that is left.
//
//   held → letGo: data unread → RST, gone
//                 else FIN    → orphan → its FIN acknowledged and the peer's FIN here → gone
//                                      → acknowledged, and 60 s without the peer's FIN → gone
//                                      → new data: RST, gone; 8 retries (102.2 s) without an ACK → gone
//
// Modelled: the above. A socket goes with the next tick, because its last segment is still being handled.
// Not modelled: TIME_WAIT (what comes later meets no socket and gets a RST), SO_LINGER, the limit of orphans.
// What that costs: the end that closes first keeps no memory for a minute, and may use its number again at once.
// source: net/ipv4/tcp.c:tcp_close; net/ipv4/tcp_input.c:tcp_rcv_state_process
import { TCPHDR_FIN } from "@swaplab/net-skb"
import { TIME_CLOSE } from "./constants.ts"
import { resetWriteTimer } from "./retransmit.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_time_wait` and `tcp_done`, after each segment of an orphan: has it anything left to do? */
export const orphanCheck = (sk: TcpSocket): void => {
  if (sk.error !== 0 || sk.finPending || sk.sndUna !== sk.writeSeq) return
  resetWriteTimer(sk, TIME_CLOSE, sk.finReceived ? 0 : finTime(sk))
}

/** `tcp_fin_time`: how long the peer's FIN is waited for, at least 3.5 time-outs. */
const finTime = (sk: TcpSocket): number => Math.max(sk.stack.sysctls["net.ipv4.tcp_fin_timeout"] * 1e9, 3.5 * sk.rto)

/** In `tcp_rcv_state_process`: a segment brings an orphan data that nobody will read. It gets a RST. */
export const dataForNobody = (sk: TcpSocket, skb: number): boolean => {
  const { endSeq, flags } = sk.stack.skbs
  return endSeq[skb] - ((flags[skb] & TCPHDR_FIN) !== 0 ? 1 : 0) > sk.rcvNxt
}
