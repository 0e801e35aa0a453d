// The transmit side of a NIC: queueing discipline and descriptor ring in one.
// Modelled: one descriptor per linear part and per fragment; an skb longer than a segment is cut into frames when it enters
// the ring (TSO); a pfifo of 1000 skbs in front of the ring, then NET_XMIT_DROP; an skb is held until its last frame has
// left and the ring is cleaned, which happens in the next poll. Cards without TSO: see tx-skbs.ts.
// Not modelled: several queues, pause of the queue by the driver before the ring is full, DMA mapping.
// source: net/sched/sch_generic.c:pfifo_fast; drivers/net/ethernet/intel/e1000/e1000_main.c:e1000_xmit_frame,
// e1000_clean_tx_irq
import type { Context } from "@swaplab/page-alloc"
import { assert, keepAsDoubles, type Nanoseconds } from "@swaplab/sim"
import type { Packets } from "./packets.ts"
import { NET_XMIT_DROP, NET_XMIT_SUCCESS, type NetStack } from "./stack.ts"
import { TxRows } from "./tx-rows.ts"
import { holdSegments, holdSkb, releaseOriginal, releaseRow, releaseSkb } from "./tx-skbs.ts"
import { NOT_SENT, type Wire } from "./wire.ts"

/** Rows to begin with; they double when all are taken. */
const FIRST_ROWS = 32

/** Skbs between the stack and the wire. */
export class TxRing {
  /** Frames and skbs sent, skbs dropped because the queue was full. */
  frames = 0
  packets = 0
  dropped = 0
  /** Segments lost because there was no memory to cut the skb that they were part of. */
  notSegmented = 0
  bytes = 0
  readonly #stack: NetStack
  readonly #wire: Wire
  readonly #descriptors: number
  readonly #queueLimit: number
  readonly #tso: boolean
  // #clean … #sent are in the ring, #sent … #head wait in the queue
  #clean = 0
  #sent = 0
  #head = 0
  #free: number
  #rows = new TxRows(FIRST_ROWS)
  /** Frames that the wire took. */
  #accepted = 0

  constructor(stack: NetStack, wire: Wire, descriptors: number, queueLimit: number, tso: boolean) {
    assert(descriptors >= 18, "a transmit ring must have room for the fragments of one skb")
    this.#stack = stack
    this.#wire = wire
    this.#descriptors = descriptors
    this.#queueLimit = queueLimit
    this.#tso = tso
    this.#free = descriptors
    keepAsDoubles<TxRing>(this, "bytes")
  }

  /** Skbs in the ring, and before it. */
  get inRing(): number {
    return (this.#sent - this.#clean) & this.#rows.mask
  }

  get inQueue(): number {
    return (this.#head - this.#sent) & this.#rows.mask
  }

  /** When the skb that left last, of those in the ring, was (or will be) out. 0 if the ring is empty. */
  get lastDoneAt(): Nanoseconds {
    return this.#sent === this.#clean ? 0 : this.#rows.doneAt[(this.#sent - 1) & this.#rows.mask]
  }

  /** When the next skb to clean will be out. */
  get nextDoneAt(): Nanoseconds {
    return this.#rows.doneAt[this.#clean]
  }

  /** Queues an skb with the headers in `stack.tx`. */
  transmit(ctx: Context, skb: number): number {
    const stack = this.#stack
    const tx = stack.tx
    if (this.inQueue >= this.#queueLimit) {
      this.dropped++
      releaseSkb(stack, ctx, skb, tx.sport, stack.skbs.truesize[skb])
      return NET_XMIT_DROP
    }
    if (((this.#head + 1) & this.#rows.mask) === this.#clean) this.#grow()
    const row = this.#head
    const rows = this.#rows
    if (this.#tso || tx.len <= tx.mss) holdSkb(stack, rows, row, skb)
    else if (!holdSegments(stack, rows, ctx, row, skb, this.#descriptors)) {
      this.notSegmented += Math.ceil(tx.len / tx.mss)
      releaseSkb(stack, ctx, skb, tx.sport, stack.skbs.truesize[skb])
      return NET_XMIT_SUCCESS
    }
    this.#head = (row + 1) & rows.mask
    rows.keep(row, tx)
    if (this.#free >= rows.needs[row] && this.inQueue === 1) this.#emit(ctx, row)
    return NET_XMIT_SUCCESS
  }

  /** Releases what has left by `now` and lets waiting skbs into the ring. */
  clean(ctx: Context, now: Nanoseconds): void {
    const departed = this.#wire.departedFrames
    while (this.#clean !== this.#sent) {
      if (
        departed === undefined
          ? this.#rows.doneAt[this.#clean] > now
          : this.#rows.doneFrame[this.#clean] > departed
      ) break
      const row = this.#clean
      this.#clean = (row + 1) & this.#rows.mask
      this.#free += this.#rows.needs[row]
      releaseRow(this.#stack, this.#rows, ctx, row)
    }
    while (this.#sent !== this.#head && this.#free >= this.#rows.needs[this.#sent]) this.#emit(ctx, this.#sent)
  }

  /** Gives up everything that is queued or in the ring: the device goes down. */
  flush(ctx: Context): void {
    // what waited for the wire never goes out
    this.dropped += (this.#head - this.#sent) & this.#rows.mask
    while (this.#clean !== this.#head) {
      const row = this.#clean
      this.#clean = (row + 1) & this.#rows.mask
      releaseRow(this.#stack, this.#rows, ctx, row)
    }
    this.#sent = this.#head
    this.#free = this.#descriptors
  }

  checkInvariants(): void {
    let needs = 0
    for (let row = this.#clean; row !== this.#sent; row = (row + 1) & this.#rows.mask) needs += this.#rows.needs[row]
    assert(needs + this.#free === this.#descriptors, "transmit descriptors leaked")
  }

  /** Sends a frame that has no skb. */
  sendFrame(frame: number): void {
    this.#send(frame)
  }

  #grow(): void {
    const { mask } = this.#rows
    const first = this.#clean
    this.#rows = this.#rows.doubled(first)
    this.#sent = (this.#sent - first) & mask
    this.#head = (this.#head - first) & mask
    this.#clean = 0
  }

  #send(frame: number): Nanoseconds {
    const doneAt = this.#wire.transmit(frame)
    if (doneAt !== NOT_SENT) this.#accepted++
    return doneAt
  }

  /** Cuts the skb into frames and puts them on the wire. */
  #emit(ctx: Context, row: number): void {
    const packets: Packets = this.#stack.packets
    const rows = this.#rows
    const mss = rows.mss[row]
    const tap = this.#stack.tap
    let seq = rows.seq[row]
    let left = rows.len[row]
    let doneAt = 0
    do {
      const len = left > mss ? mss : left
      left -= len
      const frame = packets.alloc()
      rows.write(row, packets, frame, seq, len, left === 0)
      packets.src[frame] = this.#stack.host
      if (tap !== null) tap.frame(frame, true)
      this.frames++
      this.bytes += packets.bytes[frame]
      doneAt = this.#send(frame)
      seq += len
    } while (left > 0)
    rows.doneAt[row] = doneAt
    rows.doneFrame[row] = this.#accepted
    this.#free -= rows.needs[row]
    this.#sent = (row + 1) & rows.mask
    this.packets++
    releaseOriginal(this.#stack, rows, ctx, row)
  }
}
