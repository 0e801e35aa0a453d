// The frames of a link in order: those on the wire, then those that wait for it, each with the time at which it leaves.
// Modelled: a FIFO queue; the frame under way is finished, whatever happens to the rest. A token bucket is empty after a pause
// frame, and after a change of the rate.
// Cost: no event. The time at which a frame leaves is computed when it is queued (`push`). When a pause or another rate makes
// those times wrong, they are taken from the frames that have not begun (`hold`) and given anew (`plan`). What has left is
// counted when somebody asks (`settle`).
import { assert, type Nanoseconds, WIDE } from "@swaplab/sim"
import { FrameRing } from "./frame-ring.ts"
import type { LineRate } from "./line-rate.ts"
import type { BufferOwner } from "./link-options.ts"

/** No time is known. */
export const WAITING = Number.POSITIVE_INFINITY

/** Frames that a link has accepted and not yet delivered. */
export class TransmitQueue {
  readonly #rate: LineRate
  readonly #gapBytes: number
  // positions in the ring: [head, departed) are on the wire, [departed, tail) in the queue
  #ring = new FrameRing(16)
  #head = 0
  #departed = 0
  #tail = 0
  #bytes = 0
  #maxBytes = 0
  /** When the wire is free; with a token bucket, when it would have been empty and without debt. */
  #busyUntil: Nanoseconds
  #busyNs = WIDE

  constructor(rate: LineRate, gapBytes: number) {
    this.#rate = rate
    this.#gapBytes = gapBytes
    this.#busyUntil = -rate.burstNs
    this.#busyNs = 0
  }

  /** Bytes in the queue, and the most there ever were. */
  get bytes(): number {
    return this.#bytes
  }

  get maxBytes(): number {
    return this.#maxBytes
  }

  /** Frames in the queue. */
  get queued(): number {
    return this.#tail - this.#departed
  }

  /** Frames in the queue and on the wire. */
  get underWay(): number {
    return this.#tail - this.#head
  }

  /** Nothing more can be pushed before it grows, or frames arrive. */
  get full(): boolean {
    return this.#tail - this.#head > this.#ring.mask
  }

  /** The columns of the frames; a position is taken modulo their length. */
  get ring(): FrameRing {
    return this.#ring
  }

  /** Position of the oldest frame on the wire, or in the queue if there is none. */
  get head(): number {
    return this.#head
  }

  /** Position of the next frame to be pushed. */
  get tail(): number {
    return this.#tail
  }

  /** When the next frame leaves; Infinity: none waits, or they are held. */
  get nextDeparture(): Nanoseconds {
    return this.#departed === this.#tail ? WAITING : this.#ring.departAt[this.#departed & this.#ring.mask]
  }

  /** When the frame at a position leaves, or left; Infinity: it is held. */
  departure(position: number): Nanoseconds {
    return this.#ring.departAt[position & this.#ring.mask]
  }

  frame(position: number): number {
    return this.#ring.frame[position & this.#ring.mask]
  }

