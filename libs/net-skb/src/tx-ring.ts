// The transmit side of a NIC: queueing discipline and descriptor ring in one.
// Modelled: one descriptor per linear part and per fragment; an skb longer than a segment is cut into frames when it enters
// the ring (TSO); a pfifo of 1000 skbs in front of the ring, then NET_XMIT_DROP; an skb is held until its last frame has
// left and the ring is cleaned, which happens in the next poll.
// Not modelled: several queues, pause of the queue by the driver before the ring is full, DMA mapping.
// source: net/sched/sch_generic.c:pfifo_fast; drivers/net/ethernet/intel/e1000/e1000_main.c:e1000_xmit_frame,
// e1000_clean_tx_irq
import type { Context } from "@swaplab/page-alloc"
import { assert, type Nanoseconds } from "@swaplab/sim"
import { type Packets, TCPHDR_FIN, TCPHDR_PSH } from "./packets.ts"
import { TCP_HEADER_BYTES } from "./sizes.ts"
import { NET_XMIT_DROP, NET_XMIT_SUCCESS, type NetStack } from "./stack.ts"
import { NOT_SENT, type Wire } from "./wire.ts"

/** Rows to begin with; they double when all are taken. Few rows are used over and over, so they stay in the CPU's cache. */
const FIRST_ROWS = 32

/** The columns of skbs in the ring and in the queue before it, for a power of two of rows. */
class TxRows {
  readonly mask: number
  readonly skb: Int32Array
  readonly truesize: Int32Array
  readonly needs: Uint8Array
  readonly proto: Uint16Array
  readonly dst: Int32Array
  readonly sport: Int32Array
  readonly port: Int32Array
  readonly seq: Float64Array
  readonly ack: Float64Array
  readonly wnd: Int32Array
  readonly flags: Uint8Array
  readonly len: Int32Array
  readonly mss: Int32Array
  readonly tsval: Float64Array
  readonly tsecr: Float64Array
  readonly doneAt: Float64Array
  /** The skb has left when so many frames have. */
  readonly doneFrame: Float64Array

  constructor(rows: number) {
    this.mask = rows - 1
    this.skb = new Int32Array(rows)
    this.truesize = new Int32Array(rows)
    this.needs = new Uint8Array(rows)
    this.proto = new Uint16Array(rows)
    this.dst = new Int32Array(rows)
    this.sport = new Int32Array(rows)
    this.port = new Int32Array(rows)
    this.seq = new Float64Array(rows)
    this.ack = new Float64Array(rows)
    this.wnd = new Int32Array(rows)
    this.flags = new Uint8Array(rows)
    this.len = new Int32Array(rows)
    this.mss = new Int32Array(rows)
    this.tsval = new Float64Array(rows)
    this.tsecr = new Float64Array(rows)
    this.doneAt = new Float64Array(rows)
    this.doneFrame = new Float64Array(rows)
  }

  /** Twice as many rows, with the row `first` of the full ring in row 0 and the others behind it. */
  doubled(first: number): TxRows {
    const wider = new TxRows(2 * (this.mask + 1))
    const move = (from: Column, to: Column): void => {
      to.set(from.subarray(first))
      to.set(from.subarray(0, first), from.length - first)
    }
    move(this.skb, wider.skb)
    move(this.truesize, wider.truesize)
    move(this.needs, wider.needs)
    move(this.proto, wider.proto)
    move(this.dst, wider.dst)
    move(this.sport, wider.sport)
    move(this.port, wider.port)
    move(this.seq, wider.seq)
    move(this.ack, wider.ack)
    move(this.wnd, wider.wnd)
    move(this.flags, wider.flags)
    move(this.len, wider.len)
    move(this.mss, wider.mss)
    move(this.tsval, wider.tsval)
    move(this.tsecr, wider.tsecr)
    move(this.doneAt, wider.doneAt)
    move(this.doneFrame, wider.doneFrame)
    return wider
  }
}

type Column = Int32Array | Uint8Array | Uint16Array | Float64Array

