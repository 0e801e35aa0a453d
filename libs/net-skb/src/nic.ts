// A network card with its driver: receive ring, transmit ring, interrupts and NAPI.
// Modelled: the rings (see rx-ring.ts, tx-ring.ts); an interrupt comes `interruptDelayNs` after its cause and at least
// `interruptGapNs` after the one before; while the driver polls there are none. The driver's watchdog polls an incompletely
// filled ring every 2 s.
// Not modelled: several queues, RSS, adaptive moderation, pause frames sent by the card.
// source: drivers/net/ethernet/intel/e1000/e1000_main.c:e1000_clean, e1000_watchdog
import type { Context } from "@swaplab/page-alloc"
import { type Nanoseconds, Timer } from "@swaplab/sim"
import { CARDS, type NicOptions } from "./cards.ts"
import { RxRing } from "./rx-ring.ts"
import type { Napi, Softirq } from "./softirq.ts"
import type { NetDevice, NetStack } from "./stack.ts"
import { TxRing } from "./tx-ring.ts"
import type { Wire } from "./wire.ts"

/** One card. Plug its wire's far end to `receive`. */
export class Nic implements NetDevice, Napi {
  /** Packets refused by the stack because of their protocol, and by the driver for want of a buffer. */
  rxDropped = 0
  /** Frames that came while the card was down. */
  rxWhileDown = 0
  interrupts = 0
  readonly rx: RxRing
  readonly tx: TxRing
  readonly #stack: NetStack
  readonly #softirq: Softirq
  readonly #options: NicOptions
  readonly #irq: Timer
  readonly #watchdog: Timer
  #irqEnabled = true
  #lastIrq = Number.NEGATIVE_INFINITY
  #up = false

  constructor(stack: NetStack, wire: Wire, softirq: Softirq, options: NicOptions = CARDS.e1000) {
    this.#stack = stack
    this.#softirq = softirq
    this.#options = options
    this.rx = new RxRing(stack, options)
    this.tx = new TxRing(stack, wire, options.txDescriptors, options.txQueueLength)
    this.#irq = new Timer(stack.sim.queue, () => this.#interrupt(), { group: stack.group })
    this.#watchdog = new Timer(stack.sim.queue, () => this.#onWatchdog(), { group: stack.group, retry: true })
    stack.device = this
  }

  /** Brings the card up: fills the receive ring. */
  open(ctx: Context): void {
    this.#up = true
    this.rx.fill(ctx)
    this.#armWatchdog()
  }

  /** Takes the card down and frees everything it holds. */
  close(ctx: Context): void {
    this.#up = false
    this.#irq.cancel()
    this.#watchdog.cancel()
    this.rx.drain(ctx)
    this.tx.flush(ctx)
  }

  /** Frames lost because the ring was empty. */
  get rxMissed(): number {
    return this.rx.missed
  }

  /** rx_dropped of the interface: by the driver and by the stack. */
  get rxDroppedTotal(): number {
    return this.rxDropped + this.rx.dropped
  }

  get allocRxBuffFailed(): number {
    return this.rx.allocFailed
  }

  /** The last bit of a frame has arrived. */
  receive(frame: number): void {
    if (!this.#up) {
      this.rxWhileDown++
      this.#stack.packets.free(frame)
      return
    }
    if (this.rx.receive(frame) && this.#irqEnabled) {
      this.#interruptAt(this.#stack.sim.queue.now + this.#options.interruptDelayNs)
    }
  }

  transmit(ctx: Context, skb: number): number {
    ctx.ns += this.#stack.costs.txSkbNs
    const result = this.tx.transmit(ctx, skb)
    if (this.#irqEnabled && this.tx.inRing > 0) {
      if (!this.#irq.armed) this.#txInterruptAt(this.tx.lastDoneAt)
    }
    return result
  }

  transmitFrame(frame: number): void {
    this.tx.sendFrame(frame)
  }

  poll(ctx: Context, weight: number): number {
    this.tx.clean(ctx, this.#stack.sim.queue.now)
    this.#stack.runTasklets(ctx)
    const done = this.rx.poll(ctx, weight)
    if (this.rx.empty > 0) this.#armWatchdog()
    return done
  }

  complete(): void {
    this.#irqEnabled = true
    if (this.tx.inRing > 0) this.#txInterruptAt(this.tx.nextDoneAt)
  }

  checkInvariants(): void {
    this.rx.checkInvariants()
    this.tx.checkInvariants()
  }

  /** An interrupt for an skb that has left by `doneAt`; while the link is paused, to look again. */
  #txInterruptAt(doneAt: Nanoseconds): void {
    const now = this.#stack.sim.queue.now
    this.#interruptAt(
      (doneAt === Number.POSITIVE_INFINITY || doneAt < now ? now : doneAt) + this.#options.txInterruptDelayNs
    )
  }

  #interruptAt(time: Nanoseconds): void {
    const earliest = this.#lastIrq + this.#options.interruptGapNs
    const at = Math.ceil(time > earliest ? time : earliest)
    if (at < this.#irq.deadline) this.#irq.armAt(Math.max(at, this.#stack.sim.queue.now))
  }

  #interrupt(): void {
    if (!this.#irqEnabled) return
    this.#irqEnabled = false
    this.interrupts++
    this.#lastIrq = this.#stack.sim.queue.now
    this.#softirq.raise(this)
  }

  #armWatchdog(): void {
    if (this.rx.refills && this.rx.empty > 0 && !this.#watchdog.armed) {
      const period = this.#options.watchdogNs
      const now = this.#stack.sim.queue.now
      this.#watchdog.armAt((Math.floor(now / period) + 1) * period)
    }
  }

  /** The driver's watchdog fires a receive interrupt, so that an empty ring is tried again. */
  #onWatchdog(): void {
    if (this.rx.empty === 0) return
    this.#interrupt()
    this.#armWatchdog()
  }
}
