// The receive buffer follows its reader: it grows to twice what is read in a round trip.
// Modelled: both measurements of the round trip, by echoed time stamps (smoothed) and by the time that a window takes (the
// least); in ticks, of which every one takes at least one. On a LAN the buffer follows what is read in a tick.
// source: net/ipv4/tcp_input.c:tcp_rcv_rtt_update, tcp_rcv_rtt_measure, tcp_rcv_rtt_measure_ts, tcp_rcv_space_adjust
import { segmentMemory } from "./initial-window.ts"
import { ticks } from "./rtt.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_rcv_rtt_update`: a round trip of so many ticks. `rcvRtt` counts eighths of ticks. */
const update = (sk: TcpSocket, sample: number, windowed: boolean): void => {
  const m = Math.max(sample, 1)
  if (sk.rcvRtt === 0) sk.rcvRtt = m << 3
  else if (windowed) sk.rcvRtt = Math.min(sk.rcvRtt, m << 3)
  else sk.rcvRtt += m - (sk.rcvRtt >> 3)
}

/** `tcp_rcv_rtt_measure`: a window's worth of data takes a round trip at least. */
export const rcvRttMeasure = (sk: TcpSocket): void => {
  const now = ticks(sk, sk.stack.sim.queue.now)
  if (sk.rcvRttTime >= 0) {
    if (sk.rcvNxt < sk.rcvRttSeq) return
    update(sk, now - sk.rcvRttTime, true)
  }
  sk.rcvRttSeq = sk.rcvNxt + sk.rcvWnd
  sk.rcvRttTime = now
}

/** `tcp_rcv_rtt_measure_ts`: a full segment echoes the time at which the peer was told to send it. */
export const rcvRttMeasureTs = (sk: TcpSocket, skb: number): void => {
  const { endSeq, frame, seq } = sk.stack.skbs
  const echo = sk.stack.packets.tsecr[frame[skb]]
  if (!sk.tsOk || echo === 0 || endSeq[skb] - seq[skb] < sk.rcvMss) return
  update(sk, ticks(sk, sk.stack.sim.queue.now) - ticks(sk, echo), false)
}

/** `tcp_rcv_space_adjust`, whenever data were read. */
export const rcvSpaceAdjust = (sk: TcpSocket): void => {
  const now = ticks(sk, sk.stack.sim.queue.now)
  if (sk.spaceTime >= 0) {
    if (sk.rcvRtt === 0 || now - sk.spaceTime < sk.rcvRtt >> 3) return
    const space = Math.max(sk.spaceBytes, 2 * (sk.copiedSeq - sk.spaceSeq))
    if (space !== sk.spaceBytes) {
      sk.spaceBytes = space
      follow(sk, space)
    }
  }
  sk.spaceSeq = sk.copiedSeq
  sk.spaceTime = now
}

/** The buffer grows to hold `space` bytes of data. */
const follow = (sk: TcpSocket, space: number): void => {
  if (sk.fixedRcvbuf || sk.stack.sysctls["net.ipv4.tcp_moderate_rcvbuf"] === 0) return
  const rcvbuf = Math.min(Math.max(1, Math.floor(space / sk.advmss)) * segmentMemory(sk.advmss), sk.rmemMax)
  if (rcvbuf <= sk.rcvbuf) return
  sk.rcvbuf = rcvbuf
  sk.windowClamp = space
}