/** Skbs between the stack and the wire. */
export class TxRing {
  /** Frames and skbs sent, skbs dropped because the queue was full. */
  frames = 0
  packets = 0
  dropped = 0
  bytes = 0
  readonly #stack: NetStack
  readonly #wire: Wire
  readonly #descriptors: number
  readonly #queueLimit: number
  // #clean … #sent are in the ring, #sent … #head wait in the queue
  #clean = 0
  #sent = 0
  #head = 0
  #free: number
  #rows = new TxRows(FIRST_ROWS)
  /** Frames that the wire took. */
  #accepted = 0

  constructor(stack: NetStack, wire: Wire, descriptors: number, queueLimit: number) {
    assert(descriptors >= 18, "a transmit ring must have room for the fragments of one skb")
    this.#stack = stack
    this.#wire = wire
    this.#descriptors = descriptors
    this.#queueLimit = queueLimit
    this.#free = descriptors
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
    const skbs = stack.skbs
    if (this.inQueue >= this.#queueLimit) {
      this.dropped++
      this.#release(ctx, skb, stack.tx.sport, skbs.truesize[skb])
      return NET_XMIT_DROP
    }
    if (((this.#head + 1) & this.#rows.mask) === this.#clean) this.#grow()
    const row = this.#head
    const rows = this.#rows
    const tx = stack.tx
    this.#head = (row + 1) & rows.mask
    rows.skb[row] = skb
    rows.truesize[row] = skbs.truesize[skb]
    rows.needs[row] = 1 + skbs.nrFrags[skb]
    rows.proto[row] = tx.proto
    rows.dst[row] = tx.dst
    rows.sport[row] = tx.sport
    rows.port[row] = tx.port
    rows.seq[row] = tx.seq
    rows.ack[row] = tx.ack
    rows.wnd[row] = tx.wnd
    rows.flags[row] = tx.flags
    rows.len[row] = tx.len
    rows.mss[row] = tx.mss
    rows.tsval[row] = tx.tsval
    rows.tsecr[row] = tx.tsecr
    if (this.#free >= rows.needs[row] && this.inQueue === 1) this.#emit(row)
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
      this.#release(ctx, this.#rows.skb[row], this.#rows.sport[row], this.#rows.truesize[row])
    }
    while (this.#sent !== this.#head && this.#free >= this.#rows.needs[this.#sent]) this.#emit(this.#sent)
  }

  /** Gives up everything that is queued or in the ring: the device goes down. */
  flush(ctx: Context): void {
    while (this.#clean !== this.#head) {
      const row = this.#clean
      this.#clean = (row + 1) & this.#rows.mask
      this.#release(ctx, this.#rows.skb[row], this.#rows.sport[row], this.#rows.truesize[row])
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
  #emit(row: number): void {
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
      const bytes = len + TCP_HEADER_BYTES
      packets.bytes[frame] = bytes
      packets.proto[frame] = rows.proto[row]
      packets.src[frame] = this.#stack.host
      packets.dst[frame] = rows.dst[row]
      packets.sport[frame] = rows.sport[row]
      packets.port[frame] = rows.port[row]
      packets.seq[frame] = seq
      packets.ack[frame] = rows.ack[row]
      packets.wnd[frame] = rows.wnd[row]
      packets.len[frame] = len
      packets.tsval[frame] = rows.tsval[row]
      packets.tsecr[frame] = rows.tsecr[row]
      // PSH and FIN belong to the last frame
      packets.flags[frame] = left > 0 ? rows.flags[row] & ~(TCPHDR_PSH | TCPHDR_FIN) : rows.flags[row]
      if (tap !== null) tap.frame(frame, true)
      this.frames++
      this.bytes += bytes
      doneAt = this.#send(frame)
      seq += len
    } while (left > 0)
    rows.doneAt[row] = doneAt
    rows.doneFrame[row] = this.#accepted
    this.#free -= rows.needs[row]
    this.#sent = (row + 1) & rows.mask
    this.packets++
  }

  #release(ctx: Context, skb: number, port: number, truesize: number): void {
    const stack = this.#stack
    const skbs = stack.skbs
    // the user that the ring holds is either the fast clone of a queued segment or the only one
    skbs.twinBusy[skb] = 0
    const socket = stack.socket(port)
    if (socket !== null) socket.skbFreed(ctx, truesize)
    skbs.kfree(ctx, skb)
  }
}
