// Reno: one segment more a round trip, half the window after a loss. It has no state beside the socket's own.
// source: net/ipv4/tcp_cong.c:tcp_reno_cong_avoid, tcp_reno_ssthresh, tcp_reno_min_cwnd
import type { CongestionControl } from "./congestion-control.ts"
import { congAvoidAi, cwndLimited, slowStart } from "./cwnd.ts"
import type { TcpSocket } from "./tcp-sock.ts"

class Reno implements CongestionControl {
  init(): void {}

  /** Half the window, at least 2. */
  ssthresh(sk: TcpSocket): number {
    return Math.max(sk.cwnd >> 1, 2)
  }

  /** Half of ssthresh. */
  minCwnd(sk: TcpSocket): number {
    return sk.ssthresh >> 1
  }

  /** Twice ssthresh. */
  undoCwnd(sk: TcpSocket): number {
    return Math.max(sk.cwnd, sk.ssthresh * 2)
  }

  congAvoid(sk: TcpSocket, flightBefore: number): void {
    if (!cwndLimited(sk, flightBefore)) return
    if (sk.cwnd <= sk.ssthresh) {
      slowStart(sk)
    } else if (sk.stack.sysctls["net.ipv4.tcp_abc"] > 0) {
      // a segment more for a window of bytes
      const window = sk.cwnd * sk.mss
      if (sk.abcBytes < window) return
      sk.abcBytes -= window
      sk.cwnd++
    } else {
      congAvoidAi(sk, sk.cwnd)
    }
  }

  enterLoss(): void {}

  pktsAcked(): void {}
}

/** All sockets share it. */
export const RENO: CongestionControl = new Reno()
