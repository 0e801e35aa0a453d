// Well-known ports of a machine, and what it answers where nobody listens.
// Modelled: a listener that is there or not. What finds neither a socket nor a listener gets a RST (stack.ts).
// Not modelled: the numbers of real ports. A socket has the number that its machine gave it, and a service a number far
//   above these, so that the two cannot meet.
// What that costs: nothing, as long as no scenario wants two services at one port.
// source: net/ipv4/inet_hashtables.c:__inet_lookup_listener
import type { Context } from "@swaplab/page-alloc"

/** The number by which a service is addressed: 10809 is that of NBD. */
export const servicePort = (port: number): number => 2 ** 30 + port

/** A socket in LISTEN. */
export interface Listener {
  /** A packet for it, from the softirq. The listener owns the skb from here on. */
  rcv(ctx: Context, skb: number): void
}

/** What a machine offers. */
export class Services {
  /** Packets handed to listeners. */
  packets = 0
  /** Requests for a connection that were refused because nobody listens. */
  refused = 0
  /** Of the packets handed to listeners: no SYN; from an end that had given up; SYNs for whose answer there was no memory. */
  strays = 0
  withdrawn = 0
  withoutMemory = 0
  readonly #listeners = new Map<number, Listener>()

  /** Packets that listeners have dropped. */
  get dropped(): number {
    return this.strays + this.withdrawn + this.withoutMemory
  }

  open(port: number, listener: Listener): void {
    this.#listeners.set(port, listener)
  }

  close(port: number): void {
    this.#listeners.delete(port)
  }

  /** The listener there, or null. */
  at(port: number): Listener | null {
    return this.#listeners.get(port) ?? null
  }
}
