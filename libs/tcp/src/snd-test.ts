// May the segment at the head of what was not sent leave? Three tests: the congestion window, the peer's window, Nagle.
// source: net/ipv4/tcp_output.c:tcp_snd_test, tcp_may_send_now, tcp_cwnd_test, tcp_snd_wnd_test, tcp_nagle_test
import { NO_SKB, TCPHDR_FIN } from "@swaplab/net-skb"
import { NAGLE_CORK, NAGLE_PUSH } from "./constants.ts"
import { inFlight } from "./scoreboard.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_cwnd_test`: how many segments may leave. A FIN goes out whatever the window says. */
export const cwndTest = (sk: TcpSocket, skb: number): number => {
  const { flags, len } = sk.stack.skbs
  if ((flags[skb] & TCPHDR_FIN) !== 0 && len[skb] <= sk.mss) return 1
  return Math.max(0, sk.cwnd - inFlight(sk))
}

/** `tcp_snd_wnd_test`: does the first segment of the skb fit into the peer's window? */
export const sndWndTest = (sk: TcpSocket, skb: number): boolean => {
  const { endSeq, len, seq } = sk.stack.skbs
  const first = len[skb] > sk.mss ? seq[skb] + sk.mss : endSeq[skb]
  return first <= sk.sndUna + sk.sndWnd
}

/** `tcp_nagle_test`, in Minshall's variant: a short segment waits for the ACK of an earlier short one only. Not during F-RTO. */
export const nagleTest = (sk: TcpSocket, skb: number, nonagle: number): boolean => {
  const { flags, len } = sk.stack.skbs
  if (
    (nonagle & NAGLE_PUSH) !== 0 || (flags[skb] & TCPHDR_FIN) !== 0 || sk.frtoCounter === 2 || len[skb] >= sk.mss
  ) return true
  if ((nonagle & NAGLE_CORK) !== 0) return false
  return nonagle !== 0 || sk.packetsOut === 0 || sk.sndSml <= sk.sndUna
}

/** `tcp_may_send_now`. */
export const maySendNow = (sk: TcpSocket): boolean => {
  const skb = sk.sendHead
  if (skb === NO_SKB) return false
  return nagleTest(sk, skb, skb === sk.writeTail ? sk.nonagle : NAGLE_PUSH) && cwndTest(sk, skb) > 0 &&
    sndWndTest(sk, skb)
}
