// The columns of sk_buffs: one row each over a free list. What they mean to the allocation of packets is in skb.ts.
// source: include/linux/skbuff.h:struct sk_buff, skb_shared_info
import { assert } from "@swaplab/sim"
import { NO_FRAME } from "./packets.ts"
import { MAX_SKB_FRAGS, skbTruesize } from "./sizes.ts"

/** No skb: the allocation failed. */
export const NO_SKB = -1

/** What the data area of an skb is: nothing, memory of kmalloc, a fragment of a page (`skb->head_frag`), one that clones share. */
export const DATA_NONE = 0
export const DATA_KMALLOC = 1
export const DATA_FRAGMENT = 2
export const DATA_SHARED = 3

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
  #capacity = 512

  constructor() {
    const n = this.#capacity
    this.next = new Int32Array(n)
    this.truesize = new Int32Array(n)
    this.len = new Int32Array(n)
    this.headLen = new Int32Array(n)
    this.headRoom = new Int32Array(n)
    this.pfmemalloc = new Uint8Array(n)
    this.frame = new Int32Array(n)
    this.gsoSize = new Uint16Array(n)
    this.gsoSegs = new Uint16Array(n)
    this.fragList = new Int32Array(n)
    this.nrFrags = new Uint8Array(n)
    this.fragPage = new Int32Array(n * MAX_SKB_FRAGS)
    this.fragLen = new Int32Array(n * MAX_SKB_FRAGS)
    this.seq = new Float64Array(n)
    this.endSeq = new Float64Array(n)
    this.when = new Float64Array(n)
    this.ackSeq = new Float64Array(n)
    this.flags = new Uint8Array(n)
    this.sacked = new Uint8Array(n)
    this.twinBusy = new Uint8Array(n)
    this.userCount = new Uint8Array(n)
    this.headKind = new Uint8Array(n)
    this.head = new Int32Array(n)
    this.dataKind = new Uint8Array(n)
    this.data = new Int32Array(n)
    this.dataBytes = new Int32Array(n)
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
    const wide = <A extends Int32Array | Uint16Array | Uint8Array | Float64Array>(from: A, to: A): A => {
      to.set(from)
      return to
    }
    this.next = wide(this.next, new Int32Array(n))
    this.truesize = wide(this.truesize, new Int32Array(n))
    this.len = wide(this.len, new Int32Array(n))
    this.headLen = wide(this.headLen, new Int32Array(n))
    this.headRoom = wide(this.headRoom, new Int32Array(n))
    this.pfmemalloc = wide(this.pfmemalloc, new Uint8Array(n))
    this.frame = wide(this.frame, new Int32Array(n))
    this.gsoSize = wide(this.gsoSize, new Uint16Array(n))
    this.gsoSegs = wide(this.gsoSegs, new Uint16Array(n))
    this.fragList = wide(this.fragList, new Int32Array(n))
    this.nrFrags = wide(this.nrFrags, new Uint8Array(n))
    this.fragPage = wide(this.fragPage, new Int32Array(n * MAX_SKB_FRAGS))
    this.fragLen = wide(this.fragLen, new Int32Array(n * MAX_SKB_FRAGS))
    this.seq = wide(this.seq, new Float64Array(n))
    this.endSeq = wide(this.endSeq, new Float64Array(n))
    this.when = wide(this.when, new Float64Array(n))
    this.ackSeq = wide(this.ackSeq, new Float64Array(n))
    this.flags = wide(this.flags, new Uint8Array(n))
    this.sacked = wide(this.sacked, new Uint8Array(n))
    this.twinBusy = wide(this.twinBusy, new Uint8Array(n))
    this.userCount = wide(this.userCount, new Uint8Array(n))
    this.headKind = wide(this.headKind, new Uint8Array(n))
    this.head = wide(this.head, new Int32Array(n))
    this.dataKind = wide(this.dataKind, new Uint8Array(n))
    this.data = wide(this.data, new Int32Array(n))
    this.dataBytes = wide(this.dataBytes, new Int32Array(n))
    for (let i = this.#capacity; i < n; i++) this.next[i] = i + 1
    this.#capacity = n
  }
}
