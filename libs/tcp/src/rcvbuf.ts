// The receive window: how much the peer may send, and what happens when it sent more than there is room for.
// Modelled: window from free buffer space (half of it: tcp_adv_win_scale 1), slow growth (rcv_ssthresh), autotuning of the
// buffer, pruning of the out-of-order queue.
// Not modelled: rounding of the window to its scale; the segment of the first window clamp that Linux sets aside;
// collapsing of queues, which helps when payload is less than half of truesize: full segments gain nothing, a queue of
// 16-byte replies would shrink a lot, and is pruned here when the protocol is under pressure. rcv_mss is the MSS from the
// start (Linux begins with 536 and learns). The reader's round trip is exact, where Linux counts ticks and takes at least
// one: on a LAN its buffer follows what is read in a tick, and grows larger than here.
// source: net/ipv4/tcp_output.c:__tcp_select_window; net/ipv4/tcp_input.c:tcp_grow_window, tcp_rcv_space_adjust,
// tcp_try_rmem_schedule, tcp_prune_queue, tcp_clamp_window
import { MAX_TCP_HEADER, NO_SKB, skbTruesize } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { freeQueue } from "./queue.ts"
import type { TcpSocket } from "./tcp-sock.ts"

/** `tcp_receive_window`: what the peer may still send by what it was told. */
export const receiveWindow = (sk: TcpSocket): number => Math.max(0, sk.rcvWup + sk.rcvWnd - sk.rcvNxt)

/** `__tcp_select_window`: what could be offered now. */
export const offerableWindow = (sk: TcpSocket): number => {
  const space = (sk.rcvbuf - sk.rmemAlloc) >> 1
  const full = Math.min(sk.windowClamp, sk.rcvbuf >> 1)
  const mss = Math.min(sk.rcvMss, full)
  if (space < full >> 1) {
    sk.quick = 0
    if (sk.memory.pressure) sk.rcvSsthresh = Math.min(sk.rcvSsthresh, 4 * sk.mss)
    if (space < mss) return 0
  }
  return Math.min(space, sk.rcvSsthresh)
}

/** `tcp_select_window`: decides the window of a segment that is about to be sent. The right edge never moves back. */
export const selectWindow = (sk: TcpSocket): number => {
  const window = Math.max(receiveWindow(sk), offerableWindow(sk))
  sk.rcvWnd = window
  sk.rcvWup = sk.rcvNxt
  return window
}

/** `tcp_grow_window`: the window may open faster when packets are well filled. */
export const growWindow = (sk: TcpSocket, skb: number): void => {
  const space = (sk.rcvbuf - sk.rmemAlloc) >> 1
  if (sk.rcvSsthresh >= sk.windowClamp || sk.rcvSsthresh >= space || sk.memory.pressure) return
  const skbs = sk.stack.skbs
  let increment = 0
  if (skbs.truesize[skb] >> 1 <= skbs.len[skb]) {
    increment = 2 * sk.mss
  } else {
    // __tcp_grow_window: a poorly filled packet counts only while the window is small against the largest buffer
    let truesize = skbs.truesize[skb] >> 2
    let window = sk.rmemMax >> 2
    while (sk.rcvSsthresh <= window) {
      if (truesize <= skbs.len[skb]) {
        increment = 2 * sk.rcvMss
        break
      }
      truesize >>= 1
      window >>= 1
    }
  }
  if (increment === 0) return
  sk.rcvSsthresh = Math.min(sk.rcvSsthresh + increment, sk.windowClamp)
  sk.quick |= 1
}

/** `tcp_rcv_rtt_measure_ts`: a full segment echoes the time at which the peer was told to send it. */
export const rcvRttMeasure = (sk: TcpSocket, skb: number): void => {
  const skbs = sk.stack.skbs
  const echo = sk.stack.packets.tsecr[skbs.frame[skb]]
  if (echo === 0 || skbs.len[skb] < sk.rcvMss) return
  const sample = Math.max(1, sk.stack.sim.queue.now - echo)
  sk.rcvRtt = sk.rcvRtt === 0 ? sample : sk.rcvRtt + Math.trunc((sample - sk.rcvRtt) / 8)
}

/** `tcp_rcv_space_adjust`: the buffer follows twice what the reader takes in a round trip. */
export const rcvSpaceAdjust = (sk: TcpSocket): void => {
  const now = sk.stack.sim.queue.now
  if (sk.spaceTime >= 0) {
    if (sk.rcvRtt === 0 || now - sk.spaceTime < sk.rcvRtt) return
    const space = Math.max(sk.spaceBytes, 2 * (sk.copiedSeq - sk.spaceSeq))
    if (space !== sk.spaceBytes) {
      sk.spaceBytes = space
      if (!sk.fixedRcvbuf) {
        let perSegment = skbTruesize(sk.mss + MAX_TCP_HEADER)
        while (perSegment >> 1 < sk.mss) perSegment += 128
        const rcvbuf = Math.min(Math.max(1, Math.floor(space / sk.mss)) * perSegment, sk.rmemMax)
        if (rcvbuf > sk.rcvbuf) {
          sk.rcvbuf = rcvbuf
          sk.windowClamp = space
        }
      }
    }
  }
  sk.spaceSeq = sk.copiedSeq
  sk.spaceTime = now
}

/** `tcp_try_rmem_schedule`: is there room for the packet, if need be after throwing other things away? */
export const tryRmemSchedule = (sk: TcpSocket, ctx: Context, skb: number): boolean => {
  const skbs = sk.stack.skbs
  const size = skbs.truesize[skb]
  const pfmemalloc = skbs.pfmemalloc[skb] !== 0
  if (sk.rmemAlloc <= sk.rcvbuf && sk.rmemSchedule(size, pfmemalloc)) return true
  if (!pruneQueue(sk, ctx)) return false
  if (sk.rmemSchedule(size, pfmemalloc)) return true
  return pruneOfoQueue(sk, ctx) && sk.rmemSchedule(size, pfmemalloc)
}

/** `tcp_prune_queue`: true when the socket is within its buffer afterwards. */
const pruneQueue = (sk: TcpSocket, ctx: Context): boolean => {
  if (sk.rmemAlloc >= sk.rcvbuf) clampWindow(sk)
  else if (sk.memory.pressure) sk.rcvSsthresh = Math.min(sk.rcvSsthresh, 4 * sk.mss)
  sk.memReclaim()
  if (sk.rmemAlloc <= sk.rcvbuf) return true
  pruneOfoQueue(sk, ctx)
  if (sk.rmemAlloc <= sk.rcvbuf) return true
  sk.rcvPruned++
  return false
}

const pruneOfoQueue = (sk: TcpSocket, ctx: Context): boolean => {
  if (sk.oooHead === NO_SKB) return false
  sk.ofoPruned++
  for (let skb = sk.oooHead; skb !== NO_SKB; skb = sk.stack.skbs.next[skb]) sk.rcvbufDrops++
  freeQueue(sk, ctx, sk.oooHead, true)
  sk.oooHead = NO_SKB
  sk.memReclaim()
  return true
}

const clampWindow = (sk: TcpSocket): void => {
  sk.quick = 0
  if (
    sk.rcvbuf < sk.rmemMax && !sk.fixedRcvbuf && !sk.memory.pressure && sk.memory.allocated < sk.memory.limit[0]
  ) {
    sk.rcvbuf = Math.min(sk.rmemAlloc, sk.rmemMax)
  }
  if (sk.rmemAlloc > sk.rcvbuf) sk.rcvSsthresh = Math.min(sk.windowClamp, 2 * sk.mss)
}
