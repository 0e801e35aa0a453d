// Several cards that act as one (bonding, mode 802.3ad).
// Modelled: a bond has no queue of its own; it hands each skb to the card that a hash of its headers picks. Each card has its
// rings, its queue and its interrupts; what is received goes up as if there were one card.
// Not modelled: bonding's own CPU time, and the modes that have no hash (balance-rr, balance-alb).
// source: drivers/net/bonding/bond_3ad.c:bond_3ad_xmit_xor, bond_main.c:bond_handle_frame
import type { Context } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { Nic } from "./nic.ts"
import type { NetDevice, NetStack } from "./stack.ts"
import type { XmitHash } from "./xmit-hash.ts"

/** How a bond picks one of its cards. */
export interface BondLinks {
  readonly hash: XmitHash
  /** The number of the card for a hash, of those whose cables are in. */
  choose(hash: number): number
}

/** The device of a stack whose cards are bonded: whoever builds the machine plugs it in. */
export class Bond implements NetDevice {
  rxDropped = 0
  readonly sg: boolean
  readonly #stack: NetStack
  readonly #slaves: ReadonlyArray<Nic>
  readonly #links: BondLinks

  constructor(stack: NetStack, slaves: ReadonlyArray<Nic>, links: BondLinks) {
    assert(slaves.length > 0, "a bond has a card")
    this.#stack = stack
    this.#slaves = slaves
    this.#links = links
    this.sg = slaves.every((nic) => nic.sg)
  }

  transmit(ctx: Context, skb: number): number {
    const { dst, port, proto, sport } = this.#stack.tx
    return this.#slave(this.#links.hash(this.#stack.host, sport, dst, port, proto)).transmit(ctx, skb)
  }

  transmitFrame(frame: number): void {
    const { dst, port, proto, sport, src } = this.#stack.packets
    this.#slave(this.#links.hash(src[frame], sport[frame], dst[frame], port[frame], proto[frame])).transmitFrame(frame)
  }

  #slave(hash: number): Nic {
    return this.#slaves[this.#links.choose(hash)]
  }
}
