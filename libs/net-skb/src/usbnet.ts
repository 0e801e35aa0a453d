// The receive side of a network card on USB: usbnet with smsc95xx.
//
// The card packs the frames that arrive into transfers of up to 18,944 bytes. One ends when the next frame does not fit, or when
// nothing has come for 136 us (BULK_IN_DLY). For each the driver has posted an urb with an skb of that size: 32 KiB of kmalloc, which
// SLAB and SLUB make of eight pages in one piece. There are four. When one is done, a new skb is allocated in the interrupt, with
// GFP_ATOMIC; the frames become clones of the old one, its last frame the skb itself, and join the backlog of their CPU: no NAPI,
// no GRO. All of them hold the 32 KiB as long as one is unread, while each counts only its own length in truesize.
//
// Modelled: that; rx_submit without memory, which leaves the card with an urb less until usbnet's tasklet gets one; the card's
//   buffer of 20 KiB for what finds no urb; the time of the host controller's interrupts (a microframe, 125 us); clones without
//   memory, with which the rest of the transfer is lost; net.core.netdev_max_backlog.
// Not modelled: the work of keventd, which asks with GFP_KERNEL and may so reclaim and wait, beside the tasklet; the CPU time of that
//   tasklet, which schedules itself again all the time while an urb is missing: here it tries once a tick; urbs themselves (192
//   bytes each); pause frames of the card; turbo_mode=N; the time of bulk transfers on the bus, which moves 53 MB/s.
// What that costs: a card without urbs takes up to a tick longer to notice memory, and costs too little CPU meanwhile. Where only
//   reclaim can make eight pages in one piece, it stays deaf longer than a real one.
// source: drivers/net/usb/usbnet.c:rx_submit, rx_complete, usbnet_bh, rx_process, rx_alloc_submit; smsc95xx.c:smsc95xx_rx_fixup,
// smsc95xx_reset
import { SKBUFF_HEAD } from "@swaplab/kmem"
import type { Context } from "@swaplab/page-alloc"
import { assert, type Nanoseconds } from "@swaplab/sim"
import { Backlog } from "./backlog.ts"
import { Gro } from "./gro.ts"
import { NO_SKB } from "./skb-rows.ts"
import type { NetStack } from "./stack.ts"

/** What a card on USB has. */
export interface UsbOptions {
  /** Bytes of one transfer, and transfers posted (RX_QLEN). */
  readonly burstBytes: number
  readonly urbs: number
  /** How long the card waits for another frame before it ends a transfer. */
  readonly bulkInDelayNs: Nanoseconds
  /** Bytes that it keeps while no transfer is posted. */
  readonly fifoBytes: number
  /** CPU time of one transfer in either direction: submission, interrupt, tasklet. */
  readonly urbNs: Nanoseconds
}

/** In front of a frame stand its status and two bytes; behind it are its checksum and padding. */
const inTransfer = (packetBytes: number): number => ((4 + 2 + 14 + packetBytes + 4) + 3) & ~3

/** The longest frame in a transfer, and what can arrive at 100 Mbit within its delay. */
const NEARLY_FULL = 2 * inTransfer(1500)

/** Transfers with their frames. */
export class UrbRing {
  /** Frames that found neither a transfer nor room in the card. */
  missed = 0
  /** Frames of transfers that there was no memory to take apart. */
  dropped = 0
  /** Transfers that could not be posted. */
  allocFailed = 0
  /** Transfers posted, of which one may have frames already; done; missing. Their sum is the ring. */
  posted = 0
  done = 0
  empty: number
  readonly size: number
  readonly gro: Gro
  readonly refills = true
  readonly backlog: Backlog
  readonly #stack: NetStack
  readonly #options: UsbOptions
  readonly #skb: Int32Array
  /** Frames of each transfer, and the bytes that they take; the same of what the card keeps. */
  readonly #frames: Int32Array
  readonly #bytes: Int32Array
  #fifoFrames = 0
  #fifoBytes = 0
  /** All of these frames as they came: those of the oldest transfer first, those that the card keeps last. */
  readonly #order: Int32Array
  #first = 0
  #count = 0
  #received = 0
  #use = 0
  #hw = 0
  #clean = 0
  /** When the last frame came. */
  #lastAt: Nanoseconds = 0

