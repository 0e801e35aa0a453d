// The operations of a congestion control, one object for each socket: what struct tcp_congestion_ops and icsk_ca_priv are in
// Linux. The table of them is in tcp-cong.ts.
// Not modelled: cwnd_event (neither control of 3.5 that is here has it), set_state for states other than Loss.
// source: include/net/tcp.h:struct tcp_congestion_ops
import type { TcpSocket } from "./tcp-sock.ts"

/** Operations and state of one socket's congestion control. */
export interface CongestionControl {
  /** `init`: the connection stands. */
  init(sk: TcpSocket): void
  /** `ssthresh`: segments were lost. The slow start threshold from now on. */
  ssthresh(sk: TcpSocket): number
  /** `min_cwnd`: how far rate halving cuts. */
  minCwnd(sk: TcpSocket): number
  /** `undo_cwnd`: the window after a cut that was for nothing. */
  undoCwnd(sk: TcpSocket): number
  /** `cong_avoid`: an ACK up to sndUna moved forward, with so many segments in flight before it. */
  congAvoid(sk: TcpSocket, flightBefore: number): void
  /** `set_state(TCP_CA_Loss)`: a time-out. */
  enterLoss(sk: TcpSocket): void
  /**
   * `pkts_acked`: so many segments were acknowledged. `sentNs` is when the last of them was sent, or −1: one of them was sent
   * more than once, or none was complete.
   */
  pktsAcked(sk: TcpSocket, count: number, sentNs: number): void
}
