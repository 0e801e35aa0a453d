// The far end of a link: what arrives, what is lost, what is late, and who is told. LinkWire is the way there, Link the near end.
import { assert, type EventQueue, type Nanoseconds, WIDE } from "@swaplab/sim"
import { DropReason, dropReasonNames, type FrameOps, type Tap, TapEvent } from "./frame-ops.ts"
import { Fate, Impairments, LOST_BITS } from "./impairments.ts"
import type { Lan } from "./lan.ts"
import { LateFrames } from "./late-frames.ts"
import { DROPPED, type LinkOptions } from "./link-options.ts"

/** A receiver that fetches frames when it needs them, from `Link.collect`: a network card. */
export interface Collector {
  /** A frame that has arrived at the time `at`, by now. */
  receive(frame: number, at: Nanoseconds): void
  /** Nothing that is sent now arrives before `at`. Whoever wants to know of an arrival in time asks then. */
  expect(at: Nanoseconds): void
}

/** What a link has delivered and dropped. */
export abstract class LinkEnd {
  readonly name: string
  readonly index: number
  /** Loss of the options, without faults. */
  readonly loss: number

  protected readonly queue: EventQueue
  protected readonly lan: Lan
  protected readonly ops: FrameOps
  protected readonly group: number
  protected readonly taps: Array<Tap> = []
  protected readonly late = new LateFrames()
  protected readonly fates: Impairments
  protected collector: Collector | null = null
  protected sent = 0
  protected sentSum = WIDE
  protected delivered = 0
  protected droppedSum = 0
  /** Frames refused at the entrance; they never were in the ring. */
  protected refused = 0
  #deliveredBytes = WIDE
  readonly #dropped = new Float64Array(dropReasonNames.length)
  readonly #droppedBytes = new Float64Array(dropReasonNames.length)
  #lateDelivered = 0
  #receive: (frame: number, at: Nanoseconds) => void = noReceiver

  constructor(lan: Lan, index: number, options: LinkOptions) {
    this.name = options.name
    this.index = index
    this.loss = options.loss ?? 0
    this.fates = new Impairments(lan.sim, options.name, this.loss)
    this.group = options.group ?? 0
    this.queue = lan.sim.queue
    this.ops = lan.ops
    this.lan = lan
    this.sentSum = this.#deliveredBytes = 0
  }

  /** Called with each frame that arrives, at its time. A card is plugged in by `plug`, a switch by `Switch.addPort`. */
  set receive(receive: (frame: number, at: Nanoseconds) => void) {
    this.lan.settle()
    this.collector = null
    this.#receive = receive
    this.receiverChanged()
  }

  /** The receiver is one that fetches frames. */
  plug(collector: Collector): void {
    this.lan.settle()
    this.collector = collector
    this.#receive = (frame, at) => collector.receive(frame, at)
    this.receiverChanged()
  }

  /** A receiver fetches what arrives. */
  get collected(): boolean {
    return this.collector !== null
  }

  /** A receiver without a card gets each frame at its time. */
  get prompt(): boolean {
    return this.collector === null && this.#receive !== noReceiver
  }

  // — counters, as of now —

  /** Frames offered, delivered and dropped; bytes are those of the stored frame. */
  get sentFrames(): number {
    this.lan.settle()
    return this.sent
  }

  get sentBytes(): number {
    this.lan.settle()
    return this.sentSum
  }

  get deliveredFrames(): number {
    this.lan.settle()
    return this.delivered
  }

  get deliveredBytes(): number {
    this.lan.settle()
    return this.#deliveredBytes
  }

  get droppedFrames(): number {
    this.lan.settle()
    return this.droppedSum
  }

  /** Of those, frames and bytes by reason. */
  get dropped(): Float64Array {
    this.lan.settle()
    return this.#dropped
  }

  get droppedBytes(): Float64Array {
    this.lan.settle()
    return this.#droppedBytes
  }

  /** What faults do to the frames, and what they have done. */
  get impairments(): Impairments {
    this.lan.settle()
    return this.fates
  }

  /** Copies that the link made of frames: they were delivered and never sent. */
  get duplicatedFrames(): number {
    return this.impairments.duplicatedFrames
  }

  /** Lets `tap` see every frame. Returns what takes it away again. */
  tap(tap: Tap): () => void {
    this.lan.watch()
    this.taps.push(tap)
    return () => {
      const at = this.taps.indexOf(tap)
      if (at >= 0) this.taps.splice(at, 1)
    }
  }

  /** Another receiver has been plugged in. */
  protected abstract receiverChanged(): void

  protected deliver(frame: number, bytes: number, at: Nanoseconds): void {
    this.delivered++
    this.#deliveredBytes += bytes
    if (this.taps.length !== 0) this.tell(frame, TapEvent.Delivered)
    this.#receive(frame, at)
  }

  /** A frame with a fate has come over the wire. */
  protected arriveImpaired(frame: number, bytes: number, fate: number, at: Nanoseconds): void {
    if ((fate & LOST_BITS) !== 0) {
      this.fates.countLost(fate)
      this.drop(frame, bytes, DropReason.Loss)
    } else if ((fate & Fate.Late) === 0) this.#deliverFated(frame, bytes, fate, at)
    else {
      this.fates.lateFrames++
      this.late.add(frame, bytes, fate, at + this.fates.delayNs, this.#inTime)
    }
  }

  /** Hands out the first of the late frames. */
  protected arriveLate(): void {
    const late = this.late.take()
    if (late === undefined) return
    if (late.arrivedBefore < this.#inTime) this.fates.reorderedFrames++
    this.#lateDelivered++
    this.#deliverFated(late.frame, late.bytes, late.fate, late.due)
  }

  /** The cable is out: what is late is lost. */
  protected dropLate(): void {
    for (let late = this.late.take(); late !== undefined; late = this.late.take()) {
      this.drop(late.frame, late.bytes, DropReason.LinkDown)
    }
  }

  protected refuse(frame: number, bytes: number, reason: number): number {
    this.refused++
    this.drop(frame, bytes, reason)
    return DROPPED
  }

  protected drop(frame: number, bytes: number, reason: number): void {
    this.droppedSum++
    this.#dropped[reason]++
    this.#droppedBytes[reason] += bytes
    if (this.taps.length !== 0) this.tell(frame, TapEvent.Dropped)
    this.ops.drop(frame, reason)
  }

  protected tell(frame: number, event: number): void {
    for (const tap of this.taps) tap(frame, event)
  }

  /** Frames that arrived when they should. */
  get #inTime(): number {
    return this.delivered - this.fates.duplicatedFrames - this.#lateDelivered
  }

  #deliverFated(frame: number, bytes: number, fate: number, at: Nanoseconds): void {
    if ((fate & Fate.Twice) === 0) {
      this.deliver(frame, bytes, at)
      return
    }
    // the receiver may free the original
    const copy = this.ops.copy(frame)
    this.fates.duplicatedFrames++
    this.deliver(frame, bytes, at)
    this.deliver(copy, bytes, at)
  }
}

const noReceiver = (): void => assert(false, "a frame arrived at the loose end of a link")
