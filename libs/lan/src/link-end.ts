// The far end of a link: what arrives, what is lost, what is late, and who is told. Link is the near end.
import { assert, type EventQueue } from "@swaplab/sim"
import { DropReason, dropReasonNames, type FrameOps, type Tap, TapEvent } from "./frame-ops.ts"
import { Fate, Impairments, LOST_BITS } from "./impairments.ts"
import type { Lan } from "./lan.ts"
import { LateFrames } from "./late-frames.ts"
import { DROPPED, type LinkOptions } from "./link-options.ts"

/** What a link has delivered and dropped. */
export class LinkEnd {
  readonly name: string
  readonly index: number
  /** Loss of the options, without faults. */
  readonly loss: number
  /** What faults do to the frames, and what they have done. */
  readonly impairments: Impairments
  /** Called with each frame that arrives. */
  receive: (frame: number) => void = noReceiver

  /** Frames offered, delivered and dropped; bytes are those of the stored frame. */
  sentFrames = 0
  sentBytes = 0
  deliveredFrames = 0
  deliveredBytes = 0
  droppedFrames = 0
  /** Of those, frames and bytes by reason. */
  readonly dropped = new Float64Array(dropReasonNames.length)
  readonly droppedBytes = new Float64Array(dropReasonNames.length)

  protected readonly queue: EventQueue
  protected readonly ops: FrameOps
  protected readonly group: number
  protected readonly taps: Array<Tap> = []
  protected readonly late = new LateFrames()
  /** Frames refused at the entrance; they never were in the ring. */
  protected refused = 0
  readonly #lan: Lan
  #lateDelivered = 0

  constructor(lan: Lan, index: number, options: LinkOptions) {
    this.name = options.name
    this.index = index
    this.loss = options.loss ?? 0
    this.impairments = new Impairments(lan.sim, options.name, this.loss)
    this.group = options.group ?? 0
    this.queue = lan.sim.queue
    this.ops = lan.ops
    this.#lan = lan
  }

  /** Copies that the link made of frames: they were delivered and never sent. */
  get duplicatedFrames(): number {
    return this.impairments.duplicatedFrames
  }

  /** Hands out the late frames that are due; called by an event of this link. */
  arriveLate(): void {
    for (let late = this.late.take(this.queue.now); late !== undefined; late = this.late.take(this.queue.now)) {
      if (late.arrivedBefore < this.#inTime) this.impairments.reorderedFrames++
      this.#lateDelivered++
      this.#deliverFated(late.frame, late.bytes, late.fate)
    }
  }

  /** Lets `tap` see every frame. Returns what takes it away again. */
  tap(tap: Tap): () => void {
    this.taps.push(tap)
    return () => {
      const at = this.taps.indexOf(tap)
      if (at >= 0) this.taps.splice(at, 1)
    }
  }

  protected deliver(frame: number, bytes: number): void {
    this.deliveredFrames++
    this.deliveredBytes += bytes
    if (this.taps.length !== 0) this.tell(frame, TapEvent.Delivered)
    this.receive(frame)
  }

  /** A frame with a fate has come over the wire. */
  protected arriveImpaired(frame: number, bytes: number, fate: number): void {
    if ((fate & LOST_BITS) !== 0) {
      this.impairments.countLost(fate)
      this.drop(frame, bytes, DropReason.Loss)
      return
    }
    if ((fate & Fate.Late) === 0) {
      this.#deliverFated(frame, bytes, fate)
      return
    }
    const before = this.#inTime
    this.impairments.lateFrames++
    const due = this.late.add(frame, bytes, fate, this.queue.now + this.impairments.delayNs, before)
    this.queue.at(due, this.#lan.lateKind(this.group), this.index)
  }

  /** The cable is out: what is late is lost. */
  protected dropLate(): void {
    const always = Number.POSITIVE_INFINITY
    for (let late = this.late.take(always); late !== undefined; late = this.late.take(always)) {
      this.drop(late.frame, late.bytes, DropReason.LinkDown)
    }
  }

  protected refuse(frame: number, bytes: number, reason: number): number {
    this.refused++
    this.drop(frame, bytes, reason)
    return DROPPED
  }

  protected drop(frame: number, bytes: number, reason: number): void {
    this.droppedFrames++
    this.dropped[reason]++
    this.droppedBytes[reason] += bytes
    if (this.taps.length !== 0) this.tell(frame, TapEvent.Dropped)
    this.ops.drop(frame, reason)
  }

  protected tell(frame: number, event: number): void {
    for (const tap of this.taps) tap(frame, event)
  }

  /** Frames that arrived when they should. */
  get #inTime(): number {
    return this.deliveredFrames - this.duplicatedFrames - this.#lateDelivered
  }

  #deliverFated(frame: number, bytes: number, fate: number): void {
    if ((fate & Fate.Twice) === 0) {
      this.deliver(frame, bytes)
      return
    }
    // the receiver may free the original
    const copy = this.ops.copy(frame)
    this.impairments.duplicatedFrames++
    this.deliver(frame, bytes)
    this.deliver(copy, bytes)
  }
}

const noReceiver = (): void => assert(false, "a frame arrived at the loose end of a link")
