// sk_buff: the descriptors of packets inside one machine, as rows of typed arrays over a free list (skb-rows.ts).
// Modelled: the head object, the data area (kmalloc or a fragment of a page), up to 17 page fragments, the list of skbs behind
// them, truesize, the pfmemalloc mark; `__alloc_skb` with `kmalloc_reserve`; the fast clone pair.
// Not modelled: bytes. Head room and tail room matter only as the size of the data area.
// A fast clone is not a row of its own: the pair is one slab object, so the twin is a second user of the same row.
// source: net/core/skbuff.c:__alloc_skb, __kmalloc_reserve, build_skb, kfree_skb, kfree_skb_partial, skb_drop_fraglist
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
import { SharedData } from "./shared-data.ts"
import { MAX_SKB_FRAGS, SKB_SHARED_INFO_BYTES, skbDataArea, skbTruesize } from "./sizes.ts"
import { DATA_FRAGMENT, DATA_KMALLOC, DATA_NONE, DATA_SHARED, NO_SKB, SkbRows } from "./skb-rows.ts"
import type { NetSwitches } from "./switches.ts"

/** Flags of `allocSkb`: a fast clone pair; a buffer for received packets. */
export const SKB_ALLOC_FCLONE = 1
export const SKB_ALLOC_RX = 2

const HEAD = 1
const FCLONE = 2

/** The skbs of one machine. */
export class Skbs extends SkbRows {
  readonly memory: SocketMemory
  readonly packets: Packets
  /** Those of the stack. */
  switches: NetSwitches
  readonly memallocSocks: MemallocSocks
  readonly pages: FragPages
  readonly shared: SharedData
  /** Allocations refused: head or data. */
  allocFailures = 0
  /** Skbs whose data came from the reserve. */
  reserveAllocs = 0
  /** Out parameter of #tryKmallocReserve. */
  #reserved = false

