// The skbs of a transmit ring, and of the queue before it, as rows of typed arrays: what each row holds, and its headers.
// A ring of a power of two of rows that doubles when it is full. Few rows are used over and over, so they stay in the CPU's cache.
import { type Packets, SACK_STRIDE, TCPHDR_CWR, TCPHDR_FIN, TCPHDR_PSH, TCPHDR_SYN } from "./packets.ts"
import { NO_SKB } from "./skb-rows.ts"
import type { TxHeader } from "./tx-header.ts"

/** The columns of skbs in the ring and in the queue before it, for a power of two of rows. */
export class TxRows {
  readonly mask: number
  readonly skb: Int32Array
  /** The long skb whose segments are linked behind `skb`, until they are in the ring; NO_SKB otherwise. */
  readonly original: Int32Array
  readonly truesize: Int32Array
  readonly needs: Uint16Array
  readonly proto: Uint16Array
  readonly dst: Int32Array
  readonly sport: Int32Array
  readonly port: Int32Array
  readonly seq: Float64Array
  readonly ack: Float64Array
  readonly wnd: Int32Array
  readonly flags: Uint16Array
  readonly len: Int32Array
  readonly mss: Int32Array
  readonly tsval: Float64Array
  readonly tsecr: Float64Array
  readonly headerBytes: Uint8Array
  readonly sackBlocks: Uint8Array
  readonly sackSeq: Float64Array
  readonly synOptions: Uint8Array
  readonly synMss: Uint16Array
  readonly synScale: Uint8Array
  readonly doneAt: Float64Array
  /** The skb has left when so many frames have. */
  readonly doneFrame: Float64Array

  constructor(rows: number) {
    this.mask = rows - 1
    this.skb = new Int32Array(rows)
    this.original = new Int32Array(rows).fill(NO_SKB)
    this.truesize = new Int32Array(rows)
    this.needs = new Uint16Array(rows)
    this.proto = new Uint16Array(rows)
    this.dst = new Int32Array(rows)
    this.sport = new Int32Array(rows)
    this.port = new Int32Array(rows)
    this.seq = new Float64Array(rows)
    this.ack = new Float64Array(rows)
    this.wnd = new Int32Array(rows)
    this.flags = new Uint16Array(rows)
    this.len = new Int32Array(rows)
    this.mss = new Int32Array(rows)
    this.tsval = new Float64Array(rows)
    this.tsecr = new Float64Array(rows)
    this.headerBytes = new Uint8Array(rows)
    this.sackBlocks = new Uint8Array(rows)
    this.sackSeq = new Float64Array(rows * SACK_STRIDE)
    this.synOptions = new Uint8Array(rows)
    this.synMss = new Uint16Array(rows)
    this.synScale = new Uint8Array(rows)
    this.doneAt = new Float64Array(rows)
    this.doneFrame = new Float64Array(rows)
  }

  /** Keeps the headers of the skb in `row`. */
  keep(row: number, tx: TxHeader): void {
    this.proto[row] = tx.proto
    this.dst[row] = tx.dst
    this.sport[row] = tx.sport
    this.port[row] = tx.port
    this.seq[row] = tx.seq
    this.ack[row] = tx.ack
    this.wnd[row] = tx.wnd
    this.flags[row] = tx.flags
    this.len[row] = tx.len
    this.mss[row] = tx.mss
    this.tsval[row] = tx.tsval
    this.tsecr[row] = tx.tsecr
    this.headerBytes[row] = tx.headerBytes
    this.sackBlocks[row] = tx.sackBlocks
    if (tx.sackBlocks > 0) this.sackSeq.set(tx.sackSeq, row * SACK_STRIDE)
    if ((tx.flags & TCPHDR_SYN) !== 0) {
      this.synOptions[row] = tx.synOptions
      this.synMss[row] = tx.synMss
      this.synScale[row] = tx.synScale
    }
  }

  /** Writes the headers of `row` to a frame of it with `len` bytes from `seq` on; `last`: no frame of the row follows. */
  write(row: number, packets: Packets, frame: number, seq: number, len: number, last: boolean): void {
    packets.bytes[frame] = len + this.headerBytes[row]
    packets.proto[frame] = this.proto[row]
    packets.dst[frame] = this.dst[row]
    packets.sport[frame] = this.sport[row]
    packets.port[frame] = this.port[row]
    packets.seq[frame] = seq
    packets.ack[frame] = this.ack[row]
    packets.wnd[frame] = this.wnd[row]
    packets.len[frame] = len
    packets.tsval[frame] = this.tsval[row]
    packets.tsecr[frame] = this.tsecr[row]
    let flags = this.flags[row]
    if (this.sackBlocks[row] > 0) this.#writeSack(row, packets, frame)
    if ((flags & TCPHDR_SYN) !== 0) this.#writeSyn(row, packets, frame)
    // PSH and FIN belong to the last frame, CWR to the first
    if (!last) flags &= ~(TCPHDR_PSH | TCPHDR_FIN)
    packets.flags[frame] = seq === this.seq[row] ? flags : flags & ~TCPHDR_CWR
  }

  /** Twice as many rows, with the row `first` of the full ring in row 0 and the others behind it. */
  doubled(first: number): TxRows {
    const wider = new TxRows(2 * (this.mask + 1))
    const move = (from: Column, to: Column, stride = 1): void => {
      to.set(from.subarray(first * stride))
      to.set(from.subarray(0, first * stride), from.length - first * stride)
    }
    move(this.skb, wider.skb)
    move(this.original, wider.original)
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
    move(this.headerBytes, wider.headerBytes)
    move(this.sackBlocks, wider.sackBlocks)
    move(this.sackSeq, wider.sackSeq, SACK_STRIDE)
    move(this.synOptions, wider.synOptions)
    move(this.synMss, wider.synMss)
    move(this.synScale, wider.synScale)
    move(this.doneAt, wider.doneAt)
    move(this.doneFrame, wider.doneFrame)
    return wider
  }

  #writeSack(row: number, packets: Packets, frame: number): void {
    packets.sackBlocks[frame] = this.sackBlocks[row]
    for (let i = 0; i < SACK_STRIDE; i++) {
      packets.sackSeq[frame * SACK_STRIDE + i] = this.sackSeq[row * SACK_STRIDE + i]
    }
  }

  #writeSyn(row: number, packets: Packets, frame: number): void {
    packets.synOptions[frame] = this.synOptions[row]
    packets.synMss[frame] = this.synMss[row]
    packets.synScale[frame] = this.synScale[row]
  }
}

type Column = Int32Array | Uint8Array | Uint16Array | Float64Array
