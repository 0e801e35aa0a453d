// The columns of sk_buffs: one row each over a free list. What they mean to the allocation of packets is in skb.ts.
// source: include/linux/skbuff.h:struct sk_buff, skb_shared_info
import { assert, ColumnBuffer } from "@swaplab/sim"
import { NO_FRAME } from "./packets.ts"
import { MAX_SKB_FRAGS, skbTruesize } from "./sizes.ts"

/** No skb: the allocation failed. */
export const NO_SKB = -1

/** What the data area of an skb is: nothing, memory of kmalloc, a fragment of a page (`skb->head_frag`), one that clones share. */
export const DATA_NONE = 0
export const DATA_KMALLOC = 1
export const DATA_FRAGMENT = 2
export const DATA_SHARED = 3

/** Of its columns: those of the skb itself, and page and bytes of each fragment. */
const BYTES_PER_SKB = 84 + 8 * MAX_SKB_FRAGS

/** Rows of a machine that boots: a quiet one has some dozens. */
const FIRST_ROWS = 64

/** Rows of skbs; they double when all are taken. */
export class SkbRows {
  /** Link of the queue the skb is on; also the free list. */
  next: Int32Array
  truesize: Int32Array
  /** Payload bytes: linear part, fragments and the skbs of `fragList`. */
  len: Int32Array
  /** Payload bytes in the linear part, and how many fit there. */
  headLen: Int32Array
  headRoom: Int32Array
  pfmemalloc: Uint8Array
  /** The frame it was received in, or NO_FRAME. */
  frame: Int32Array
  /**
   * Received: payload of each of the segments that GRO made it of, the last may be shorter; 0 for a segment as it came. Sent by
   * TCP: of those that it is cut into; 0 for one.
   */
  gsoSize: Uint16Array
  /** How many segments it consists of: 1 for a segment as it came, or as it leaves. */
  gsoSegs: Uint16Array
  /** First of the skbs whose data follow its own, linked by `next` (skb_shared_info.frag_list), or NO_SKB. */
  fragList: Int32Array
  nrFrags: Uint8Array
  /** Fragment i of skb s is at s · 17 + i: page (row of `pages`) and bytes. */
  fragPage: Int32Array
  fragLen: Int32Array
  /** Control block of TCP: stream offsets, time of the last transmission, flags of the header, state of the segment. */
  seq: Float64Array
  endSeq: Float64Array
  when: Float64Array
  /** SND.NXT when the segment was last sent again (TCP_SKB_CB->ack_seq of a segment in the write queue). */
  ackSeq: Float64Array
  flags: Uint8Array
  sacked: Uint8Array
  /** The fast clone is below the stack. */
  twinBusy: Uint8Array
  /** Skbs in use. */
  inUse = 0
  protected userCount: Uint8Array
  protected headKind: Uint8Array
  protected head: Int32Array
  protected dataKind: Uint8Array
  protected data: Int32Array
  protected dataBytes: Int32Array
  #free = 0
  #capacity = FIRST_ROWS

  constructor() {
    const n = this.#capacity
    const columns = new ColumnBuffer(BYTES_PER_SKB * n)
    this.seq = columns.float64(n)
    this.endSeq = columns.float64(n)
    this.when = columns.float64(n)
    this.ackSeq = columns.float64(n)
    this.next = columns.int32(n)
    this.truesize = columns.int32(n)
    this.len = columns.int32(n)
    this.headLen = columns.int32(n)
    this.headRoom = columns.int32(n)
    this.frame = columns.int32(n)
    this.fragList = columns.int32(n)
    this.fragPage = columns.int32(n * MAX_SKB_FRAGS)
    this.fragLen = columns.int32(n * MAX_SKB_FRAGS)
    this.head = columns.int32(n)
    this.data = columns.int32(n)
    this.dataBytes = columns.int32(n)
    this.gsoSize = columns.uint16(n)
    this.gsoSegs = columns.uint16(n)
    this.pfmemalloc = columns.uint8(n)
    this.nrFrags = columns.uint8(n)
    this.flags = columns.uint8(n)
    this.sacked = columns.uint8(n)
    this.twinBusy = columns.uint8(n)
    this.userCount = columns.uint8(n)
    this.headKind = columns.uint8(n)
    this.dataKind = columns.uint8(n)
    for (let i = 0; i < n; i++) this.next[i] = i + 1
  }

