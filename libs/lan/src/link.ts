// One direction of a cable with the transmit queue in front of it: what waits for the wire, and what stops or changes it.
// Modelled: exact serialisation time (line-rate.ts), propagation delay (link-wire.ts), a FIFO queue limited in bytes
// (transmit-queue.ts), loss and other damage (impairments.ts), the cable being pulled, 802.3x pause (the frame under way is
// finished, the rest waits), rate and latency that change while it runs (a frame that has begun keeps those it began with), a
// token bucket in place of a cable (line-rate.ts).
// Not modelled: collisions and half duplex, priorities, cut-through. Damaged frames use the wire as good ones do.
// Cost: no event, except where somebody is woken (lan.ts). The times at which a frame leaves and arrives are computed when it
// is queued, and again when a pause, a rate or a latency changes them.
import { assert, type Nanoseconds } from "@swaplab/sim"
import { DropReason, TapEvent } from "./frame-ops.ts"
import { storedBytes } from "./framing.ts"
import type { Lan } from "./lan.ts"
import { DownBy, DROPPED, type LinkOptions, PausedBy } from "./link-options.ts"
import { LinkWire } from "./link-wire.ts"
import { WAITING } from "./transmit-queue.ts"

/**
 * One direction of a cable, with the transmit queue in front of it.
 *
 * **When to use.** Two of them make a cable between a card and a {@link Switch}, two switches, or two cards.
 *
 * **Details.** `send` returns the time in nanoseconds at which the last bit will have left, Infinity while paused, or
 * DROPPED, and `FrameOps.drop` has taken the frame back then. Queues count bytes with Ethernet's framing; `busyNs` over
 * the time passed is the utilisation. Rate, latency and the cable may change while it runs.
 *
 * **Gotchas.** Most arrivals have no event of their own (see {@link Lan}): read the counters through the getters, which
 * first bring the link up to date. Without `queueBytes` the queue has no end. `setUp(false)` loses all that is queued
 * or on the wire.
 */
export class Link extends LinkWire {
  readonly queueBytes: number
  #held = 0
  #pausedSince: Nanoseconds = -1
  #pausedNs: Nanoseconds = 0
  /** Bits of `PausedBy`. */
  #pausedBy = 0
  /** Bits of `DownBy`. */
  #downBy = 0

  constructor(lan: Lan, options: LinkOptions) {
    super(lan, options)
    lan.links.push(this)
    this.queueBytes = options.queueBytes ?? Number.POSITIVE_INFINITY
  }

  get bitsPerSecond(): number {
    return this.rate.bitsPerSecond
  }

  get latencyNs(): Nanoseconds {
    return this.latency.ns
  }

  get up(): boolean {
    return this.#downBy === 0
  }

  get paused(): boolean {
    return this.#pausedSince >= 0
  }

  /** Bytes that wait for the wire or are being sent. */
  get queuedBytes(): number {
    this.settle()
    return this.frames.bytes
  }

  /** The same, for a switch that has settled it. */
  get settledBytes(): number {
    return this.frames.bytes
  }

  get maxQueuedBytes(): number {
    this.settle()
    return this.frames.maxBytes
  }

  /** Frames that waited while the link was paused. */
  get heldFrames(): number {
    this.settle()
    return this.#held
  }

  /** Frames accepted and neither delivered nor dropped. */
  get inFlight(): number {
    this.lan.settle()
    return this.frames.underWay + this.late.size
  }

  /** Frames that wait for the wire or are being sent. */
  get queuedFrames(): number {
    this.settle()
    return this.frames.queued
  }

  /** Frames that left the queue since the beginning, sent or thrown out: a network card completes them by this. */
  get departedFrames(): number {
    this.settle()
    return this.sent - this.refused - this.frames.queued
  }

  /** When the frame being sent will have left; Infinity when nothing is queued, or when paused. */
  get nextDeparture(): Nanoseconds {
    this.settle()
    return this.frames.nextDeparture
  }

  /** The time at which the next frame leaves, for a switch that has settled it; Infinity: none waits, or a pause holds them. */
  get settledDeparture(): Nanoseconds {
    return this.frames.nextDeparture
  }

  /** Time spent sending, up to now: divided by the time passed it is the utilisation. */
  get busyNs(): Nanoseconds {
    this.settle()
    return this.frames.busyNs(this.queue.now)
  }

  /** Time spent held by pause frames, up to now. */
  get pausedNs(): Nanoseconds {
    return this.#pausedNs + (this.paused ? this.queue.now - this.#pausedSince : 0)
  }

