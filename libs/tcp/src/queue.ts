// Queues of skbs: singly linked through skbs.next.
import { NO_SKB } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import type { TcpSocket } from "./tcp-sock.ts"

/** Frees a chain of skbs; received ones give their receive memory back, queued ones their send memory. */
export const freeQueue = (sk: TcpSocket, ctx: Context, head: number, received: boolean, queued = false): void => {
  const skbs = sk.stack.skbs
  let skb = head
  while (skb !== NO_SKB) {
    const next = skbs.next[skb]
    skbs.next[skb] = NO_SKB
    if (received) rfree(sk, ctx, skb)
    else if (queued) wmemFreeSkb(sk, ctx, skb)
    else skbs.kfree(ctx, skb)
    skb = next
  }
}

/** `sk_wmem_free_skb`: a queued segment goes. */
export const wmemFreeSkb = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const truesize = sk.stack.skbs.truesize[skb]
  sk.queueShrunk = true
  sk.wmemQueued -= truesize
  sk.memUncharge(truesize)
  sk.stack.skbs.kfree(ctx, skb)
}

/** `skb_set_owner_r`: the receive memory of the socket pays for the skb. */
export const setOwnerR = (sk: TcpSocket, skb: number): void => {
  const truesize = sk.stack.skbs.truesize[skb]
  sk.rmemAlloc += truesize
  sk.memCharge(truesize)
}

/** Frees a received skb that the socket pays for (sock_rfree). */
export const rfree = (sk: TcpSocket, ctx: Context, skb: number): void => {
  const truesize = sk.stack.skbs.truesize[skb]
  sk.rmemAlloc -= truesize
  sk.memUncharge(truesize)
  sk.stack.skbs.kfree(ctx, skb)
}

/** Segments that an skb occupies on the wire (gso_segs). */
export const segments = (len: number, mss: number): number => len <= mss ? 1 : Math.ceil(len / mss)

/** Segments that have arrived and that nobody has looked at yet: the prequeue and the backlog. */
export const waitingSegments = (sk: TcpSocket): number => {
  const { gsoSegs, next } = sk.stack.skbs
  let count = 0
  for (const head of [sk.prequeueHead, sk.backlogHead]) {
    for (let skb = head; skb !== NO_SKB; skb = next[skb]) count += gsoSegs[skb]
  }
  return count
}
