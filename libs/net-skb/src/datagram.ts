// A datagram socket that nobody reads: the sink of background packets. Its receive buffer fills, then it drops.
// source: net/core/sock.c:sock_queue_rcv_skb
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { DATAGRAM_RCVBUF } from "./sizes.ts"
import { NO_SKB } from "./skb-rows.ts"
import { type ProtoMemory, Socket } from "./sock.ts"
import type { NetStack } from "./stack.ts"

/** Datagrams, in order of arrival, held until `drain` is called. */
export class DatagramSocket extends Socket {
  /** Datagrams in the queue, and ever accepted. */
  queued = 0
  received = 0
  #head = NO_SKB
  #tail = NO_SKB

  constructor(stack: NetStack, memory: ProtoMemory, rcvbuf = DATAGRAM_RCVBUF) {
    super(stack, memory, rcvbuf, rcvbuf)
  }

  override rcv(ctx: Context, skb: number): void {
    const skbs = this.stack.skbs
    this.packets++
    // the test comes before the packet is charged, so one packet may exceed the buffer
    if (this.rmemAlloc >= this.rcvbuf) {
      this.drops++
      this.rcvbufDrops++
      skbs.kfree(ctx, skb)
      return
    }
    if (!this.filter(skb)) {
      this.drops++
      skbs.kfree(ctx, skb)
      return
    }
    const truesize = skbs.truesize[skb]
    if (!this.rmemSchedule(truesize, skbs.pfmemalloc[skb] !== 0)) {
      this.drops++
      this.rcvbufDrops++
      skbs.kfree(ctx, skb)
      return
    }
    this.memCharge(truesize)
    this.rmemAlloc += truesize
    skbs.next[skb] = NO_SKB
    if (this.#tail === NO_SKB) this.#head = skb
    else skbs.next[this.#tail] = skb
    this.#tail = skb
    this.queued++
    this.received++
  }

  /** Reads and throws away everything in the queue. Returns how many datagrams that were. */
  drain(ctx: Context): number {
    const skbs = this.stack.skbs
    const count = this.queued
    while (this.#head !== NO_SKB) {
      const skb = this.#head
      this.#head = skbs.next[skb]
      this.rmemAlloc -= skbs.truesize[skb]
      this.memUncharge(skbs.truesize[skb])
      skbs.kfree(ctx, skb)
    }
    this.#tail = NO_SKB
    this.queued = 0
    this.memReclaim()
    return count
  }

  override checkInvariants(): void {
    super.checkInvariants()
    const { skbs } = this.stack
    let queued = 0
    let truesize = 0
    for (let skb = this.#head; skb !== NO_SKB; skb = skbs.next[skb]) {
      queued++
      truesize += skbs.truesize[skb]
    }
    assert(queued === this.queued && truesize === this.rmemAlloc, "queue of a datagram socket miscounted")
  }

  /** Drains and unbinds the socket. */
  close(ctx: Context): void {
    this.drain(ctx)
    this.release()
  }
}
