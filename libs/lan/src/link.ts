// One direction of a cable with the transmit queue in front of it.
// Modelled: exact serialisation time (the fraction of a nanosecond is carried over), propagation delay, a FIFO queue
// limited in bytes, loss, the cable being pulled, 802.3x pause (the frame under way is finished, the rest waits).
// Not modelled: collisions and half duplex, priorities, cut-through. Damaged frames use the wire as good ones do.
// Cost: one event per frame. The departure of a frame is computed when it is queued, so queue lengths are settled
// lazily: a frame that has departed leaves the count at the next send or arrival, at most one propagation delay late.
import { assert, type EventQueue, type Nanoseconds, type Random } from "@swaplab/sim"
import { DropReason, dropReasonNames, type FrameOps, type Tap, TapEvent } from "./frame-ops.ts"
import { FrameRing } from "./frame-ring.ts"
import { ETHERNET, type Framing, storedBytes } from "./framing.ts"
import type { Lan } from "./lan.ts"

export interface LinkOptions {
  /** Unique in the network; it also names the random stream of losses. */
  readonly name: string
  readonly bitsPerSecond: number
  /** Propagation delay, and everything else between the last bit sent and the frame being received. */
  readonly latencyNs: Nanoseconds
  /** Bytes that may wait for the wire, the frame being sent included. No limit by default. */
  readonly queueBytes?: number
  readonly framing?: Framing
  /** Probability that a frame is damaged. */
  readonly loss?: number
  /** The group of the simulation (an emulated machine) for which frames on this link are work under way. */
  readonly group?: number
}

/** Who keeps books on the bytes that wait for this link: the packet buffer of a switch. */
export interface BufferOwner {
  /** A frame has left, or was thrown out of, the queue; `tag` is what `enqueue` was given. */
  release(tag: number, bytes: number): void
}

/** What `send` returns for a frame that was not accepted. */
export const DROPPED = -1

const WAITING = Number.POSITIVE_INFINITY

/** One direction of a cable. */
export class Link {
  readonly name: string
  readonly bitsPerSecond: number
  readonly latencyNs: Nanoseconds
  readonly queueBytes: number
  readonly framing: Framing
  readonly index: number
  /** Called with each frame that arrives. */
  receive: (frame: number) => void = noReceiver
  /** Told when frames leave the queue; set by a switch. */
  bufferOwner: BufferOwner | null = null
  loss: number

  /** Frames offered, delivered and dropped; bytes are those of the stored frame. */
  sentFrames = 0
  sentBytes = 0
  deliveredFrames = 0
  deliveredBytes = 0
  droppedFrames = 0
  /** Of those, frames and bytes by reason. */
  readonly dropped = new Float64Array(dropReasonNames.length)
  readonly droppedBytes = new Float64Array(dropReasonNames.length)
  /** Bytes that wait for the wire or are being sent, as of the last send, arrival or `settle`. */
  queuedBytes = 0
  maxQueuedBytes = 0

  readonly #queue: EventQueue
  readonly #ops: FrameOps
  readonly #kind: number
  readonly #random: Random
  /** Nanoseconds per byte if that is an integer, else 0. */
  readonly #nsPerByte: number
  #remainder = 0
  #busyUntil: Nanoseconds = 0
  #busyNs: Nanoseconds = 0
  #pausedSince: Nanoseconds = -1
  #pausedNs: Nanoseconds = 0
  #up = true
  #armedAt = WAITING
  /** Frames refused at the entrance; they never were in the ring. */
  #refused = 0
  readonly #taps: Array<Tap> = []

  // A ring of frames in order: [head, departed) are on the wire, [departed, tail) in the queue; those from `held` on
  // have no departure time because the link is paused.
  #ring = new FrameRing(16)
  #head = 0
  #departed = 0
  #tail = 0