  /** A row for an skb of `room` bytes beside skb_shared_info, with one user and no data. */
  protected takeRow(room: number, pfmemalloc: boolean): number {
    if (this.#free === this.#capacity) this.#grow()
    const skb = this.#free
    this.#free = this.next[skb]
    this.next[skb] = NO_SKB
    this.truesize[skb] = skbTruesize(room)
    this.len[skb] = 0
    this.headLen[skb] = 0
    this.headRoom[skb] = room
    this.pfmemalloc[skb] = pfmemalloc ? 1 : 0
    this.frame[skb] = NO_FRAME
    this.gsoSize[skb] = 0
    this.gsoSegs[skb] = 1
    this.fragList[skb] = NO_SKB
    this.nrFrags[skb] = 0
    this.sacked[skb] = 0
    this.ackSeq[skb] = 0
    this.flags[skb] = 0
    this.twinBusy[skb] = 0
    this.userCount[skb] = 1
    this.inUse++
    return skb
  }

  /** The skb is gone: its row is free. */
  protected giveRow(skb: number): void {
    this.userCount[skb] = 0
    this.dataKind[skb] = DATA_NONE
    this.next[skb] = this.#free
    this.#free = skb
    this.inUse--
  }

  checkInvariants(): void {
    let used = 0
    for (let skb = 0; skb < this.#capacity; skb++) if (this.userCount[skb] > 0) used++
    assert(used === this.inUse, "skbs miscounted")
  }

  #grow(): void {
    const n = this.#capacity * 2
    const columns = new ColumnBuffer(BYTES_PER_SKB * n)
    const wide = <A extends Int32Array | Uint16Array | Uint8Array | Float64Array>(from: A, to: A): A => {
      to.set(from)
      return to
    }
    this.seq = wide(this.seq, columns.float64(n))
    this.endSeq = wide(this.endSeq, columns.float64(n))
    this.when = wide(this.when, columns.float64(n))
    this.ackSeq = wide(this.ackSeq, columns.float64(n))
    this.next = wide(this.next, columns.int32(n))
    this.truesize = wide(this.truesize, columns.int32(n))
    this.len = wide(this.len, columns.int32(n))
    this.headLen = wide(this.headLen, columns.int32(n))
    this.headRoom = wide(this.headRoom, columns.int32(n))
    this.frame = wide(this.frame, columns.int32(n))
    this.fragList = wide(this.fragList, columns.int32(n))
    this.fragPage = wide(this.fragPage, columns.int32(n * MAX_SKB_FRAGS))
    this.fragLen = wide(this.fragLen, columns.int32(n * MAX_SKB_FRAGS))
    this.head = wide(this.head, columns.int32(n))
    this.data = wide(this.data, columns.int32(n))
    this.dataBytes = wide(this.dataBytes, columns.int32(n))
    this.gsoSize = wide(this.gsoSize, columns.uint16(n))
    this.gsoSegs = wide(this.gsoSegs, columns.uint16(n))
    this.pfmemalloc = wide(this.pfmemalloc, columns.uint8(n))
    this.nrFrags = wide(this.nrFrags, columns.uint8(n))
    this.flags = wide(this.flags, columns.uint8(n))
    this.sacked = wide(this.sacked, columns.uint8(n))
    this.twinBusy = wide(this.twinBusy, columns.uint8(n))
    this.userCount = wide(this.userCount, columns.uint8(n))
    this.headKind = wide(this.headKind, columns.uint8(n))
    this.dataKind = wide(this.dataKind, columns.uint8(n))
    for (let i = this.#capacity; i < n; i++) this.next[i] = i + 1
    this.#capacity = n
  }
}
