// The receive ring of a NIC and its driver's way of filling it.
// "refilling" (e1000, igb, forcedeth): a received buffer goes up the stack and its slot stays empty until the driver refills in
// groups of 16 and at the end of a poll. When an allocation fails the rest stays empty until the next poll, which without
// packets is the driver's watchdog (2 s): buffers already posted survive a drought, then the NIC is deaf (rx_missed).
// "recycling" (tg3, bnx2, r8169): a replacement (or a copy) is allocated before the packet goes up; if that fails the packet is
// dropped and its buffer is used again: the ring never empties, nothing is received while memory lasts short.
// A refilling driver whose buffers are pages may allocate the skb for the headers only when a packet is there. Without memory for it
// the packet waits in its slot and the poll ends (ixgbe), or it is dropped and the page stays (cxgb4, virtio-net).
// Not modelled: e1000's copybreak, which moves a packet below 256 bytes into a buffer of its size (ACKs and replies to
// writes hold 1920 + 256 bytes here until they are read, 512 + 256 there); r8169's 16 KiB DMA buffers themselves (allocated
// once at boot).
// source: drivers/net/ethernet/intel/{e1000,igb,ixgbe}, broadcom/tg3.c:tg3_rx, broadcom/bnx2.c:bnx2_rx_skb, realtek/r8169.c:rtl_rx,
// nvidia/forcedeth.c:nv_napi_poll, chelsio/cxgb4/sge.c:refill_fl, do_gro; drivers/net/virtio_net.c:virtnet_poll, page_to_skb
import { __GFP_COLD, type Context, GFP_ATOMIC } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { NicOptions, PageBuffers } from "./cards.ts"
import { NO_FRAG_PAGE } from "./frag-pages.ts"
import { Gro } from "./gro.ts"
import { netdevFragBytes } from "./netdev-alloc.ts"
import { NO_FRAME } from "./packets.ts"
import { NET_SKB_PAD, skbDataArea } from "./sizes.ts"
import { NO_SKB } from "./skb-rows.ts"
import type { NetStack } from "./stack.ts"

/** What a ring reads of a card's row. */
export type RxRingOptions = Pick<
  NicOptions,
  "ring" | "driver" | "buffers" | "page" | "refill" | "bufferBytes" | "copyBreak" | "gro"
>

/** No data in a slot. */
const NO_DATA = -1

/** The slots of one receive ring. */
export class RxRing {
  /** Frames that found no posted buffer. */
  missed = 0
  /** Packets dropped because no replacement could be allocated. */
  dropped = 0
  /** Refills given up (alloc_rx_buff_failed). */
  allocFailed = 0
  /** Slots with a buffer and no frame; with a frame to process; without a buffer. Their sum is the ring. */
  posted = 0
  arrived = 0
  empty: number
  /** Bytes of the packets that were processed since somebody took the count. */
  #bytes = 0
  readonly size: number
  readonly gro: Gro
  readonly refills: boolean
  readonly #stack: NetStack
  readonly #options: RxRingOptions
  readonly #fragBytes: number
  readonly #kmalloc: boolean
  readonly #pages: PageBuffers | null
  readonly #refill: number
  readonly #dataBytes: number
  readonly #copies: boolean
  readonly #skb: Int32Array
  /** Data of kmalloc without an skb. */
  readonly #data: Int32Array
  readonly #page: Int32Array
  readonly #frame: Int32Array
  /** Next slot to fill, to receive into, to process. */
  #use = 0
  #hw = 0
  #clean = 0
  /** The last refill was given up. A packet waits for memory for its headers. */
  #starved = false
  #waits = false

  constructor(stack: NetStack, options: RxRingOptions) {
    assert(options.ring > 16, "receive ring too short")
    assert(
      (options.buffers === "page") === (options.page !== null),
      "a card with buffers of pages says how it uses them"
    )
    assert(options.driver === "refilling" || options.buffers !== "page", "only refilling drivers use pages")
    assert(options.driver === "recycling" || options.buffers !== "data", "only recycling drivers use data without skbs")
    this.#stack = stack
    this.#options = options
    this.size = options.ring
    this.gro = new Gro(stack, options.gro)
    this.empty = options.ring
    this.refills = options.driver === "refilling"
    this.#fragBytes = netdevFragBytes(options.bufferBytes)
    this.#kmalloc = options.buffers === "kmalloc" || (options.buffers === "fragment" && stack.switches.netdevKmalloc)
    this.#pages = options.page
    this.#refill = options.refill === "half" ? (options.ring >> 1) + 1 : options.refill
    this.#dataBytes = options.buffers === "data" ? skbDataArea(options.bufferBytes + NET_SKB_PAD) : 0
    this.#copies = !this.refills && options.copyBreak >= options.bufferBytes
    this.#skb = new Int32Array(options.ring).fill(NO_SKB)
    this.#data = new Int32Array(options.ring).fill(NO_DATA)
    this.#page = new Int32Array(options.ring).fill(NO_FRAG_PAGE)
    this.#frame = new Int32Array(options.ring).fill(NO_FRAME)
  }