  constructor(lan: Lan, options: LinkOptions) {
    assert(
      Number.isInteger(options.bitsPerSecond) && options.bitsPerSecond > 0,
      "a link rate is a whole number of bits per second"
    )
    assert(Number.isInteger(options.latencyNs) && options.latencyNs >= 0, "a latency is a whole number of nanoseconds")
    this.name = options.name
    this.bitsPerSecond = options.bitsPerSecond
    this.latencyNs = options.latencyNs
    this.queueBytes = options.queueBytes ?? Number.POSITIVE_INFINITY
    this.framing = options.framing ?? ETHERNET
    this.loss = options.loss ?? 0
    this.index = lan.links.push(this) - 1
    this.#queue = lan.sim.queue
    this.#ops = lan.ops
    this.#kind = lan.arrivalKind(options.group ?? 0)
    this.#random = lan.sim.stream("lan", options.name, "loss")
    this.#nsPerByte = 8e9 % options.bitsPerSecond === 0 ? 8e9 / options.bitsPerSecond : 0
  }

  get up(): boolean {
    return this.#up
  }

  get paused(): boolean {
    return this.#pausedSince >= 0
  }

  /** Frames accepted and neither delivered nor dropped. */
  get inFlight(): number {
    return this.#tail - this.#head
  }

  /** Frames that wait for the wire or are being sent. */
  get queuedFrames(): number {
    this.settle()
    return this.#tail - this.#departed
  }

  /** Frames that left the queue since the beginning, sent or thrown out: a network card completes them by this. */
  get departedFrames(): number {
    this.settle()
    return this.sentFrames - this.#refused - (this.#tail - this.#departed)
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
    const running = this.#ring.departAt[i] === WAITING ? 0 : this.#queue.now - this.#ring.startAt[i]
    return this.#busyNs + Math.max(0, running)
  }

  /** Time spent held by pause frames, up to now. */
  get pausedNs(): Nanoseconds {
    return this.#pausedNs + (this.paused ? this.#queue.now - this.#pausedSince : 0)
  }