  constructor(memory: SocketMemory, packets: Packets, switches: NetSwitches, memallocSocks: MemallocSocks) {
    super()
    this.memory = memory
    this.packets = packets
    this.switches = switches
    this.memallocSocks = memallocSocks
    this.pages = new FragPages(memory)
    this.shared = new SharedData(memory)
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

  /** `build_skb` around kmalloc'd data of `bytes`, which carries no mark. NO_SKB leaves the data alone. */
  buildSkbOfData(ctx: Context, data: number, bytes: number): number {
    const head = this.memory.tryHead(ctx, GFP_ATOMIC, false)
    if (head < 0) {
      this.allocFailures++
      return NO_SKB
    }
    return this.#make(HEAD, head, DATA_KMALLOC, data, bytes, false)
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

  /**
   * `skb_clone` of a received skb whose data are of kmalloc: a head of its own, the same data and mark. NO_SKB leaves everything as it
   * was. Neither has room behind its data any more. The caller sets lengths and truesize.
   */
  clone(ctx: Context, skb: number): number {
    const marked = this.pfmemalloc[skb] !== 0
    const head = this.memory.tryHead(ctx, marked ? GFP_ATOMIC | __GFP_MEMALLOC : GFP_ATOMIC, false)
    if (head < 0) {
      this.allocFailures++
      return NO_SKB
    }
    if (this.dataKind[skb] === DATA_KMALLOC) {
      this.data[skb] = this.shared.adopt(this.data[skb], this.dataBytes[skb])
      this.dataKind[skb] = DATA_SHARED
      this.headRoom[skb] = 0
    }
    assert(this.dataKind[skb] === DATA_SHARED, "only data of kmalloc are shared by clones")
    this.shared.get(this.data[skb])
    const clone = this.takeRow(0, marked)
    this.headKind[clone] = HEAD
    this.head[clone] = head
    this.dataKind[clone] = DATA_SHARED
    this.data[clone] = this.data[skb]
    this.dataBytes[clone] = this.dataBytes[skb]
    return clone
  }

  /** One more user of the skb (its clone, a queue). */
  get(skb: number): void {
    assert(this.userCount[skb] > 0 && this.userCount[skb] < 255, "skb_get of a free skb")
    this.userCount[skb]++
  }

  /** How many hold the skb. */
  users(skb: number): number {
    return this.userCount[skb]
  }

  /** `skb->head_frag`: its data area is a fragment of a page, which another skb can take over. */
  headFrag(skb: number): boolean {
    return this.dataKind[skb] === DATA_FRAGMENT
  }

  /** What its truesize is without fragments and lists. */
  bareTruesize(skb: number): number {
    return skbTruesize(this.headRoom[skb])
  }

  /**
   * The data area of `from`, a fragment of a page, becomes the next fragment of `to`, and those of `from` follow. What is left of
   * `from` is for `freePartial`. The caller accounts for length and truesize; the pfmemalloc mark of `to` stays what it was.
   */
  appendHead(to: number, from: number): void {
    const i = to * MAX_SKB_FRAGS + this.nrFrags[to]++
    this.fragPage[i] = this.data[from]
    this.fragLen[i] = this.headLen[from]
    this.appendFrags(to, from)
  }

  /** The fragments of `from` become the next ones of `to`, without `from`'s linear part. As `appendHead`. */
  appendFrags(to: number, from: number): void {
    const nr = this.nrFrags[to]
    const more = this.nrFrags[from]
    assert(nr + more <= MAX_SKB_FRAGS, "more fragments than an skb can have")
    const first = from * MAX_SKB_FRAGS
    const at = to * MAX_SKB_FRAGS + nr
    for (let i = 0; i < more; i++) {
      this.fragPage[at + i] = this.fragPage[first + i]
      this.fragLen[at + i] = this.fragLen[first + i]
    }
    this.nrFrags[to] = nr + more
    this.nrFrags[from] = 0
  }

  /** `kfree_skb_partial`: frees an skb whose fragments have been taken over; with `headStolen` its data area, too. */
  freePartial(ctx: Context, skb: number, headStolen: boolean): void {
    if (headStolen) this.dataKind[skb] = DATA_NONE
    this.kfree(ctx, skb)
  }

  /** `kfree_skb`, `consume_skb`: drops one user; the last one frees frame, data, fragments and head. */
  kfree(ctx: Context, skb: number): void {
    assert(this.userCount[skb] > 0, "kfree_skb of a free skb")
    if (--this.userCount[skb] !== 0) return
    const frame = this.frame[skb]
    if (frame !== NO_FRAME) {
      this.packets.free(frame)
      this.frame[skb] = NO_FRAME
    }
    const kind = this.dataKind[skb]
    if (kind === DATA_KMALLOC) this.memory.freeData(ctx, this.dataBytes[skb], this.data[skb])
    else if (kind === DATA_FRAGMENT) this.pages.put(ctx, this.data[skb])
    else if (kind === DATA_SHARED) this.shared.put(ctx, this.data[skb])
    const first = skb * MAX_SKB_FRAGS
    for (let i = 0; i < this.nrFrags[skb]; i++) this.pages.put(ctx, this.fragPage[first + i])
    this.nrFrags[skb] = 0
    if (this.fragList[skb] !== NO_SKB) this.#dropFragList(ctx, skb)
    this.memory.freeHead(ctx, this.head[skb], this.headKind[skb] === FCLONE)
    this.giveRow(skb)
  }

  override checkInvariants(): void {
    super.checkInvariants()
    this.pages.checkInvariants()
  }

  /** `skb_drop_fraglist`. */
  #dropFragList(ctx: Context, skb: number): void {
    let of = this.fragList[skb]
    this.fragList[skb] = NO_SKB
    while (of !== NO_SKB) {
      const next = this.next[of]
      this.next[of] = NO_SKB
      this.kfree(ctx, of)
      of = next
    }
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
    const room = (dataKind === DATA_KMALLOC ? this.memory.ksize(dataBytes) : dataBytes) - SKB_SHARED_INFO_BYTES
    const skb = this.takeRow(room, pfmemalloc)
    this.headKind[skb] = headKind
    this.head[skb] = head
    this.dataKind[skb] = dataKind
    this.data[skb] = data
    this.dataBytes[skb] = dataBytes
    if (pfmemalloc) this.reserveAllocs++
    return skb
  }
}
