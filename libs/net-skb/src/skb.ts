// sk_buff: the descriptors of packets inside one machine, as rows of typed arrays over a free list.
// Modelled: the head object, the data area (kmalloc or a fragment of a page), up to 17 page fragments, truesize, the
// pfmemalloc mark; `__alloc_skb` with `kmalloc_reserve`; the fast clone pair.
// Not modelled: bytes. Head room and tail room matter only as the size of the data area.
// A fast clone is not a row of its own: the pair is one slab object, so the twin is a second user of the same row.
// source: net/core/skbuff.c:__alloc_skb, __kmalloc_reserve, build_skb, kfree_skb
import { type MemallocSocks, NO_OBJECT } from "@swaplab/kmem"
import {
  __GFP_MEMALLOC,
  __GFP_NOMEMALLOC,
  __GFP_NOWARN,
  type Context,
  GFP_ATOMIC,
  type Task,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { assert, type Sleeps } from "@swaplab/sim"
import { FragPages } from "./frag-pages.ts"
import type { SocketMemory } from "./memory.ts"
import { NO_FRAME, type Packets } from "./packets.ts"
import { MAX_SKB_FRAGS, SKB_SHARED_INFO_BYTES, skbDataArea, skbTruesize } from "./sizes.ts"
import type { NetSwitches } from "./switches.ts"

/** No skb: the allocation failed. */
export const NO_SKB = -1

/** Flags of `allocSkb`: a fast clone pair; a buffer for received packets. */
export const SKB_ALLOC_FCLONE = 1
export const SKB_ALLOC_RX = 2

const HEAD = 1
const FCLONE = 2

const DATA_NONE = 0
const DATA_KMALLOC = 1
const DATA_FRAGMENT = 2

/** The skbs of one machine. */
export class Skbs {
  readonly memory: SocketMemory
  readonly packets: Packets
  /** Those of the stack. */
  switches: NetSwitches
  readonly memallocSocks: MemallocSocks
  readonly pages: FragPages

  /** Link of the queue the skb is on; also the free list. */
  next: Int32Array
  truesize: Int32Array
  /** Payload bytes: linear part plus fragments. */
  len: Int32Array
  /** Payload bytes in the linear part, and how many fit there. */
  headLen: Int32Array
  headRoom: Int32Array
  pfmemalloc: Uint8Array
  /** The frame it was received in, or NO_FRAME. */
  frame: Int32Array
  nrFrags: Uint8Array
  /** Fragment i of skb s is at s · 17 + i: page (row of `pages`) and bytes. */
  fragPage: Int32Array
  fragLen: Int32Array
  /** Control block of TCP: stream offsets, time of the last transmission, flags of the header, state of the segment. */
  seq: Float64Array
  endSeq: Float64Array
  when: Float64Array
  flags: Uint8Array
  sacked: Uint8Array
  /** The fast clone is below the stack. */
  twinBusy: Uint8Array
  /** Skbs in use. */
  inUse = 0
  /** Allocations refused: head or data. */
  allocFailures = 0
  /** Skbs whose data came from the reserve. */
  reserveAllocs = 0
  #users: Uint8Array
  #headKind: Uint8Array
  #head: Int32Array
  #dataKind: Uint8Array
  #data: Int32Array
  #dataBytes: Int32Array
  #free = 0
  #capacity = 512
  /** Out parameter of #tryKmallocReserve. */
  #reserved = false

  constructor(memory: SocketMemory, packets: Packets, switches: NetSwitches, memallocSocks: MemallocSocks) {
    this.memory = memory
    this.packets = packets
    this.switches = switches
    this.memallocSocks = memallocSocks
    this.pages = new FragPages(memory)
    const n = this.#capacity
    this.next = new Int32Array(n)
    this.truesize = new Int32Array(n)
    this.len = new Int32Array(n)
    this.headLen = new Int32Array(n)
    this.headRoom = new Int32Array(n)
    this.pfmemalloc = new Uint8Array(n)
    this.frame = new Int32Array(n)
    this.nrFrags = new Uint8Array(n)
    this.fragPage = new Int32Array(n * MAX_SKB_FRAGS)
    this.fragLen = new Int32Array(n * MAX_SKB_FRAGS)
    this.seq = new Float64Array(n)
    this.endSeq = new Float64Array(n)
    this.when = new Float64Array(n)
    this.flags = new Uint8Array(n)
    this.sacked = new Uint8Array(n)
    this.twinBusy = new Uint8Array(n)
    this.#users = new Uint8Array(n)
    this.#headKind = new Uint8Array(n)
    this.#head = new Int32Array(n)
    this.#dataKind = new Uint8Array(n)
    this.#data = new Int32Array(n)
    this.#dataBytes = new Int32Array(n)
    for (let i = 0; i < n; i++) this.next[i] = i + 1
  }

  /** `__alloc_skb` without sleeping: an skb with room for `size` bytes, NO_SKB or WOULD_SLEEP. */
  tryAllocSkb(ctx: Context, size: number, gfp: number, flags: number): number {
    const mask = this.#rxMask(gfp, flags)
    const fclone = (flags & SKB_ALLOC_FCLONE) !== 0
    const head = this.memory.tryHead(ctx, mask, fclone)
    if (head < 0) {
      if (head === NO_OBJECT) this.allocFailures++
      return head
    }
    const bytes = skbDataArea(size)
    const data = this.#tryKmallocReserve(ctx, bytes, mask)
    if (data < 0) {
      this.memory.freeHead(ctx, head, fclone)
      if (data === NO_OBJECT) this.allocFailures++
      return data
    }
    return this.#make(fclone ? FCLONE : HEAD, head, DATA_KMALLOC, data, bytes, this.#reserved)
  }

  /** `__alloc_skb`: an skb or NO_SKB. */
  *allocSkb(task: Task, size: number, gfp: number, flags: number): Sleeps<number> {
    const skb = this.tryAllocSkb(task, size, gfp, flags)
    return skb !== WOULD_SLEEP ? skb : yield* this.#allocSkbSlow(task, size, gfp, flags)
  }

  /** `build_skb`: a head (GFP_ATOMIC, whatever the page came from) around a fragment. NO_SKB leaves the fragment alone. */
  buildSkb(ctx: Context, page: number, fragBytes: number): number {
    const head = this.memory.tryHead(ctx, GFP_ATOMIC, false)
    if (head < 0) {
      this.allocFailures++
      return NO_SKB
    }
    return this.#make(HEAD, head, DATA_FRAGMENT, page, fragBytes, false)
  }

  /**
   * `skb_fill_page_desc`: appends a page fragment; the skb takes over one reference of the page. The caller accounts for
   * truesize.
   */
  fillPageDesc(skb: number, page: number, len: number): void {
    const i = this.nrFrags[skb]
    assert(i < MAX_SKB_FRAGS, "more fragments than an skb can have")
    this.fragPage[skb * MAX_SKB_FRAGS + i] = page
    this.fragLen[skb * MAX_SKB_FRAGS + i] = len
    this.nrFrags[skb] = i + 1
    if (this.switches.pageToSkb && this.pages.pfmemalloc[page] !== 0) this.pfmemalloc[skb] = 1
  }

  /** One more user of the skb (its clone, a queue). */
  get(skb: number): void {
    assert(this.#users[skb] > 0 && this.#users[skb] < 255, "skb_get of a free skb")
    this.#users[skb]++
  }

  /** How many hold the skb. */
  users(skb: number): number {
    return this.#users[skb]
  }

  /** `kfree_skb`, `consume_skb`: drops one user; the last one frees frame, data, fragments and head. */
  kfree(ctx: Context, skb: number): void {
    assert(this.#users[skb] > 0, "kfree_skb of a free skb")
    if (--this.#users[skb] !== 0) return
    const frame = this.frame[skb]
    if (frame !== NO_FRAME) {
      this.packets.free(frame)
      this.frame[skb] = NO_FRAME
    }
    const kind = this.#dataKind[skb]
    if (kind === DATA_KMALLOC) this.memory.freeData(ctx, this.#dataBytes[skb], this.#data[skb])
    else if (kind === DATA_FRAGMENT) this.pages.put(ctx, this.#data[skb])
    const first = skb * MAX_SKB_FRAGS
    for (let i = 0; i < this.nrFrags[skb]; i++) this.pages.put(ctx, this.fragPage[first + i])
    this.nrFrags[skb] = 0
    this.memory.freeHead(ctx, this.#head[skb], this.#headKind[skb] === FCLONE)
    this.#dataKind[skb] = DATA_NONE
    this.next[skb] = this.#free
    this.#free = skb
    this.inUse--
  }

  checkInvariants(): void {
    let used = 0
    for (let skb = 0; skb < this.#capacity; skb++) if (this.#users[skb] > 0) used++
    assert(used === this.inUse, "skbs miscounted")
    this.pages.checkInvariants()
  }

  *#allocSkbSlow(task: Task, size: number, gfp: number, flags: number): Sleeps<number> {
    const mask = this.#rxMask(gfp, flags)
    const fclone = (flags & SKB_ALLOC_FCLONE) !== 0
    const bytes = skbDataArea(size)
    const head = yield* this.memory.head(task, mask, fclone)
    if (head < 0) {
      this.allocFailures++
      return NO_SKB
    }
    let reserved = false
    let data: number
    if (this.switches.skbReserve) {
      data = yield* this.memory.data(task, bytes, mask | __GFP_NOMEMALLOC | __GFP_NOWARN)
      if (data < 0 && this.memory.gfpPfmemallocAllowed(task, mask)) {
        reserved = true
        data = yield* this.memory.data(task, bytes, mask)
      }
    } else {
      data = yield* this.memory.data(task, bytes, mask)
    }
    if (data < 0) {
      this.memory.freeHead(task, head, fclone)
      this.allocFailures++
      return NO_SKB
    }
    return this.#make(fclone ? FCLONE : HEAD, head, DATA_KMALLOC, data, bytes, reserved)
  }

  #rxMask(gfp: number, flags: number): number {
    return (flags & SKB_ALLOC_RX) !== 0 && this.switches.skbReserve && this.memallocSocks.count > 0
      ? gfp | __GFP_MEMALLOC
      : gfp
  }

  #tryKmallocReserve(ctx: Context, bytes: number, gfp: number): number {
    this.#reserved = false
    if (!this.switches.skbReserve) return this.memory.tryData(ctx, bytes, gfp)
    const data = this.memory.tryData(ctx, bytes, gfp | __GFP_NOMEMALLOC | __GFP_NOWARN)
    if (data !== NO_OBJECT || !this.memory.gfpPfmemallocAllowed(ctx, gfp)) return data
    this.#reserved = true
    return this.memory.tryData(ctx, bytes, gfp)
  }

  #make(
    headKind: number,
    head: number,
    dataKind: number,
    data: number,
    dataBytes: number,
    pfmemalloc: boolean
  ): number {
    if (this.#free === this.#capacity) this.#grow()
    const skb = this.#free
    this.#free = this.next[skb]
    const room = (dataKind === DATA_KMALLOC ? this.memory.ksize(dataBytes) : dataBytes) - SKB_SHARED_INFO_BYTES
    this.next[skb] = NO_SKB
    this.truesize[skb] = skbTruesize(room)
    this.len[skb] = 0
    this.headLen[skb] = 0
    this.headRoom[skb] = room
    this.pfmemalloc[skb] = pfmemalloc ? 1 : 0
    this.frame[skb] = NO_FRAME
    this.nrFrags[skb] = 0
    this.sacked[skb] = 0
    this.flags[skb] = 0
    this.twinBusy[skb] = 0
    this.#users[skb] = 1
    this.#headKind[skb] = headKind
    this.#head[skb] = head
    this.#dataKind[skb] = dataKind
    this.#data[skb] = data
    this.#dataBytes[skb] = dataBytes
    this.inUse++
    if (pfmemalloc) this.reserveAllocs++
    return skb
  }

  #grow(): void {
    const n = this.#capacity * 2
    const wide = <A extends Int32Array | Uint8Array | Float64Array>(from: A, to: A): A => {
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
    this.nrFrags = wide(this.nrFrags, new Uint8Array(n))
    this.fragPage = wide(this.fragPage, new Int32Array(n * MAX_SKB_FRAGS))
    this.fragLen = wide(this.fragLen, new Int32Array(n * MAX_SKB_FRAGS))
    this.seq = wide(this.seq, new Float64Array(n))
    this.endSeq = wide(this.endSeq, new Float64Array(n))
    this.when = wide(this.when, new Float64Array(n))
    this.flags = wide(this.flags, new Uint8Array(n))
    this.sacked = wide(this.sacked, new Uint8Array(n))
    this.twinBusy = wide(this.twinBusy, new Uint8Array(n))
    this.#users = wide(this.#users, new Uint8Array(n))
    this.#headKind = wide(this.#headKind, new Uint8Array(n))
    this.#head = wide(this.#head, new Int32Array(n))
    this.#dataKind = wide(this.#dataKind, new Uint8Array(n))
    this.#data = wide(this.#data, new Int32Array(n))
    this.#dataBytes = wide(this.#dataBytes, new Int32Array(n))
    for (let i = this.#capacity; i < n; i++) this.next[i] = i + 1
    this.#capacity = n
  }
}
