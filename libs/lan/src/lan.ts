// One network: its links and switches, and when something in it has to be computed.
//
// A frame that arrives wakes nobody by itself: a switch only moves it on, and a card tells its machine by an interrupt, some
// microseconds later and once for many frames. So links keep frames with their times, and whoever wants to know asks
// (`advance`, `settle`): then the switches take every frame that has arrived by now, in the order of time, then of the links,
// and decide as of the time of its arrival. The result does not depend on who asks and when.
//
// Events remain where somebody is woken:
//   a card whose interrupts are on   hears of the earliest time at which a frame can reach it (`Collector.expect`), and asks then
//   a receiver without a card        gets each frame at its time: with one behind a switch, every hop has its event
//   a switch with flow control       orders a pause when the frame comes in that is too much: the links to it have events
//   a tap                            sees every frame at its time: every hop has its event
// `watch` gives every hop its event, whatever there is, and has no use for `expect`: what tests compare with.
// Modelled: see link.ts and switch.ts.
import { assert, type EventKind, type Nanoseconds, type Sim, WIDE } from "@swaplab/sim"
import { ArrivalMerge } from "./arrival-merge.ts"
import type { FrameOps } from "./frame-ops.ts"
import type { LinkWire } from "./link-wire.ts"
import type { Link } from "./link.ts"
import type { Switch } from "./switch.ts"

/**
 * One network: its links and switches, and the owner of the frames.
 *
 * **When to use.** Make one for each Sim, before its links and switches, which register themselves.
 *
 * **Details.** A frame is a number of the owner's, who gives the `FrameOps`. Times are nanoseconds.
 *
 * **Gotchas.** What has arrived is worked out when somebody asks, so read counters through their getters. Links of one
 * name share a random stream: `checkInvariants` refuses that.
 */
export class Lan {
  readonly sim: Sim
  readonly ops: FrameOps
  readonly links: Array<Link> = []
  readonly switches: Array<Switch> = []
  /** Links that lead to a switch, by their next arrival. */
  readonly merge = new ArrivalMerge()
  /** How often a cable went in or out, and when the last did: what an aggregate of cables goes by. */
  carrierChanges = 0
  carrierChangedAt: Nanoseconds = 0
  #eager = false
  #settledAt: Nanoseconds = -1
  /** The arrival event of each group (an emulated machine), made on first use. */
  readonly #arrivalKinds = new Map<number, EventKind>()

  constructor(sim: Sim, ops: FrameOps) {
    this.sim = sim
    this.ops = ops
    this.#bound = 0
  }

  /** Every hop has its event. */
  get eager(): boolean {
    return this.#eager
  }

  /** The event "something arrives over link `arg`", counted as work of `group`. */
  arrivalKind(group: number): EventKind {
    let kind = this.#arrivalKinds.get(group)
    if (kind === undefined) {
      const links = this.links
      kind = this.sim.queue.register((index) => links[index].look(), {
        name: "arrival of a frame",
        group,
        interrupt: true
      })
      this.#arrivalKinds.set(group, kind)
    }
    return kind
  }

  /** From now on every hop has its event. */
  watch(): void {
    if (this.#eager) return
    this.settle()
    this.#eager = true
    for (const link of this.links) link.watch()
  }

  /** The switches take what has arrived at them by now. */
  advance(): void {
    const { now } = this.sim.queue
    while (this.merge.nextAt <= now) this.links[this.merge.first].arrive()
  }

  /** As `advance`, and the cards take what has arrived at them. */
  settle(): void {
    const { now } = this.sim.queue
    if (this.#settledAt === now) return
    this.#settledAt = now
    this.advance()
    for (const link of this.links) if (link.collected) link.arriveBy(now)
  }

  /** A frame arrives over `link` at that time: whoever collects at the end of its way hears when it can be there. */
  announce(link: LinkWire, frame: number, at: Nanoseconds): void {
    if (this.#eager) return
    const end = this.#wayOf(link, frame, at)
    if (end !== null) end.expect(this.#bound)
  }

  /** A cable went in or out: frames for an aggregate of cables go other ways. */
  carrierChanged(): void {
    this.carrierChanges++
    this.carrierChangedAt = this.sim.queue.now
    this.announceAll()
  }

  /** As `announce`, for every frame under way on every link. */
  announceAll(): void {
    if (!this.#eager) { for (const link of this.links) link.announceAll() }
  }

  /** The earliest time at which something can arrive over a link that a card collects from; Infinity: nothing is under way. */
  nextFor(link: LinkWire): Nanoseconds {
    if (this.#eager) return Number.POSITIVE_INFINITY
    this.advance()
    let next = link.nextArrival
    for (let place = 0; place < this.merge.size; place++) {
      const from = this.links[this.merge.linkAt(place)]
      if (from.nextArrival < next) next = from.earliest(link, next)
    }
    return next
  }

  /** When a frame that arrives over `from` at that time can be at the far end of `end`; Infinity: it goes elsewhere. */
  reaches(end: LinkWire, from: LinkWire, frame: number, at: Nanoseconds): Nanoseconds {
    return this.#wayOf(from, frame, at) === end ? this.#bound : Number.POSITIVE_INFINITY
  }

  /** Frames inside the network: queued, on a wire, or in a switch. */
  inFlight(): number {
    let frames = 0
    for (const link of this.links) frames += link.inFlight
    return frames
  }

  /** Law: on every link and switch, what went in came out, was dropped, or is still inside. */
  checkConservation(): void {
    this.settle()
    for (const link of this.links) link.checkConservation()
    for (const device of this.switches) device.checkConservation()
  }

  /** Checks of every structure, and the names: two links of one name would share a random stream. */
  checkInvariants(): void {
    this.checkConservation()
    assert(new Set(this.links.map((link) => link.name)).size === this.links.length, "two links have the same name")
  }

  /** When the frame that `#wayOf` followed can be at its end. */
  #bound = WIDE

  /** The link by which a frame reaches its host; null if a switch knows no way. Sets `#bound`. */
  #wayOf(link: LinkWire, frame: number, at: Nanoseconds): LinkWire | null {
    let here = link
    let bound = at
    while (here.device !== null) {
      const out = here.device.outputOf(frame, here.port)
      if (out === null) return null
      bound += here.device.forwardingLatencyNs + out.shortestNs(frame)
      here = out
    }
    this.#bound = bound
    return here
  }
}
