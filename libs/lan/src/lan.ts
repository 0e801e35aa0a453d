import { assert, type EventKind, type Sim } from "@swaplab/sim"
import type { FrameOps } from "./frame-ops.ts"
import type { Link } from "./link.ts"
import type { Switch } from "./switch.ts"

/** One network: its links and switches, and the owner of the frames. Links register themselves. */
export class Lan {
  readonly sim: Sim
  readonly ops: FrameOps
  readonly links: Array<Link> = []
  readonly switches: Array<Switch> = []
  /** The arrival event of each group (an emulated machine), made on first use. */
  readonly #arrivalKinds = new Map<number, EventKind>()
  readonly #lateKinds = new Map<number, EventKind>()

  constructor(sim: Sim, ops: FrameOps) {
    this.sim = sim
    this.ops = ops
  }

  /** The event "the oldest frame of link `arg` arrives", counted as work of `group`. */
  arrivalKind(group: number): EventKind {
    let kind = this.#arrivalKinds.get(group)
    if (kind === undefined) {
      const links = this.links
      kind = this.sim.queue.register((index) => links[index].arrive(), { group })
      this.#arrivalKinds.set(group, kind)
    }
    return kind
  }

  /** The event "late frames of link `arg` are due", made when the first frame of a group is late. */
  lateKind(group: number): EventKind {
    let kind = this.#lateKinds.get(group)
    if (kind === undefined) {
      const links = this.links
      kind = this.sim.queue.register((index) => links[index].arriveLate(), { group })
      this.#lateKinds.set(group, kind)
    }
    return kind
  }

  /** Frames inside the network: queued, on a wire, or in a switch. */
  inFlight(): number {
    let frames = 0
    for (const link of this.links) frames += link.inFlight
    return frames
  }

  /** Law: on every link and switch, what went in came out, was dropped, or is still inside. */
  checkConservation(): void {
    for (const link of this.links) link.checkConservation()
    for (const device of this.switches) device.checkConservation()
  }

  /** Checks of every structure, and the names: two links of one name would share a random stream. */
  checkInvariants(): void {
    this.checkConservation()
    assert(new Set(this.links.map((link) => link.name)).size === this.links.length, "two links have the same name")
  }
}