  /** Time spent sending, up to now. */
  busyNs(now: Nanoseconds): Nanoseconds {
    if (this.#departed === this.#tail) return this.#busyNs
    const i = this.#departed & this.#ring.mask
    const running = this.#ring.departAt[i] === WAITING ? 0 : now - this.#ring.startAt[i]
    return this.#busyNs + Math.max(0, running)
  }

  grow(): void {
    this.#ring = this.#ring.doubled(this.#head, this.#tail)
  }

  /** Queues a frame that starts not before `earliest`. Returns when it leaves. */
  push(frame: number, bytes: number, tag: number, fate: number, earliest: Nanoseconds): Nanoseconds {
    const i = this.#add(frame, bytes, tag, fate)
    const filled = earliest - this.#rate.burstNs
    const ns = this.#rate.serialise(bytes + this.#gapBytes)
    const paid = (this.#busyUntil > filled ? this.#busyUntil : filled) + ns
    const depart = paid > earliest ? paid : earliest
    this.#ring.startAt[i] = depart - ns
    this.#ring.departAt[i] = depart
    this.#busyUntil = paid
    return depart
  }

  /** The same for a frame that is held. */
  pushHeld(frame: number, bytes: number, tag: number, fate: number, earliest: Nanoseconds): void {
    const i = this.#add(frame, bytes, tag, fate)
    this.#ring.startAt[i] = earliest
    this.#ring.departAt[i] = WAITING
  }

  /** Takes off the books what has left by then; `owner` is told. */
  settle(now: Nanoseconds, owner: BufferOwner | null): void {
    while (this.#departed !== this.#tail) {
      const i = this.#departed & this.#ring.mask
      if (this.#ring.departAt[i] > now) return
      this.#departed++
      this.#bytes -= this.#ring.bytes[i]
      this.#busyNs += this.#ring.departAt[i] - this.#ring.startAt[i]
      if (owner !== null) owner.release(this.#ring.tag[i], this.#ring.bytes[i])
    }
  }

  /** Takes out the oldest frame, which has arrived. Returns its place in the columns, which it keeps until the next push. */
  shift(): number {
    assert(this.#head < this.#departed, "a frame arrives that has not departed")
    return this.#head++ & this.#ring.mask
  }

  /** Takes out the oldest frame, wherever it is. Returns its place in the columns. */
  discard(now: Nanoseconds, owner: BufferOwner | null): number {
    const i = this.#head & this.#ring.mask
    if (this.#head === this.#departed) {
      this.#departed++
      this.#bytes -= this.#ring.bytes[i]
      if (this.#ring.departAt[i] !== WAITING) this.#busyNs += Math.max(0, now - this.#ring.startAt[i])
      if (owner !== null) owner.release(this.#ring.tag[i], this.#ring.bytes[i])
    }
    this.#head++
    return i
  }

  /** Nothing that was queued keeps the wire busy any longer. */
  freeWire(now: Nanoseconds): void {
    this.#busyUntil = now
  }

  /** Position of the first frame that has not begun. */
  begun(now: Nanoseconds): number {
    let at = this.#departed
    for (; at !== this.#tail; at++) {
      const i = at & this.#ring.mask
      if (this.#ring.departAt[i] === WAITING || this.#ring.startAt[i] >= now) break
    }
    return at
  }

  /** Takes their departure from the frames that have not begun. Returns their number. */
  hold(now: Nanoseconds): number {
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
  plan(now: Nanoseconds, keep: boolean): void {
    let first = -1
    for (let at = this.#departed; at !== this.#tail; at++) {
      const i = at & this.#ring.mask
      if (this.#ring.departAt[i] !== WAITING) continue
      if (first < 0) first = at
      const start = Math.max(now, this.#busyUntil, at === first || keep ? this.#ring.startAt[i] : 0)
      this.#ring.startAt[i] = start
      this.#ring.departAt[i] = this.#busyUntil = start + this.#rate.serialise(this.#ring.bytes[i] + this.#gapBytes)
    }
  }

  checkInvariants(): void {
    let queued = 0
    for (let at = this.#departed; at !== this.#tail; at++) queued += this.#ring.bytes[at & this.#ring.mask]
    assert(queued === this.#bytes, "bytes queued on a link are miscounted")
    assert(this.#head <= this.#departed && this.#departed <= this.#tail, "cursors of a link are out of order")
  }

  /** Returns its place in the columns. */
  #add(frame: number, bytes: number, tag: number, fate: number): number {
    assert(!this.full, "a frame is pushed over another")
    const i = this.#tail++ & this.#ring.mask
    this.#ring.frame[i] = frame
    this.#ring.bytes[i] = bytes
    this.#ring.tag[i] = tag
    this.#ring.fate[i] = fate
    this.#bytes += bytes
    if (this.#bytes > this.#maxBytes) this.#maxBytes = this.#bytes
    return i
  }
}
