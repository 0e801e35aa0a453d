// Link aggregation (802.3ad): several cables between the same two devices that act as one.
// Modelled: each end picks a cable for every frame by a hash of its addresses, so that the frames of one conversation stay in
// order on one cable and never get more than its rate; a cable that is out takes no part, and what it carried moves to the others.
// Each end hashes by its own rule, so that the two directions of a conversation may use different cables. A switch sees at once that
// a cable is out; a machine that asks every `miimonNs` sends into it until then.
// Not modelled: LACP's packets. What that costs: a cable that is in again is used at once, or at the machine's next look; LACP takes
// some seconds. A cable that is dead in one direction counts as out, which LACP finds out after 90 s at its slow rate.
// source: IEEE 802.1AX (802.3ad); drivers/net/bonding/bond_main.c:bond_3ad_xmit_xor
import { assert, type Nanoseconds } from "@swaplab/sim"
import type { Lan } from "./lan.ts"
import type { Link } from "./link.ts"

/** One cable of an aggregate, as one end sees it. */
export interface AggregateMember {
  /** From here to the other end, and back. */
  readonly out: Link
  readonly back: Link
}

/** What one end of an aggregate knows of its cables. */
export interface AggregateOptions {
  /** How often this end asks whether its cables are in; 0: it knows at once. */
  readonly miimonNs?: Nanoseconds
}

/** One end of an aggregate. */
export class Aggregate {
  readonly members: ReadonlyArray<AggregateMember>
  readonly #lan: Lan
  readonly #miimonNs: Nanoseconds
  /** Numbers of the members that take part: the first `#count`. */
  readonly #active: Int32Array
  #count: number
  /** Changes of carriers in the network that are in `#active`. */
  #seen: number

  constructor(lan: Lan, members: ReadonlyArray<AggregateMember>, options: AggregateOptions = {}) {
    assert(members.length > 0, "an aggregate has a member")
    this.#lan = lan
    this.members = members
    this.#miimonNs = options.miimonNs ?? 0
    this.#active = Int32Array.from(members, (_, i) => i)
    this.#count = members.length
    this.#seen = lan.carrierChanges
  }

  /** The number of the member by which a frame of that hash (0 or more) leaves; where none is in: the first, which loses it. */
  choose(hash: number): number {
    if (this.#lan.carrierChanges !== this.#seen) this.#look()
    const count = this.#count
    return count === 1 ? this.#active[0] : this.#active[hash % count]
  }

  #look(): void {
    const { carrierChangedAt, carrierChanges, sim } = this.#lan
    const miimon = this.#miimonNs
    if (miimon > 0 && sim.now < Math.ceil(carrierChangedAt / miimon) * miimon) return
    this.#seen = carrierChanges
    this.#count = 0
    this.members.forEach(({ back, out }, i) => {
      if (out.up && back.up) this.#active[this.#count++] = i
    })
    if (this.#count === 0) {
      this.#active[0] = 0
      this.#count = 1
    }
  }
}