  /**
   * Sends a frame. Returns when its last bit will have left (later if a pause comes in between), or `DROPPED`: then
   * `FrameOps.drop` has been called.
   */
  send(frame: number): Nanoseconds {
    return this.enqueue(frame, storedBytes(this.framing, this.#ops.bytes(frame)), this.#queue.now, -1)
  }

  /**
   * As `send`, for a frame of so many stored bytes, starting not before `earliest`; `tag` is handed to the buffer owner
   * when the frame has left.
   */
  enqueue(frame: number, bytes: number, earliest: Nanoseconds, tag: number): Nanoseconds {
    this.sentFrames++
    this.sentBytes += bytes
    if (this.#taps.length !== 0) this.#tell(frame, TapEvent.Sent)
    if (!this.#up) return this.#refuse(frame, bytes, DropReason.LinkDown)
    this.settle()
    if (this.queuedBytes + bytes > this.queueBytes) return this.#refuse(frame, bytes, DropReason.QueueFull)
    if (this.#tail - this.#head > this.#ring.mask) this.#ring = this.#ring.doubled(this.#head, this.#tail)

    const i = this.#tail++ & this.#ring.mask
    this.#ring.frame[i] = frame
    this.#ring.bytes[i] = bytes
    this.#ring.tag[i] = tag
    this.#ring.lost[i] = this.loss > 0 && this.#random.unit() < this.loss ? 1 : 0
    this.queuedBytes += bytes
    if (this.queuedBytes > this.maxQueuedBytes) this.maxQueuedBytes = this.queuedBytes
    if (this.#pausedSince >= 0) {
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
    const now = this.#queue.now
    // an event left over from before a pause
    if (now !== this.#armedAt) return
    this.#armedAt = WAITING
    this.settle()
    const i = this.#head & this.#ring.mask
    assert(this.#head < this.#departed, "a frame arrives that has not departed")
    this.#head++
    if (this.#head !== this.#tail) this.#arm()
    const frame = this.#ring.frame[i]
    if (this.#ring.lost[i] !== 0) {
      this.#drop(frame, this.#ring.bytes[i], DropReason.Loss)
      return
    }
    this.deliveredFrames++
    this.deliveredBytes += this.#ring.bytes[i]
    if (this.#taps.length !== 0) this.#tell(frame, TapEvent.Delivered)
    this.receive(frame)
  }

  /** Takes the frames that have departed by now off the queue's books. */
  settle(): void {
    const now = this.#queue.now
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
  pause(): void {
    if (this.paused) return
    const now = this.#queue.now
    this.settle()
    this.#pausedSince = now
    this.#busyUntil = now
    for (let at = this.#departed; at !== this.#tail; at++) {
      const i = at & this.#ring.mask
      if (this.#ring.startAt[i] < now) this.#busyUntil = this.#ring.departAt[i]
      else this.#ring.departAt[i] = WAITING
    }
    this.#arm()
  }

  /** The pause is over: what waits is sent, in order. */
  resume(): void {
    if (!this.paused) return
    const now = this.#queue.now
    this.#pausedNs += now - this.#pausedSince
    this.#pausedSince = -1
    this.settle()
    for (let at = this.#departed; at !== this.#tail; at++) {
      const i = at & this.#ring.mask
      if (this.#ring.departAt[i] !== WAITING) continue
      // a start planned before the pause is never too early: it lay behind all that is sent before it
      const start = Math.max(now, this.#busyUntil, this.#ring.startAt[i])
      this.#ring.startAt[i] = start
      this.#ring.departAt[i] = this.#busyUntil = start +
        this.#serialisation(this.#ring.bytes[i] + this.framing.gapBytes)
    }
    this.#arm()
  }

  /** Plugs the cable in or pulls it. Pulling it loses everything that is queued or on the wire. */
  setUp(up: boolean): void {
    if (up === this.#up) return
    this.settle()
    this.#up = up
    const now = this.#queue.now
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
        this.#drop(this.#ring.frame[i], this.#ring.bytes[i], DropReason.LinkDown)
      }
    }
    this.#busyUntil = now
  }

  /** Lets `tap` see every frame. Returns what takes it away again. */
  tap(tap: Tap): () => void {
    this.#taps.push(tap)
    return () => {
      const at = this.#taps.indexOf(tap)
      if (at >= 0) this.#taps.splice(at, 1)
    }
  }

  /** sent = delivered + dropped + in flight. */
  checkConservation(): void {
    assert(
      this.sentFrames === this.deliveredFrames + this.droppedFrames + this.inFlight,
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

  #serialisation(bytes: number): Nanoseconds {
    if (this.#nsPerByte !== 0) return bytes * this.#nsPerByte
    const numerator = bytes * 8e9 + this.#remainder
    const ns = Math.floor(numerator / this.bitsPerSecond)
    this.#remainder = numerator - ns * this.bitsPerSecond
    return ns
  }

  #arm(): void {
    const at = this.#head === this.#tail ? WAITING : this.#ring.departAt[this.#head & this.#ring.mask] + this.latencyNs
    if (at === this.#armedAt) return
    this.#armedAt = at
    if (at !== WAITING) this.#queue.at(at, this.#kind, this.index)
  }

  #refuse(frame: number, bytes: number, reason: number): number {
    this.#refused++
    this.#drop(frame, bytes, reason)
    return DROPPED
  }

  #drop(frame: number, bytes: number, reason: number): void {
    this.droppedFrames++
    this.dropped[reason]++
    this.droppedBytes[reason] += bytes
    if (this.#taps.length !== 0) this.#tell(frame, TapEvent.Dropped)
    this.#ops.drop(frame, reason)
  }

  #tell(frame: number, event: number): void {
    for (const tap of this.#taps) tap(frame, event)
  }
}

const noReceiver = (): void => assert(false, "a frame arrived at the loose end of a link")
