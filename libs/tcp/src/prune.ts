// What happens when the peer has sent more than there is room for.
// Modelled: the window is clamped, queues are collapsed (collapse.ts), and if that was not enough the out-of-order queue is
// thrown away; then the packet itself is.
// source: net/ipv4/tcp_input.c:tcp_try_rmem_schedule, tcp_prune_queue, tcp_prune_ofo_queue, tcp_clamp_window
import { NO_SKB } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { collapseOfoQueue, collapseReceiveQueue } from "./collapse.ts"
import { freeQueue } from "./queue.ts"
import type { TcpSocket } from "./tcp-sock.ts"

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
  sk.mib.PruneCalled++
  if (sk.rmemAlloc >= sk.rcvbuf) clampWindow(sk)
  else if (sk.memory.pressure) sk.rcvSsthresh = Math.min(sk.rcvSsthresh, 4 * sk.advmss)
  collapseOfoQueue(sk, ctx)
  collapseReceiveQueue(sk, ctx)
  sk.memReclaim()
  if (sk.rmemAlloc <= sk.rcvbuf) return true
  pruneOfoQueue(sk, ctx)
  if (sk.rmemAlloc <= sk.rcvbuf) return true
  sk.mib.RcvPruned++
  sk.fastPath = false
  return false
}

/** `tcp_prune_ofo_queue`: SACK told the peer of these segments, and has to take that back. */
const pruneOfoQueue = (sk: TcpSocket, ctx: Context): boolean => {
  if (sk.oooHead === NO_SKB) return false
  sk.mib.OfoPruned++
  const { gsoSegs, next } = sk.stack.skbs
  for (let skb = sk.oooHead; skb !== NO_SKB; skb = next[skb]) sk.rcvbufDrops += gsoSegs[skb]
  freeQueue(sk, ctx, sk.oooHead, true)
  sk.oooHead = NO_SKB
  sk.numSacks = 0
  sk.dsack = false
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
  if (sk.rmemAlloc > sk.rcvbuf) sk.rcvSsthresh = Math.min(sk.windowClamp, 2 * sk.advmss)
}
