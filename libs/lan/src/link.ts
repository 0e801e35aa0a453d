// One direction of a cable with the transmit queue in front of it.
// Modelled: exact serialisation time (the fraction of a nanosecond is carried over), propagation delay, a FIFO queue
// limited in bytes, loss and other damage (impairments.ts), the cable being pulled, 802.3x pause (the frame under way is
// finished, the rest waits), rate and latency that change while it runs (a frame that has begun keeps those it began with).
// Not modelled: collisions and half duplex, priorities, cut-through. Damaged frames use the wire as good ones do. A network
// card hears of a frame that leaves earlier than foretold, because the rate rose, at its next interrupt.
// Cost: one event per frame. The departure of a frame is computed when it is queued, so queue lengths are settled
// lazily: a frame that has departed leaves the count at the next send or arrival, at most one propagation delay late.
import { assert, type Nanoseconds } from "@swaplab/sim"
import { DropReason, TapEvent } from "./frame-ops.ts"
import { FrameRing } from "./frame-ring.ts"
import { ETHERNET, type Framing, storedBytes } from "./framing.ts"
import type { Lan } from "./lan.ts"
import { LinkEnd } from "./link-end.ts"
import { type BufferOwner, type LinkOptions, PausedBy } from "./link-options.ts"

const WAITING = Number.POSITIVE_INFINITY

/** One direction of a cable. */
export class Link extends LinkEnd {
  readonly queueBytes: number
  readonly framing: Framing
  /** Told when frames leave the queue; set by a switch. */
  bufferOwner: BufferOwner | null = null
  /** Bytes that wait for the wire or are being sent, as of the last send, arrival or `settle`. */
  queuedBytes = 0
  maxQueuedBytes = 0
  /** Frames that waited while the link was paused. */
  heldFrames = 0

  readonly #kind: number
  #bitsPerSecond: number
  #latencyNs: Nanoseconds
  /** Nanoseconds per byte if that is an integer, else 0. */
  #nsPerByte: number
  #remainder = 0
  #busyUntil: Nanoseconds = 0
  #busyNs: Nanoseconds = 0
  #pausedSince: Nanoseconds = -1
  #pausedNs: Nanoseconds = 0
  /** Bits of `PausedBy`. */
  #pausedBy = 0
  #up = true
  #armedAt = WAITING
  // A ring of frames in order: [head, departed) are on the wire, [departed, tail) in the queue; those from `held` on
  // have no departure time because the link is paused.
  #ring = new FrameRing(16)
  #head = 0
  /** Latencies that frames under way left with: those at positions below `below`. */
  readonly #older: Array<{ readonly below: number; readonly latencyNs: Nanoseconds }> = []
  #departed = 0
  #tail = 0

  constructor(lan: Lan, options: LinkOptions) {
    super(lan, lan.links.length, options)
    lan.links.push(this)
    this.#bitsPerSecond = checkedRate(options.bitsPerSecond)
    this.#latencyNs = checkedLatency(options.latencyNs)
    this.queueBytes = options.queueBytes ?? Number.POSITIVE_INFINITY
    this.framing = options.framing ?? ETHERNET
    this.#kind = lan.arrivalKind(this.group)
    this.#nsPerByte = nsPerByte(options.bitsPerSecond)
  }

  get bitsPerSecond(): number {
    return this.#bitsPerSecond
  }

  get latencyNs(): Nanoseconds {
    return this.#latencyNs
  }

  get up(): boolean {
    return this.#up
  }

  get paused(): boolean {
    return this.#pausedSince >= 0
  }

  /** Frames accepted and neither delivered nor dropped. */
  get inFlight(): number {
    return this.#tail - this.#head + this.late.size
  }

  /** Frames that wait for the wire or are being sent. */
  get queuedFrames(): number {
    this.settle()
    return this.#tail - this.#departed
  }

