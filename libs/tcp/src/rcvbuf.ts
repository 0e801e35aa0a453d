// The receive window: how much the peer may send.
// Modelled: window from free buffer space (half of it: tcp_adv_win_scale 1), rounded up to what the scale can express, without a
// scale down to whole segments; slow growth (rcv_ssthresh).
// Not modelled: tcp_workaround_signed_windows.
// source: net/ipv4/tcp_output.c:__tcp_select_window, tcp_select_window; net/ipv4/tcp_input.c:tcp_grow_window
import { freeSpace, fullSpace, winFromSpace } from "./initial-window.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_receive_window`: what the peer may still send by what it was told. */
export const receiveWindow = (sk: TcpSocket): number => Math.max(0, sk.rcvWup + sk.rcvWnd - sk.rcvNxt)

/** Rounds up to a multiple of what one step of the scale stands for. */
const scaled = (sk: TcpSocket, window: number): number => {
  const step = 1 << sk.rcvWscale
  return Math.ceil(window / step) * step
}

/** `__tcp_select_window`: what could be offered now. */
export const offerableWindow = (sk: TcpSocket): number => {
  let free = freeSpace(sk)
  const full = Math.min(sk.windowClamp, fullSpace(sk))
  const mss = Math.min(sk.rcvMss, full)
  if (free < full >> 1) {
    sk.quick = 0
    if (sk.memory.pressure) sk.rcvSsthresh = Math.min(sk.rcvSsthresh, 4 * sk.advmss)
    if (free < mss) return 0
  }
  free = Math.min(free, sk.rcvSsthresh)
  if (sk.rcvWscale > 0) return scaled(sk, free)
  const window = sk.rcvWnd
  if (window <= free - mss || window > free) return free - free % mss
  return mss === full && free > window + (full >> 1) ? free : window
}

/**
 * `tcp_select_window`: decides the window of a segment that is about to be sent, and returns what the header can say of it. The
 * right edge never moves back.
 */
export const selectWindow = (sk: TcpSocket): number => {
  const current = receiveWindow(sk)
  const offer = offerableWindow(sk)
  const window = offer < current ? scaled(sk, current) : offer
  sk.rcvWnd = window
  sk.rcvWup = sk.rcvNxt
  const step = 1 << sk.rcvWscale
  const said = Math.floor(Math.min(window, 65_535 * step) / step) * step
  if (said === 0) sk.fastPath = false
  return said
}

/** `tcp_grow_window`: the window may open faster when packets are well filled. */
export const growWindow = (sk: TcpSocket, skb: number): void => {
  if (sk.rcvSsthresh >= sk.windowClamp || sk.rcvSsthresh >= freeSpace(sk) || sk.memory.pressure) return
  const { len, truesize } = sk.stack.skbs
  const filled = winFromSpace(truesize[skb]) <= len[skb]
  const increment = filled ? 2 * sk.advmss : poorlyFilled(sk, truesize[skb], len[skb])
  if (increment === 0) return
  sk.rcvSsthresh = Math.min(sk.rcvSsthresh + Math.max(increment, 2 * len[skb]), sk.windowClamp)
  sk.quick |= 1
}

/** `__tcp_grow_window`: a poorly filled packet counts only while the window is small against the largest buffer. */
const poorlyFilled = (sk: TcpSocket, truesize: number, len: number): number => {
  let memory = winFromSpace(truesize) >> 1
  let window = winFromSpace(sk.rmemMax) >> 1
  while (sk.rcvSsthresh <= window) {
    if (memory <= len) return 2 * sk.rcvMss
    memory >>= 1
    window >>= 1
  }
  return 0
}
