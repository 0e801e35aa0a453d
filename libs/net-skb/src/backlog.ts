// The backlog of a CPU: packets of drivers without NAPI, between netif_rx and the stack.
// Modelled: the limit net.core.netdev_max_backlog with its comparison (one more than it says fits), the count of dropped packets
//   in /proc/net/softnet_stat, polls of 64 packets.
// Not modelled: the second queue that a poll empties (packets in it do not count for the limit in Linux, here all do); RPS; GRO,
//   which no packet of netif_rx meets.
// source: net/core/dev.c:netif_rx, enqueue_to_backlog, process_backlog
import type { Context } from "@swaplab/page-alloc"
import type { NetStack } from "./stack.ts"

/** Packets that wait for their poll. */
export class Backlog {
  /** The second column of /proc/net/softnet_stat. */
  dropped = 0
  readonly #stack: NetStack
  readonly #skbs: Int32Array
  #first = 0
  #count = 0

  constructor(stack: NetStack) {
    this.#stack = stack
    this.#skbs = new Int32Array(stack.sysctls["net.core.netdev_max_backlog"] + 1)
  }

  /** Packets in it. */
  get length(): number {
    return this.#count
  }

  /** `netif_rx`: a packet joins it, or is dropped. */
  netifRx(ctx: Context, skb: number): void {
    if (this.#count === this.#skbs.length) {
      this.dropped++
      this.#stack.skbs.kfree(ctx, skb)
      return
    }
    this.#skbs[(this.#first + this.#count++) % this.#skbs.length] = skb
  }

  /** `process_backlog`: up to `quota` packets go up. Returns how many. */
  process(ctx: Context, quota: number): number {
    let work = 0
    for (; work < quota && this.#count > 0; work++) {
      ctx.ns += this.#stack.costs.rxPacketNs
      this.#stack.netifReceiveSkb(ctx, this.#take())
    }
    return work
  }

  /** Frees everything in it. Returns how many packets. */
  drain(ctx: Context): number {
    const lost = this.#count
    while (this.#count > 0) this.#stack.skbs.kfree(ctx, this.#take())
    return lost
  }

  #take(): number {
    const skb = this.#skbs[this.#first]
    this.#first = (this.#first + 1) % this.#skbs.length
    this.#count--
    return skb
  }
}
