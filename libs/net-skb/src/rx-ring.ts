// The receive ring of a NIC and its driver's way of filling it.
// "refilling" (e1000, e1000e, igb): a received buffer goes up the stack and its slot stays empty until the driver refills in
// groups of 16 and at the end of a poll. When an allocation fails the rest stays empty until the next poll, which without
// packets is the driver's watchdog (2 s): buffers already posted survive a drought, then the NIC is deaf (rx_missed).
// "recycling" (tg3, r8169): a replacement (or a copy) is allocated before the packet goes up; if that fails the packet is
// dropped and its buffer is used again: the ring never empties, nothing is received while memory lasts short.
// Not modelled: e1000's copybreak, which moves a packet below 256 bytes into a buffer of its size (ACKs and replies to
// writes hold 1920 + 256 bytes here until they are read, 512 + 256 there); r8169's 16 KiB DMA buffers themselves (allocated
// once at boot), virtio.
// source: drivers/net/ethernet/intel/{e1000,igb}, broadcom/tg3.c:tg3_rx, realtek/r8169.c:rtl_rx
import { __GFP_COLD, type Context, GFP_ATOMIC, PAGE_SIZE } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { NO_FRAG_PAGE } from "./frag-pages.ts"
import { netdevFragBytes } from "./netdev-alloc.ts"
import { NO_FRAME } from "./packets.ts"
import { TCP_HEADER_BYTES } from "./sizes.ts"
import { NO_SKB } from "./skb.ts"
import type { NetStack } from "./stack.ts"

/** Slots are refilled when at least so many are empty (E1000_RX_BUFFER_WRITE). */
const RX_BUFFER_WRITE = 16

/** Header buffer of igb (IGB_RX_HDR_LEN). */
const RX_HDR_LEN = 512

