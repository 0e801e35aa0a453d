// The wire of a link: when each frame under way arrives, and who looks.
// Modelled: propagation delay; no frame overtakes another, whatever becomes of the latency.
// Not modelled: a network card hears of a frame that arrives earlier than foretold, because the rate rose, at its next interrupt.
// Cost: no event, except where somebody is woken (lan.ts). Link says what waits for the wire, LinkEnd what has arrived.
import { type Nanoseconds, WIDE } from "@swaplab/sim"
import { ETHERNET, type Framing, storedBytes } from "./framing.ts"
import type { Lan } from "./lan.ts"
import { LineLatency } from "./line-latency.ts"
import { LineRate } from "./line-rate.ts"
import { LinkEnd } from "./link-end.ts"
import type { BufferOwner, LinkOptions } from "./link-options.ts"
import type { Switch } from "./switch.ts"
import { TransmitQueue, WAITING } from "./transmit-queue.ts"

/** What a link has under way. */
export abstract class LinkWire extends LinkEnd {
  readonly framing: Framing
  /** Told when frames leave the queue; set by a switch. */
  bufferOwner: BufferOwner | null = null
  /** The switch that it leads to, and the port there. */
  device: Switch | null = null
  port = -1

  protected readonly rate: LineRate
  protected readonly latency: LineLatency
  protected readonly frames: TransmitQueue
  readonly #kind: number
  /** The next arrival is looked at in an event. */
  #watched = true
  /** When the next frame arrives, late ones included; Infinity: none is on its way. */
  #nextArrival = WAITING
  /** When the last frame arrived: no frame overtakes it. */
  #lastArrival = WIDE
  #armedAt = WAITING

  constructor(lan: Lan, options: LinkOptions) {
    super(lan, lan.links.length, options)
    this.framing = options.framing ?? ETHERNET
    this.rate = new LineRate(options.bitsPerSecond, options.burstBytes ?? 0)
    this.latency = new LineLatency(options.latencyNs)
    this.frames = new TransmitQueue(this.rate, this.framing.gapBytes)
    this.#kind = lan.arrivalKind(this.group)
    this.#lastArrival = 0
  }

  /** When the next frame arrives, by what is known; Infinity: none is on its way. */
  get nextArrival(): Nanoseconds {
    return this.#nextArrival
  }

  /** The earliest time at which something can arrive for the card at its end; Infinity: nothing is under way to it. */
  get nextAt(): Nanoseconds {
    return this.lan.nextFor(this)
  }

  /** The card at its end asks at this time at the latest. */
  expect(at: Nanoseconds): void {
    this.collector?.expect(at)
  }

  /** The card at its end takes what has arrived by now. */
  collect(): void {
    this.lan.advance()
    this.arriveBy(this.queue.now)
  }

  /** The event of this link: something may have arrived. */
  look(): void {
    const { now } = this.queue
    // an event left over from before a pause
    if (now !== this.#armedAt) return
    this.#armedAt = WAITING
    this.lan.advance()
    if (this.device === null) this.arriveBy(now)
    this.arm()
  }

  /** Everything arrives that does so by then. */
  arriveBy(time: Nanoseconds): void {
    while (this.#nextArrival <= time) this.arrive()
  }

  /** The next frame arrives. */
  arrive(): void {
    const at = this.#nextArrival
    if (this.late.nextDue < this.#headArrival()) {
      this.arriveLate()
      this.arm()
      return
    }
    this.settleTo(at)
    this.#lastArrival = at
    const i = this.frames.shift()
    const { ring } = this.frames
    const frame = ring.frame[i]
    const bytes = ring.bytes[i]
    const fate = ring.fate[i]
    if (fate === 0) {
      this.arm()
      this.deliver(frame, bytes, at)
    } else {
      this.arriveImpaired(frame, bytes, fate, at)
      this.arm()
    }
  }

  /** Takes off the queue's books what has departed by a time at which everything before has happened. */
  settleTo(now: Nanoseconds): void {
    this.frames.settle(now, this.bufferOwner)
  }

  /** From now on the next arrival is looked at in an event. */
  watch(): void {
    this.#watched = true
    this.arm()
  }

  /** It leads to a port of that switch; `watched`: and the switch looks at each frame at its time. */
  into(device: Switch, port: number, receive: (frame: number, at: Nanoseconds) => void, watched: boolean): void {
    this.device = device
    this.port = port
    this.receive = receive
    this.#watched = watched || this.lan.eager
    this.arm()
  }

  /** Everything under way is announced to whoever collects it. */
  announceAll(): void {
    const { frames } = this
    let arrival = this.#lastArrival
    for (let at = frames.head; at !== frames.tail; at++) {
      arrival = Math.max(arrival, this.#arrivalOf(at))
      if (arrival === WAITING) return
      this.lan.announce(this, frames.frame(at), arrival)
    }
  }

  /**
   * The earliest time before `limit` at which a frame under way can reach the end of its way over the link `end`; otherwise
   * `limit`. A late frame counts for anybody.
   */
  earliest(end: LinkWire, limit: Nanoseconds): Nanoseconds {
    const { frames } = this
    let arrival = this.#lastArrival
    let least = this.late.nextDue < limit ? this.late.nextDue : limit
    for (let at = frames.head; at !== frames.tail; at++) {
      arrival = Math.max(arrival, this.#arrivalOf(at))
      if (arrival >= least) return least
      // a small frame behind a large one may be there first: the large one can be lost on its way
      const there = this.lan.reaches(end, this, frames.frame(at), arrival)
      if (there < least) least = there
    }
    return least
  }

  /** Least time that a frame takes from its first bit here to its arrival. */
  shortestNs(frame: number): Nanoseconds {
    const bytes = storedBytes(this.framing, this.ops.bytes(frame)) + this.framing.gapBytes
    return this.rate.shortestNs(bytes) + this.latency.ns
  }

  protected receiverChanged(): void {
    this.#watched = !this.collected || this.lan.eager
    // a receiver without a card gets its frames at their time, so the switches on their way must move them at theirs
    if (this.prompt && this.device === null && this.bufferOwner !== null) this.lan.watch()
    this.arm()
  }

  /** The first frame, or its time, is another: whoever waits for it must know. */
  protected arm(): void {
    const head = this.#headArrival()
    const at = this.late.nextDue < head ? this.late.nextDue : head
    this.#nextArrival = at
    if (this.device !== null) this.lan.merge.set(this.index, at)
    if (!this.#watched || at === this.#armedAt) return
    this.#armedAt = at > this.queue.now ? at : this.queue.now
    if (at !== WAITING) this.queue.at(this.#armedAt, this.#kind, this.index)
  }

  /** When the oldest frame arrives; Infinity: there is none, or a pause holds it. */
  #headArrival(): Nanoseconds {
    const { frames } = this
    if (frames.underWay === 0) return WAITING
    this.latency.forget(frames.head)
    return this.#arrivalOf(frames.head)
  }

  /** When the frame at a position arrives: not before one that left with a longer latency. */
  #arrivalOf(position: number): Nanoseconds {
    const at = this.frames.departure(position) + this.latency.of(position)
    return at > this.#lastArrival ? at : this.#lastArrival
  }
}