  /** It could not do all that it should: without packets it is polled by the driver's watchdog. */
  get starves(): boolean {
    return this.refills && (this.#starved || this.#waits)
  }

  /** A frame arrives at the NIC. False: there was no buffer; the frame is freed. */
  receive(frame: number): boolean {
    if (this.posted === 0) {
      this.missed++
      this.#stack.packets.free(frame)
      return false
    }
    this.posted--
    this.arrived++
    this.#frame[this.#hw] = frame
    this.#hw = this.#after(this.#hw)
    return true
  }

  /** Processes up to `weight` frames, refills. Returns how many were processed. */
  poll(ctx: Context, weight: number): number {
    let done = 0
    this.#waits = false
    while (done < weight && this.arrived > 0) {
      if (this.refills) {
        if (!this.#passUp(ctx)) {
          this.#waits = true
          break
        }
        if (this.empty >= this.#refill) this.fill(ctx)
      } else {
        this.#replace(ctx)
      }
      done++
    }
    if (this.empty > 0 && (this.#options.refill !== "half" || this.#starved)) this.fill(ctx)
    return done
  }

  /** The bytes of packets processed since the last call. */
  takeBytes(): number {
    const bytes = this.#bytes
    this.#bytes = 0
    return bytes
  }

  /** Posts buffers into the empty slots until one cannot be allocated. */
  fill(ctx: Context): void {
    while (this.empty > 0) {
      if (!this.#fillSlot(ctx, this.#use)) {
        this.allocFailed++
        this.#starved = true
        return
      }
      this.#use = this.#after(this.#use)
      this.empty--
      this.posted++
    }
    this.#starved = false
  }

  /** Frees every buffer and frame: the device goes down. Returns how many frames that had arrived are lost. */
  drain(ctx: Context): number {
    const skbs = this.#stack.skbs
    const lost = this.arrived + this.gro.drain(ctx)
    for (let slot = 0; slot < this.size; slot++) {
      if (this.#frame[slot] !== NO_FRAME) this.#stack.packets.free(this.#frame[slot])
      if (this.#skb[slot] !== NO_SKB) skbs.kfree(ctx, this.#skb[slot])
      if (this.#page[slot] !== NO_FRAG_PAGE) skbs.pages.put(ctx, this.#page[slot])
      if (this.#data[slot] !== NO_DATA) skbs.memory.freeData(ctx, this.#dataBytes, this.#data[slot])
      this.#frame[slot] = NO_FRAME
      this.#skb[slot] = NO_SKB
      this.#page[slot] = NO_FRAG_PAGE
      this.#data[slot] = NO_DATA
    }
    this.posted = 0
    this.arrived = 0
    this.empty = this.size
    this.#use = 0
    this.#hw = 0
    this.#clean = 0
    this.#starved = false
    this.#waits = false
    return lost
  }

  checkInvariants(): void {
    assert(this.posted + this.arrived + this.empty === this.size, "receive slots miscounted")
    assert((this.#clean + this.arrived) % this.size === this.#hw, "receive ring out of step")
    assert((this.#hw + this.posted) % this.size === this.#use, "receive ring out of step")
    this.gro.checkInvariants()
  }

  #after(slot: number): number {
    return slot + 1 === this.size ? 0 : slot + 1
  }

  #fillSlot(ctx: Context, slot: number): boolean {
    const stack = this.#stack
    if (this.#copies) return true
    const pages = this.#pages
    if (pages !== null) {
      let skb = this.#skb[slot]
      if (skb === NO_SKB && pages.header === "slot") {
        skb = stack.netdev.skb(ctx, pages.headerBytes)
        if (skb === NO_SKB) return false
        this.#skb[slot] = skb
      }
      if (this.#page[slot] === NO_FRAG_PAGE) this.#page[slot] = stack.netdev.pageForSkb(ctx, skb, pages.reserve)
      return this.#page[slot] !== NO_FRAG_PAGE
    }
    if (this.#dataBytes > 0) {
      this.#data[slot] = stack.skbs.memory.tryData(ctx, this.#dataBytes, GFP_ATOMIC)
      return this.#data[slot] >= 0
    }
    if (this.refills || this.#kmalloc) {
      const skb = this.#kmalloc
        ? stack.netdev.kmallocSkb(ctx, this.#options.bufferBytes)
        : stack.netdev.skb(ctx, this.#options.bufferBytes)
      this.#skb[slot] = skb
      return skb !== NO_SKB
    }
    this.#page[slot] = stack.netdev.frag(ctx, this.#fragBytes, GFP_ATOMIC | __GFP_COLD)
    return this.#page[slot] !== NO_FRAG_PAGE
  }

  /** Refilling: the buffer itself goes up. False: the packet waits for memory. */
  #passUp(ctx: Context): boolean {
    const stack = this.#stack
    const skbs = stack.skbs
    const slot = this.#clean
    const frame = this.#frame[slot]
    const pages = this.#pages
    const len = stack.packets.len[frame]
    this.#bytes += stack.packets.bytes[frame]
    let skb = this.#skb[slot]
    if (pages !== null && pages.header === "packet") {
      skb = stack.netdev.skb(ctx, pages.headerBytes)
      if (skb === NO_SKB && pages.withoutHeader === "waits") {
        this.allocFailed++
        return false
      }
    }
    this.#clean = this.#after(slot)
    this.#frame[slot] = NO_FRAME
    this.#skb[slot] = NO_SKB
    this.arrived--
    this.empty++
    if (skb === NO_SKB) {
      // the page stays in the slot
      this.dropped++
      stack.packets.free(frame)
      return true
    }
    if (pages !== null && len > 0) {
      const page = this.#page[slot]
      skbs.fillPageDesc(skb, page, len)
      skbs.truesize[skb] += pages.truesize ?? len
      // a page whose other half is free again stays with the slot, otherwise the skb takes the slot's reference
      if (pages.halves && skbs.pages.refs[page] === 1) skbs.pages.get(page)
      else this.#page[slot] = NO_FRAG_PAGE
    } else {
      skbs.headLen[skb] = len
    }
    this.#up(ctx, skb, frame, len)
    return true
  }

  /** Recycling: replace first, then up; or drop and keep the buffer. */
  #replace(ctx: Context): void {
    const stack = this.#stack
    const slot = this.#clean
    const frame = this.#frame[slot]
    const len = stack.packets.len[frame]
    const bytes = stack.packets.bytes[frame]
    this.#bytes += bytes
    this.#clean = this.#after(slot)
    this.#frame[slot] = NO_FRAME
    this.arrived--
    let skb: number
    if (bytes <= this.#options.copyBreak) {
      skb = stack.netdev.skb(ctx, bytes)
      ctx.ns += (stack.costs.copyPerKiBNs * bytes) >> 10
    } else if (this.#dataBytes > 0) {
      skb = this.#swapData(ctx, slot)
    } else if (this.#kmalloc) {
      skb = stack.netdev.kmallocSkb(ctx, this.#options.bufferBytes)
      if (skb !== NO_SKB) {
        const received = this.#skb[slot]
        this.#skb[slot] = skb
        skb = received
      }
    } else {
      skb = this.#swapFragment(ctx, slot)
    }
    // the slot is posted again at once, whatever happened
    this.posted++
    this.#use = this.#after(this.#use)
    if (skb === NO_SKB) {
      this.dropped++
      stack.packets.free(frame)
      return
    }
    stack.skbs.headLen[skb] = len
    this.#up(ctx, skb, frame, len)
  }

  #swapFragment(ctx: Context, slot: number): number {
    const stack = this.#stack
    const fresh = stack.netdev.frag(ctx, this.#fragBytes, GFP_ATOMIC | __GFP_COLD)
    if (fresh === NO_FRAG_PAGE) return NO_SKB
    const received = this.#page[slot]
    this.#page[slot] = fresh
    const skb = stack.skbs.buildSkb(ctx, received, this.#fragBytes)
    if (skb === NO_SKB) stack.skbs.pages.put(ctx, received)
    return skb
  }

  /** New data first, then a head around the old; without one the old is freed and the packet dropped. */
  #swapData(ctx: Context, slot: number): number {
    const { skbs } = this.#stack
    const fresh = skbs.memory.tryData(ctx, this.#dataBytes, GFP_ATOMIC)
    if (fresh < 0) return NO_SKB
    const received = this.#data[slot]
    this.#data[slot] = fresh
    const skb = skbs.buildSkbOfData(ctx, received, this.#dataBytes)
    if (skb === NO_SKB) skbs.memory.freeData(ctx, this.#dataBytes, received)
    return skb
  }

  #up(ctx: Context, skb: number, frame: number, len: number): void {
    const stack = this.#stack
    stack.skbs.len[skb] = len
    stack.skbs.frame[skb] = frame
    this.gro.receive(ctx, skb)
  }
}