export interface RxRingOptions {
  readonly ring: number
  readonly driver: "refilling" | "recycling"
  readonly buffers: "fragment" | "kmalloc" | "page"
  /** Bytes a buffer must hold: 1522 (e1000) or 1536 (tg3). */
  readonly bufferBytes: number
  /** Recycling only: packets of at most so many bytes are copied into a fresh skb. More than the MTU: always (r8169). */
  readonly copyBreak: number
}

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
  readonly size: number
  readonly refills: boolean
  readonly #stack: NetStack
  readonly #options: RxRingOptions
  readonly #fragBytes: number
  readonly #kmalloc: boolean
  readonly #pages: boolean
  readonly #copies: boolean
  readonly #skb: Int32Array
  readonly #page: Int32Array
  readonly #frame: Int32Array
  /** Next slot to fill, to receive into, to process. */
  #use = 0
  #hw = 0
  #clean = 0

  constructor(stack: NetStack, options: RxRingOptions) {
    assert(options.ring > RX_BUFFER_WRITE, "receive ring too short")
    assert(options.driver === "refilling" || options.buffers !== "page", "only refilling drivers use half pages")
    this.#stack = stack
    this.#options = options
    this.size = options.ring
    this.empty = options.ring
    this.refills = options.driver === "refilling"
    this.#fragBytes = netdevFragBytes(options.bufferBytes)
    this.#kmalloc = options.buffers === "kmalloc" || (options.buffers === "fragment" && stack.switches.netdevKmalloc)
    this.#pages = options.buffers === "page"
    this.#copies = !this.refills && options.copyBreak >= options.bufferBytes
    this.#skb = new Int32Array(options.ring).fill(NO_SKB)
    this.#page = new Int32Array(options.ring).fill(NO_FRAG_PAGE)
    this.#frame = new Int32Array(options.ring).fill(NO_FRAME)
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
    while (done < weight && this.arrived > 0) {
      done++
      if (this.refills) {
        this.#passUp(ctx)
        if (this.empty >= RX_BUFFER_WRITE) this.fill(ctx)
      } else {
        this.#replace(ctx)
      }
    }
    if (this.empty > 0) this.fill(ctx)
    return done
  }

  /** Posts buffers into the empty slots until one cannot be allocated. */
  fill(ctx: Context): void {
    while (this.empty > 0) {
      if (!this.#fillSlot(ctx, this.#use)) {
        this.allocFailed++
        return
      }
      this.#use = this.#after(this.#use)
      this.empty--
      this.posted++
    }
  }

  /** Frees every buffer and frame: the device goes down. */
  drain(ctx: Context): void {
    const skbs = this.#stack.skbs
    for (let slot = 0; slot < this.size; slot++) {
      if (this.#frame[slot] !== NO_FRAME) this.#stack.packets.free(this.#frame[slot])
      if (this.#skb[slot] !== NO_SKB) skbs.kfree(ctx, this.#skb[slot])
      if (this.#page[slot] !== NO_FRAG_PAGE) skbs.pages.put(ctx, this.#page[slot])
      this.#frame[slot] = NO_FRAME
      this.#skb[slot] = NO_SKB
      this.#page[slot] = NO_FRAG_PAGE
    }
    this.posted = 0
    this.arrived = 0
    this.empty = this.size
    this.#use = 0
    this.#hw = 0
    this.#clean = 0
  }

  checkInvariants(): void {
    assert(this.posted + this.arrived + this.empty === this.size, "receive slots miscounted")
    assert((this.#clean + this.arrived) % this.size === this.#hw, "receive ring out of step")
    assert((this.#hw + this.posted) % this.size === this.#use, "receive ring out of step")
  }

  #after(slot: number): number {
    return slot + 1 === this.size ? 0 : slot + 1
  }

  #fillSlot(ctx: Context, slot: number): boolean {
    const stack = this.#stack
    if (this.#copies) return true
    if (this.#pages) {
      let skb = this.#skb[slot]
      if (skb === NO_SKB) {
        skb = stack.netdev.skb(ctx, RX_HDR_LEN)
        if (skb === NO_SKB) return false
        this.#skb[slot] = skb
      }
      if (this.#page[slot] === NO_FRAG_PAGE) this.#page[slot] = stack.netdev.pageForSkb(ctx, skb)
      return this.#page[slot] !== NO_FRAG_PAGE
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

  /** Refilling: the buffer itself goes up. */
  #passUp(ctx: Context): void {
    const stack = this.#stack
    const skbs = stack.skbs
    const slot = this.#clean
    const frame = this.#frame[slot]
    const skb = this.#skb[slot]
    this.#clean = this.#after(slot)
    this.#frame[slot] = NO_FRAME
    this.#skb[slot] = NO_SKB
    this.arrived--
    this.empty++
    const len = stack.packets.len[frame]
    if (this.#pages && len > 0) {
      const page = this.#page[slot]
      skbs.fillPageDesc(skb, page, len)
      skbs.truesize[skb] += PAGE_SIZE / 2
      // a page whose other half is free again stays with the slot, otherwise the skb takes the slot's reference
      if (skbs.pages.refs[page] === 1) skbs.pages.get(page)
      else this.#page[slot] = NO_FRAG_PAGE
    } else {
      skbs.headLen[skb] = len
    }
    this.#up(ctx, skb, frame, len)
  }

  /** Recycling: replace first, then up; or drop and keep the buffer. */
  #replace(ctx: Context): void {
    const stack = this.#stack
    const slot = this.#clean
    const frame = this.#frame[slot]
    const len = stack.packets.len[frame]
    const bytes = len + TCP_HEADER_BYTES
    this.#clean = this.#after(slot)
    this.#frame[slot] = NO_FRAME
    this.arrived--
    let skb: number
    if (bytes <= this.#options.copyBreak) {
      skb = stack.netdev.skb(ctx, bytes)
      ctx.ns += (stack.costs.copyPerKiBNs * bytes) >> 10
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

  #up(ctx: Context, skb: number, frame: number, len: number): void {
    const stack = this.#stack
    stack.skbs.len[skb] = len
    stack.skbs.frame[skb] = frame
    ctx.ns += stack.costs.rxPacketNs
    stack.netifReceiveSkb(ctx, skb)
  }
}
