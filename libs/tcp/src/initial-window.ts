// What a connection begins to receive with: the first window, its scale, the buffer, and a guess at the peer's segments.
// Modelled: ten segments, of what this end announces when it connects, and without the time stamp when it accepts; the scale
//   that the largest buffer needs; the window clamp, from which one segment is set aside; rcv_mss, which is 536 before
//   anything has come.
// Not modelled: a window of a route (RTAX_WINDOW, RTAX_INITRWND), tcp_app_win and tcp_adv_win_scale other than 31 and 1.
// source: net/ipv4/tcp_output.c:tcp_select_initial_window; net/ipv4/tcp_input.c:tcp_init_buffer_space, tcp_fixup_rcvbuf,
// tcp_fixup_sndbuf, tcp_initialize_rcv_mss
import { DATAGRAM_RCVBUF, MAX_TCP_HEADER, skbTruesize } from "@swaplab/net-skb"
import { TCP_DEFAULT_INIT_RCVWND, TCP_INIT_CWND, TCP_MAX_WSCALE, TCP_MIN_MSS, TCP_MSS_DEFAULT } from "./constants.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** The largest window that a header can carry, without its scale. */
const U16_MAX = 65_535
/** net.core.rmem_max, which nobody sets here. */
const RMEM_MAX = DATAGRAM_RCVBUF

/** `tcp_win_from_space`: half of it; the rest is for what packets need beside their data. */
export const winFromSpace = (space: number): number => space >> 1

/** `tcp_full_space`. */
export const fullSpace = (sk: TcpSocket): number => winFromSpace(sk.rcvbuf)

/** `tcp_space`: what is free of it. */
export const freeSpace = (sk: TcpSocket): number => winFromSpace(sk.rcvbuf - sk.rmemAlloc)

/** Ten segments, or as many bytes when segments are larger than those of an Ethernet. */
const initialSegments = (mss: number): number =>
  mss > 1460 ? Math.max(Math.floor((1460 * TCP_DEFAULT_INIT_RCVWND) / mss), 2) : TCP_DEFAULT_INIT_RCVWND

/** `tcp_select_initial_window`: before this end sends its SYN or SYN/ACK. */
export const selectInitialWindow = (sk: TcpSocket, mss: number, scales: boolean): void => {
  let clamp = sk.fixedRcvbuf ? fullSpace(sk) : U16_MAX * 2 ** TCP_MAX_WSCALE
  let window = Math.min(clamp, fullSpace(sk))
  if (window > mss) window -= window % mss
  sk.rcvWscale = 0
  if (scales) {
    let space = Math.min(Math.max(sk.rmemMax, RMEM_MAX), clamp)
    while (space > U16_MAX && sk.rcvWscale < TCP_MAX_WSCALE) {
      space >>= 1
      sk.rcvWscale++
    }
  }
  if (mss > 1 << sk.rcvWscale) window = Math.min(window, initialSegments(mss) * mss)
  clamp = Math.min(U16_MAX * (1 << sk.rcvWscale), clamp)
  sk.windowClamp = clamp
  sk.rcvWnd = sk.rcvSsthresh = window
}

/** Memory of segments of so many bytes, of which half may hold data. */
export const segmentMemory = (mss: number): number => {
  let bytes = skbTruesize(mss + MAX_TCP_HEADER)
  while (winFromSpace(bytes) < mss) bytes += 128
  return bytes
}

/** `tcp_init_buffer_space`: the connection stands. */
export const initBufferSpace = (sk: TcpSocket): void => {
  const { advmss } = sk
  if (!sk.fixedRcvbuf) {
    sk.rcvbuf = Math.max(sk.rcvbuf, Math.min(segmentMemory(advmss) * initialSegments(advmss), sk.rmemMax))
  }
  if (!sk.fixedSndbuf) {
    sk.sndbuf = Math.max(sk.sndbuf, Math.min(skbTruesize(sk.mssClamp + MAX_TCP_HEADER) * TCP_INIT_CWND, sk.wmemMax))
  }
  sk.spaceBytes = sk.rcvWnd
  const most = fullSpace(sk)
  sk.windowClamp = Math.min(sk.windowClamp, most)
  if (sk.windowClamp > 2 * advmss && sk.windowClamp + advmss > most) {
    sk.windowClamp = Math.max(2 * advmss, most - advmss)
  }
  sk.rcvSsthresh = Math.min(sk.rcvSsthresh, sk.windowClamp)
}

/** `tcp_initialize_rcv_mss`: rather too small a guess, which `measureRcvMss` soon corrects. */
export const initializeRcvMss = (sk: TcpSocket): void => {
  const hint = Math.min(sk.advmss, sk.mss, sk.rcvWnd >> 1, TCP_MSS_DEFAULT)
  sk.rcvMss = Math.max(hint, TCP_MIN_MSS)
}
