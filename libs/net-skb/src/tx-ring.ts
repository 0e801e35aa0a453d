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

/** Rows for skbs in the ring and in the queue before it; a power of two above their limits. */
const ROWS = 2048
const MASK = ROWS - 1

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
  readonly #skb = new Int32Array(ROWS)
  readonly #truesize = new Int32Array(ROWS)
  readonly #needs = new Uint8Array(ROWS)
  readonly #proto = new Uint16Array(ROWS)
  readonly #dst = new Int32Array(ROWS)
  readonly #sport = new Int32Array(ROWS)
  readonly #port = new Int32Array(ROWS)
  readonly #seq = new Float64Array(ROWS)
  readonly #ack = new Float64Array(ROWS)
  readonly #wnd = new Int32Array(ROWS)
  readonly #flags = new Uint8Array(ROWS)
  readonly #len = new Int32Array(ROWS)
  readonly #mss = new Int32Array(ROWS)
  readonly #tsval = new Float64Array(ROWS)
  readonly #tsecr = new Float64Array(ROWS)
  readonly #doneAt = new Float64Array(ROWS)
  /** The skb has left when so many frames have. */
  readonly #doneFrame = new Float64Array(ROWS)
  /** Frames that the wire took. */
  #accepted = 0

  constructor(stack: NetStack, wire: Wire, descriptors: number, queueLimit: number) {
    assert(descriptors >= 18 && descriptors + queueLimit < ROWS, "transmit ring or queue too long")
    this.#stack = stack
    this.#wire = wire
    this.#descriptors = descriptors
    this.#queueLimit = queueLimit
    this.#free = descriptors
  }

  /** Skbs in the ring, and before it. */
  get inRing(): number {
    return (this.#sent - this.#clean) & MASK
  }

  get inQueue(): number {
    return (this.#head - this.#sent) & MASK
  }

  /** When the skb that left last, of those in the ring, was (or will be) out. 0 if the ring is empty. */
  get lastDoneAt(): Nanoseconds {
    return this.#sent === this.#clean ? 0 : this.#doneAt[(this.#sent - 1) & MASK]
  }

  /** When the next skb to clean will be out. */
  get nextDoneAt(): Nanoseconds {
    return this.#doneAt[this.#clean]
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
    const row = this.#head
    const tx = stack.tx
    this.#head = (row + 1) & MASK
    this.#skb[row] = skb
    this.#truesize[row] = skbs.truesize[skb]
    this.#needs[row] = 1 + skbs.nrFrags[skb]
    this.#proto[row] = tx.proto
    this.#dst[row] = tx.dst
    this.#sport[row] = tx.sport
    this.#port[row] = tx.port
    this.#seq[row] = tx.seq
    this.#ack[row] = tx.ack
    this.#wnd[row] = tx.wnd
    this.#flags[row] = tx.flags
    this.#len[row] = tx.len
    this.#mss[row] = tx.mss
    this.#tsval[row] = tx.tsval
    this.#tsecr[row] = tx.tsecr
    if (this.#free >= this.#needs[row] && this.inQueue === 1) this.#emit(row)
    return NET_XMIT_SUCCESS
  }

  /** Releases what has left by `now` and lets waiting skbs into the ring. */
  clean(ctx: Context, now: Nanoseconds): void {
    const departed = this.#wire.departedFrames
    while (this.#clean !== this.#sent) {
      if (departed === undefined ? this.#doneAt[this.#clean] > now : this.#doneFrame[this.#clean] > departed) break
      const row = this.#clean
      this.#clean = (row + 1) & MASK
      this.#free += this.#needs[row]
      this.#release(ctx, this.#skb[row], this.#sport[row], this.#truesize[row])
    }
    while (this.#sent !== this.#head && this.#free >= this.#needs[this.#sent]) this.#emit(this.#sent)
  }

  /** Gives up everything that is queued or in the ring: the device goes down. */
  flush(ctx: Context): void {
    while (this.#clean !== this.#head) {
      const row = this.#clean
      this.#clean = (row + 1) & MASK
      this.#release(ctx, this.#skb[row], this.#sport[row], this.#truesize[row])
    }
    this.#sent = this.#head
    this.#free = this.#descriptors
  }

  checkInvariants(): void {
    let needs = 0
    for (let row = this.#clean; row !== this.#sent; row = (row + 1) & MASK) needs += this.#needs[row]
    assert(needs + this.#free === this.#descriptors, "transmit descriptors leaked")
  }

  /** Sends a frame that has no skb. */
  sendFrame(frame: number): void {
    this.#send(frame)
  }

  #send(frame: number): Nanoseconds {
    const doneAt = this.#wire.transmit(frame)
    if (doneAt !== NOT_SENT) this.#accepted++
    return doneAt
  }

  /** Cuts the skb into frames and puts them on the wire. */
  #emit(row: number): void {
    const packets: Packets = this.#stack.packets
    const mss = this.#mss[row]
    const tap = this.#stack.tap
    let seq = this.#seq[row]
    let left = this.#len[row]
    let doneAt = 0
    do {
      const len = left > mss ? mss : left
      left -= len
      const frame = packets.alloc()
      const bytes = len + TCP_HEADER_BYTES
      packets.bytes[frame] = bytes
      packets.proto[frame] = this.#proto[row]
      packets.src[frame] = this.#stack.host
      packets.dst[frame] = this.#dst[row]
      packets.sport[frame] = this.#sport[row]
      packets.port[frame] = this.#port[row]
      packets.seq[frame] = seq
      packets.ack[frame] = this.#ack[row]
      packets.wnd[frame] = this.#wnd[row]
      packets.len[frame] = len
      packets.tsval[frame] = this.#tsval[row]
      packets.tsecr[frame] = this.#tsecr[row]
      // PSH and FIN belong to the last frame
      packets.flags[frame] = left > 0 ? this.#flags[row] & ~(TCPHDR_PSH | TCPHDR_FIN) : this.#flags[row]
      if (tap !== null) tap.frame(frame, true)
      this.frames++
      this.bytes += bytes
      doneAt = this.#send(frame)
      seq += len
    } while (left > 0)
    this.#doneAt[row] = doneAt
    this.#doneFrame[row] = this.#accepted
    this.#free -= this.#needs[row]
    this.#sent = (row + 1) & MASK
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