  /** Frames that left the queue since the beginning, sent or thrown out: a network card completes them by this. */
  get departedFrames(): number {
    this.settle()
    return this.sentFrames - this.refused - (this.#tail - this.#departed)
  }

  /** When the frame being sent will have left; Infinity when nothing is queued, or when paused. */
  get nextDeparture(): Nanoseconds {
    this.settle()
    return this.#departed === this.#tail ? WAITING : this.#ring.departAt[this.#departed & this.#ring.mask]
  }

  /** Time spent sending, up to now: divided by the time passed it is the utilisation. */
  get busyNs(): Nanoseconds {
    this.settle()
    if (this.#departed === this.#tail) return this.#busyNs
    const i = this.#departed & this.#ring.mask
    const running = this.#ring.departAt[i] === WAITING ? 0 : this.queue.now - this.#ring.startAt[i]
    return this.#busyNs + Math.max(0, running)
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
    return this.enqueue(frame, storedBytes(this.framing, this.ops.bytes(frame)), this.queue.now, -1)
  }

  /**
   * As `send`, for a frame of so many stored bytes, starting not before `earliest`; `tag` is handed to the buffer owner
   * when the frame has left.
   */
  enqueue(frame: number, bytes: number, earliest: Nanoseconds, tag: number): Nanoseconds {
    this.sentFrames++
    this.sentBytes += bytes
    if (this.taps.length !== 0) this.tell(frame, TapEvent.Sent)
    if (!this.#up) return this.refuse(frame, bytes, DropReason.LinkDown)
    this.settle()
    if (this.queuedBytes + bytes > this.queueBytes) return this.refuse(frame, bytes, DropReason.QueueFull)
    if (this.#tail - this.#head > this.#ring.mask) this.#ring = this.#ring.doubled(this.#head, this.#tail)

    const i = this.#tail++ & this.#ring.mask
    this.#ring.frame[i] = frame
    this.#ring.bytes[i] = bytes
    this.#ring.tag[i] = tag
    this.#ring.fate[i] = this.impairments.active ? this.impairments.draw() : 0
    this.queuedBytes += bytes
    if (this.queuedBytes > this.maxQueuedBytes) this.maxQueuedBytes = this.queuedBytes
    if (this.#pausedSince >= 0) {
      this.heldFrames++
      this.#ring.startAt[i] = earliest
      this.#ring.departAt[i] = WAITING
      return WAITING
    }
    const start = this.#busyUntil > earliest ? this.#busyUntil : earliest
    const depart = start + this.#serialisation(bytes + this.framing.gapBytes)
    this.#ring.startAt[i] = start
    this.#ring.departAt[i] = depart
    this.#busyUntil = depart
    if (this.#tail - this.#head === 1) this.#arm()
    return depart
  }

  /** The oldest frame arrives; called by the event of this link. */
  arrive(): void {
    const now = this.queue.now
    // an event left over from before a pause
    if (now !== this.#armedAt) return
    this.#armedAt = WAITING
    this.settle()
    const i = this.#head & this.#ring.mask
    assert(this.#head < this.#departed, "a frame arrives that has not departed")
    this.#head++
    if (this.#head !== this.#tail) this.#arm()
    if (this.#ring.fate[i] === 0) this.deliver(this.#ring.frame[i], this.#ring.bytes[i])
    else this.arriveImpaired(this.#ring.frame[i], this.#ring.bytes[i], this.#ring.fate[i])
  }

  /** Takes the frames that have departed by now off the queue's books. */
  settle(): void {
    const now = this.queue.now
    while (this.#departed !== this.#tail) {
      const i = this.#departed & this.#ring.mask
      if (this.#ring.departAt[i] > now) return
      this.#departed++
      this.queuedBytes -= this.#ring.bytes[i]
      this.#busyNs += this.#ring.departAt[i] - this.#ring.startAt[i]
      if (this.bufferOwner !== null) this.bufferOwner.release(this.#ring.tag[i], this.#ring.bytes[i])
    }
  }

  /** A pause frame arrived at the sender: the frame under way is finished, then the wire is silent until `resume`. */
  pause(by: number = PausedBy.Switch): void {
    this.#pausedBy |= by
    if (this.paused) return
    this.settle()
    this.#pausedSince = this.queue.now
    this.heldFrames += this.#hold()
    this.#arm()
  }

  /** The pause is over, if nobody else holds the link: what waits is sent, in order. */
  resume(by: number = PausedBy.Switch): void {
    this.#pausedBy &= ~by
    if (!this.paused || this.#pausedBy !== 0) return
    this.#pausedNs += this.queue.now - this.#pausedSince
    this.#pausedSince = -1
    this.settle()
    this.#plan(true)
    this.#arm()
  }

  /**
   * Changes the rate. The frame under way is finished at the old one. A frame that came from a switch within its forwarding
   * latency and waits behind others may then leave earlier by up to that latency.
   */
  setRate(bitsPerSecond: number): void {
    this.settle()
    if (!this.paused) this.#hold()
    this.#bitsPerSecond = checkedRate(bitsPerSecond)
    this.#nsPerByte = nsPerByte(bitsPerSecond)
    this.#remainder = 0
    if (!this.paused) this.#plan(false)
    this.#arm()
  }

  /** Changes the latency of frames that are not under way. No frame overtakes one sent before it. */
  setLatency(latencyNs: Nanoseconds): void {
    this.settle()
    const now = this.queue.now
    let begun = this.#departed
    for (; begun !== this.#tail; begun++) {
      const i = begun & this.#ring.mask
      if (this.#ring.departAt[i] === WAITING || this.#ring.startAt[i] >= now) break
    }
    if (begun !== this.#head) this.#older.push({ below: begun, latencyNs: this.#latencyNs })
    this.#latencyNs = checkedLatency(latencyNs)
    this.#arm()
  }

  /** Plugs the cable in or pulls it. Pulling it loses everything that is queued or on the wire. */
  setUp(up: boolean): void {
    if (up === this.#up) return
    this.settle()
    this.#up = up
    const now = this.queue.now
    if (!up) {
      this.#armedAt = WAITING
      while (this.#head !== this.#tail) {
        const i = this.#head & this.#ring.mask
        if (this.#head === this.#departed) {
          this.#departed++
          this.queuedBytes -= this.#ring.bytes[i]
          if (this.#ring.departAt[i] !== WAITING) this.#busyNs += Math.max(0, now - this.#ring.startAt[i])
          if (this.bufferOwner !== null) this.bufferOwner.release(this.#ring.tag[i], this.#ring.bytes[i])
        }
        this.#head++
        this.drop(this.#ring.frame[i], this.#ring.bytes[i], DropReason.LinkDown)
      }
      this.dropLate()
    }
    this.#busyUntil = now
  }

  /** sent + duplicated = delivered + dropped + in flight. */
  checkConservation(): void {
    assert(
      this.sentFrames + this.duplicatedFrames === this.deliveredFrames + this.droppedFrames + this.inFlight,
      "frames of a link are not conserved"
    )
    let queued = 0
    for (let at = this.#departed; at !== this.#tail; at++) queued += this.#ring.bytes[at & this.#ring.mask]
    assert(queued === this.queuedBytes, "bytes queued on a link are miscounted")
    assert(this.#head <= this.#departed && this.#departed <= this.#tail, "cursors of a link are out of order")
    let dropped = 0
    for (const count of this.dropped) dropped += count
    assert(dropped === this.droppedFrames, "drops of a link are miscounted")
  }

  /** Takes their departure from the frames that have not begun. Returns their number. */
  #hold(): number {
    const now = this.queue.now
    let held = 0
    this.#busyUntil = now
    for (let at = this.#departed; at !== this.#tail; at++) {
      const i = at & this.#ring.mask
      if (this.#ring.startAt[i] < now) this.#busyUntil = this.#ring.departAt[i]
      else {
        this.#ring.departAt[i] = WAITING
        held++
      }
    }
    return held
  }

  /** Gives a departure to the frames that have none, not before the planned start of the first, or of each (`keep`). */
  #plan(keep: boolean): void {
    const now = this.queue.now
    let first = -1
    for (let at = this.#departed; at !== this.#tail; at++) {
      const i = at & this.#ring.mask
      if (this.#ring.departAt[i] !== WAITING) continue
      if (first < 0) first = at
      const start = Math.max(now, this.#busyUntil, at === first || keep ? this.#ring.startAt[i] : 0)
      this.#ring.startAt[i] = start
      this.#ring.departAt[i] = this.#busyUntil = start +
        this.#serialisation(this.#ring.bytes[i] + this.framing.gapBytes)
    }
  }

  #serialisation(bytes: number): Nanoseconds {
    if (this.#nsPerByte !== 0) return bytes * this.#nsPerByte
    const numerator = bytes * 8e9 + this.#remainder
    const ns = Math.floor(numerator / this.#bitsPerSecond)
    this.#remainder = numerator - ns * this.#bitsPerSecond
    return ns
  }

  #arm(): void {
    const i = this.#head & this.#ring.mask
    let at = this.#head === this.#tail ? WAITING : this.#ring.departAt[i] + this.#latencyNs
    if (this.#older.length !== 0) at += this.#olderLatency()
    // behind a frame that left with a longer latency
    if (at < this.queue.now) at = this.queue.now
    if (at === this.#armedAt) return
    this.#armedAt = at
    if (at !== WAITING) this.queue.at(at, this.#kind, this.index)
  }

  /** What the latency with which the oldest frame left has more than the one of now. */
  #olderLatency(): Nanoseconds {
    while (this.#older.length !== 0 && this.#older[0].below <= this.#head) this.#older.shift()
    return this.#older.length === 0 ? 0 : this.#older[0].latencyNs - this.#latencyNs
  }
}

const checkedRate = (bitsPerSecond: number): number => {
  assert(Number.isInteger(bitsPerSecond) && bitsPerSecond > 0, "a link rate is a whole number of bits per second")
  return bitsPerSecond
}

const checkedLatency = (latencyNs: Nanoseconds): Nanoseconds => {
  assert(Number.isInteger(latencyNs) && latencyNs >= 0, "a latency is a whole number of nanoseconds")
  return latencyNs
}

/** 0 if it is no whole number. */
const nsPerByte = (bitsPerSecond: number): number => 8e9 % bitsPerSecond === 0 ? 8e9 / bitsPerSecond : 0