  constructor(stack: NetStack, options: UsbOptions) {
    this.#stack = stack
    this.#options = options
    this.size = options.urbs
    this.empty = options.urbs
    this.gro = new Gro(stack, false)
    this.backlog = new Backlog(stack)
    this.#skb = new Int32Array(options.urbs).fill(NO_SKB)
    this.#frames = new Int32Array(options.urbs)
    this.#bytes = new Int32Array(options.urbs)
    this.#order = new Int32Array(Math.ceil((options.urbs * options.burstBytes + options.fifoBytes) / inTransfer(0)))
  }

  /** Frames in the card, in transfers and in the backlog. */
  get arrived(): number {
    return this.#count + this.backlog.length
  }

  /** It is polled by itself as long as a transfer is missing. */
  get starves(): boolean {
    return this.empty > 0
  }

  /** When there is an interrupt for what has arrived; Infinity: for nothing. */
  get dueAt(): Nanoseconds {
    if (this.done > 0) return this.#lastAt
    return this.#bytes[this.#hw] === 0 ? Number.POSITIVE_INFINITY : this.#lastAt + this.#options.bulkInDelayNs
  }

  /** When there is one at the earliest if the next frame arrives at `at`. */
  earliest(at: Nanoseconds): Nanoseconds {
    return this.#bytes[this.#hw] + NEARLY_FULL > this.#options.burstBytes ? at : at + this.#options.bulkInDelayNs
  }