  /**
   * Sends a frame. Returns when its last bit will have left (later if a pause comes in between), or `DROPPED`: then
   * `FrameOps.drop` has been called.
   */
  send(frame: number): Nanoseconds {
    const { now } = this.queue
    if (this.bufferOwner !== null) this.lan.advance()
    const depart = this.enqueue(frame, storedBytes(this.framing, this.ops.bytes(frame)), now, now, -1)
    if (depart !== DROPPED && depart !== WAITING) this.lan.announce(this, frame, depart + this.latency.ns)
    return depart
  }

  /**
   * Takes a frame of so many stored bytes at the time `now`, to start not before `earliest`; `tag` is handed to the buffer owner
   * when the frame has left.
   */
  enqueue(frame: number, bytes: number, now: Nanoseconds, earliest: Nanoseconds, tag: number): Nanoseconds {
    this.sent++
    this.sentSum += bytes
    if (this.taps.length !== 0) this.tell(frame, TapEvent.Sent)
    if (this.#downBy !== 0) return this.refuse(frame, bytes, DropReason.LinkDown)
    this.settleTo(now)
    const { frames } = this
    if (frames.bytes + bytes > this.queueBytes) return this.refuse(frame, bytes, DropReason.QueueFull)
    if (frames.full) {
      // what has arrived and was not asked for makes room
      if (this.collected) this.arriveBy(now)
      if (frames.full) frames.grow()
    }
    const fate = this.fates.active ? this.fates.draw() : 0
    if (this.#pausedSince >= 0) {
      this.#held++
      frames.pushHeld(frame, bytes, tag, fate, earliest)
      return WAITING
    }
    const depart = frames.push(frame, bytes, tag, fate, earliest)
    if (frames.underWay === 1) this.arm()
    return depart
  }

  /** Takes the frames that have departed by now off the queue's books. */
  settle(): void {
    if (this.bufferOwner !== null) this.lan.advance()
    this.settleTo(this.queue.now)
  }

  /** A pause frame arrived at the sender: the frame under way is finished, then the wire is silent until `resume`. */
  pause(by: number = PausedBy.Switch): void {
    this.settle()
    this.#pausedBy |= by
    if (this.paused) return
    this.#pausedSince = this.queue.now
    this.#held += this.frames.hold(this.queue.now)
    this.arm()
  }

  /** The pause is over, if nobody else holds the link: what waits is sent, in order. */
  resume(by: number = PausedBy.Switch): void {
    this.#pausedBy &= ~by
    if (!this.paused || this.#pausedBy !== 0) return
    this.settle()
    this.#pausedNs += this.queue.now - this.#pausedSince
    this.#pausedSince = -1
    this.frames.plan(this.queue.now, true)
    this.arm()
    this.bufferOwner?.replanned()
    this.announceAll()
  }

  /**
   * Changes the rate. The frame under way is finished at the old one. A frame that came from a switch within its forwarding
   * latency and waits behind others may then leave earlier by up to that latency.
   */
  setRate(bitsPerSecond: number): void {
    this.lan.settle()
    this.settle()
    if (!this.paused) this.frames.hold(this.queue.now)
    this.rate.bitsPerSecond = bitsPerSecond
    if (!this.paused) this.frames.plan(this.queue.now, false)
    this.arm()
    this.bufferOwner?.replanned()
    this.lan.announceAll()
  }

  /** Changes the latency of frames that are not under way. No frame overtakes one sent before it. */
  setLatency(latencyNs: Nanoseconds): void {
    this.lan.settle()
    this.settle()
    this.latency.change(latencyNs, this.frames.head, this.frames.begun(this.queue.now))
    this.arm()
    this.lan.announceAll()
  }

  /**
   * Plugs the cable in or pulls it, or gives and takes the power at its end: it is up when neither is missing. Going down loses
   * everything that is queued or on the wire.
   */
  setUp(up: boolean, by: number = DownBy.Cable): void {
    this.lan.settle()
    const before = this.up
    this.#downBy = up ? this.#downBy & ~by : this.#downBy | by
    if (this.up === before) return
    this.settle()
    const { now } = this.queue
    if (!up) {
      while (this.frames.underWay !== 0) {
        const i = this.frames.discard(now, this.bufferOwner)
        this.drop(this.frames.ring.frame[i], this.frames.ring.bytes[i], DropReason.LinkDown)
      }
      this.dropLate()
    }
    this.frames.freeWire(now)
    this.arm()
    this.lan.carrierChanged()
  }

  /** sent + duplicated = delivered + dropped + in flight. */
  checkConservation(): void {
    assert(
      this.sentFrames + this.duplicatedFrames === this.delivered + this.droppedSum + this.inFlight,
      "frames of a link are not conserved"
    )
    this.frames.checkInvariants()
    let dropped = 0
    for (const count of this.dropped) dropped += count
    assert(dropped === this.droppedSum, "drops of a link are miscounted")
  }
}