  /** A frame arrives at the card. False: nobody will hear of it before a transfer is posted. */
  receive(frame: number, at: Nanoseconds): boolean {
    const need = inTransfer(this.#stack.packets.bytes[frame])
    this.#lastAt = at
    if (this.#put(need)) {
      this.#join(frame)
      return true
    }
    if (this.#fifoBytes + need > this.#options.fifoBytes) {
      this.missed++
      this.#stack.packets.free(frame)
      return this.done > 0
    }
    this.#join(frame)
    this.#fifoFrames++
    this.#fifoBytes += need
    return this.done > 0
  }

  /** `rx_complete`, `usbnet_bh`, then `process_backlog`. Returns how many packets went up. */
  poll(ctx: Context, weight: number): number {
    const now = this.#stack.sim.queue.now
    if (this.#bytes[this.#hw] > 0 && this.posted > 0 && this.#lastAt + this.#options.bulkInDelayNs <= now) this.#end()
    while (this.done > 0) this.#complete(ctx)
    this.fill(ctx)
    return this.backlog.process(ctx, weight)
  }

  /** `rx_alloc_submit`: posts transfers until one cannot be allocated. */
  fill(ctx: Context): void {
    while (this.empty > 0 && this.#submit(ctx));
  }

  /** The bytes of packets processed since the last call. */
  takeBytes(): number {
    const bytes = this.#received
    this.#received = 0
    return bytes
  }

  /** Frees everything: the device goes down. Returns how many frames that had arrived are lost. */
  drain(ctx: Context): number {
    const { packets, skbs } = this.#stack
    const lost = this.arrived
    this.backlog.drain(ctx)
    while (this.#count > 0) packets.free(this.#take())
    this.#fifoFrames = 0
    this.#fifoBytes = 0
    this.#frames.fill(0)
    this.#bytes.fill(0)
    for (let urb = 0; urb < this.size; urb++) {
      if (this.#skb[urb] !== NO_SKB) skbs.kfree(ctx, this.#skb[urb])
      this.#skb[urb] = NO_SKB
    }
    this.posted = 0
    this.done = 0
    this.empty = this.size
    this.#use = 0
    this.#hw = 0
    this.#clean = 0
    return lost
  }

  checkInvariants(): void {
    assert(this.posted + this.done + this.empty === this.size, "transfers miscounted")
    assert((this.#clean + this.done) % this.size === this.#hw, "transfers out of step")
    assert((this.#hw + this.posted) % this.size === this.#use, "transfers out of step")
    assert(this.posted === 0 || this.#fifoFrames === 0, "the card keeps frames although it may send")
    let frames = this.#fifoFrames
    for (let urb = 0; urb < this.size; urb++) frames += this.#frames[urb]
    assert(frames === this.#count, "frames of transfers miscounted")
  }

  #after(urb: number): number {
    return urb + 1 === this.size ? 0 : urb + 1
  }

  /** Into the transfer that is being filled. False: there is none. */
  #put(need: number): boolean {
    if (this.posted > 0 && this.#bytes[this.#hw] + need > this.#options.burstBytes) this.#end()
    if (this.posted === 0) return false
    this.#frames[this.#hw]++
    this.#bytes[this.#hw] += need
    return true
  }

  /** The latest frame. */
  #join(frame: number): void {
    assert(this.#count < this.#order.length, "more frames than a card on USB has room for")
    this.#order[(this.#first + this.#count++) % this.#order.length] = frame
  }

  /** The oldest frame. */
  #take(): number {
    const frame = this.#order[this.#first]
    this.#first = (this.#first + 1) % this.#order.length
    this.#count--
    return frame
  }

  /** The card ends the transfer that is being filled. */
  #end(): void {
    this.posted--
    this.done++
    this.#hw = this.#after(this.#hw)
  }

  #submit(ctx: Context): boolean {
    const skb = this.#stack.netdev.skb(ctx, this.#options.burstBytes + NET_IP_ALIGN)
    if (skb === NO_SKB) {
      this.allocFailed++
      return false
    }
    ctx.ns += this.#options.urbNs
    this.#skb[this.#use] = skb
    this.#use = this.#after(this.#use)
    this.empty--
    this.posted++
    while (this.#fifoFrames > 0) {
      // what the card keeps are the last frames
      const frame = this.#order[(this.#first + this.#count - this.#fifoFrames) % this.#order.length]
      const need = inTransfer(this.#stack.packets.bytes[frame])
      if (!this.#put(need)) break
      this.#fifoFrames--
      this.#fifoBytes -= need
      this.#lastAt = this.#stack.sim.queue.now
    }
    return true
  }

  /** A transfer is done: another one is posted, then it is taken apart. */
  #complete(ctx: Context): void {
    const urb = this.#clean
    const skb = this.#skb[urb]
    const frames = this.#frames[urb]
    this.#skb[urb] = NO_SKB
    this.#frames[urb] = 0
    this.#bytes[urb] = 0
    this.#clean = this.#after(urb)
    this.done--
    this.empty++
    this.#submit(ctx)
    this.#fixup(ctx, skb, frames)
  }

  /** `smsc95xx_rx_fixup`: clones for all frames but the last. */
  #fixup(ctx: Context, skb: number, frames: number): void {
    const { packets, skbs } = this.#stack
    for (let left = frames; left > 0; left--) {
      const of = left === 1 ? skb : skbs.clone(ctx, skb)
      if (of === NO_SKB) {
        for (let lost = 0; lost < left; lost++) packets.free(this.#take())
        this.dropped += left
        skbs.kfree(ctx, skb)
        return
      }
      const frame = this.#take()
      this.#received += packets.bytes[frame]
      skbs.frame[of] = frame
      skbs.len[of] = packets.len[frame]
      skbs.headLen[of] = packets.len[frame]
      // the length still counts the checksum
      skbs.truesize[of] = packets.bytes[frame] + 14 + 4 + SKBUFF_HEAD
      this.backlog.netifRx(ctx, of)
    }
  }
}

const NET_IP_ALIGN = 2
