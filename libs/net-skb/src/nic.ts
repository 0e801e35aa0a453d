// A network card with its driver: receive ring, transmit ring, interrupts and NAPI.
// Modelled: the rings (see rx-ring.ts, tx-ring.ts); an interrupt comes `interruptDelayNs` after its cause and at least
// `interruptGapNs` after the one before, or as the driver moderates it (moderation.ts); while the driver polls there are none.
// The driver's watchdog polls a ring that it could not fill every 2 s, or as its row has it. Frames come from a `Feed`, which is
// asked when the card does something: before each interrupt, poll and transmission, and whenever somebody reads a counter. An arrival between two of these has no event of its own, because it
// changes nothing but the ring. Without a feed somebody calls `receive` at the time of each arrival.
// Not modelled: several queues, RSS, pause frames sent by the card.
// source: drivers/net/ethernet/intel/e1000/e1000_main.c:e1000_clean, e1000_watchdog
import type { Context } from "@swaplab/page-alloc"
import { assert, type Nanoseconds, Timer } from "@swaplab/sim"
import { CARDS, type NicOptions } from "./cards.ts"
import { Moderation } from "./moderation.ts"
import { RxRing } from "./rx-ring.ts"
import type { Napi, Softirq } from "./softirq.ts"
import type { NetDevice, NetStack } from "./stack.ts"
import { TxRing } from "./tx-ring.ts"
import { UrbRing } from "./usbnet.ts"
import type { Feed, Wire } from "./wire.ts"

/** An Ethernet header, which drivers count with a packet. */
const ETH_HLEN = 14

const NEVER = Number.POSITIVE_INFINITY

/**
 * One network card with its driver, between a `Wire` (the near end of a cable) and the {@link NetStack} of its machine.
 *
 * **When to use.** Make one for each cable of a machine, `plug` the far end of the cable (or call `receive` at each
 * arrival), then `open` it. `CARDS` has the options of real cards.
 *
 * **Details.** Frames are rows of {@link Packets}, skbs are numbers of the stack; times are nanoseconds. Received
 * frames wait in the ring of the card until NAPI polls it. Counters are public: `rxMissed` for an empty ring,
 * `rxDroppedTotal` for the driver and the stack, `interrupts`.
 *
 * **Gotchas.** The last card that is made is the device of its stack: where there are several, set `device` to a
 * `Bond`. A card that is down frees what arrives and counts it in `rxWhileDown`. One receive queue: no RSS.
 */
export class Nic implements NetDevice, Napi {
  /** Packets refused by the stack because of their protocol, and by the driver for want of a buffer. */
  rxDropped = 0
  interrupts = 0
  /** Frames that came, and their bytes with the Ethernet header, as the driver counts them at the end of a poll. */
  rxPackets = 0
  rxBytes = 0
  readonly sg: boolean
  readonly weight: number
  readonly tx: TxRing
  readonly #rx: RxRing | UrbRing
  /** The same where the card is on USB. */
  readonly #usb: UrbRing | null
  #rxWhileDown = 0
  readonly #stack: NetStack
  readonly #softirq: Softirq
  readonly #options: NicOptions
  readonly #moderation: Moderation
  /** What has been handled since interrupts were last allowed, and the counters of that moment. */
  readonly #load = { rxPackets: 0, rxBytes: 0, txPackets: 0, txBytes: 0 }
  readonly #txUrbNs: Nanoseconds
  #txFramesBefore = 0
  #txBytesBefore = 0
  readonly #irq: Timer
  readonly #watchdog: Timer
  #irqEnabled = true
  #lastIrq = Number.NEGATIVE_INFINITY
  /** When there is an interrupt for what has happened; Infinity: for nothing. The timer may look earlier. */
  #irqDue = NEVER
  #feed: Feed | null = null
  #up = false

  constructor(stack: NetStack, wire: Wire, softirq: Softirq, options: NicOptions = CARDS.e1000) {
    this.#stack = stack
    this.#softirq = softirq
    this.#options = options
    const constant = { rxUsecs: 0, rxFrames: 0, txUsecs: options.txInterruptDelayNs / 1000 }
    this.#moderation = new Moderation(
      options.coalesce ?? { ...constant, gapUsecs: options.interruptGapNs / 1000, follows: "nothing" },
      options.interruptDelayNs
    )
    this.#usb = options.usb === null ? null : new UrbRing(stack, options.usb)
    this.#rx = this.#usb ?? new RxRing(stack, options)
    this.#txUrbNs = options.usb?.urbNs ?? 0
    this.tx = new TxRing(stack, wire, options.txDescriptors, options.txQueueLength, options.tso)
    this.#irq = new Timer(stack.sim.queue, () => this.#onTimer(), {
      name: "interrupt of the card",
      group: stack.group,
      interrupt: true,
      look: true
    })
    this.#watchdog = new Timer(stack.sim.queue, () => this.#onWatchdog(), {
      name: "dev_watchdog",
      group: stack.group,
      retry: true
    })
    this.sg = options.sg
    this.weight = options.weight
    stack.device = this
  }

  /** The receive ring, with what has arrived. */
  get rx(): RxRing | UrbRing {
    this.#feed?.collect()
    return this.#rx
  }

  /** The CPU that its interrupts and its softirq run on. */
  get irqCpu(): number {
    return this.#softirq.ctx.cpu
  }

  /** Frames that came while the card was down. */
  get rxWhileDown(): number {
    this.#feed?.collect()
    return this.#rxWhileDown
  }

  /** Frames come from `feed`. */
  plug(feed: Feed): void {
    this.#feed = feed
    this.#look()
  }

  /** Brings the card up: fills the receive ring. */
  open(ctx: Context): void {
    this.rx.fill(ctx)
    this.#up = true
    this.#armWatchdog()
    this.#look()
  }

  /** Takes the card down and frees everything it holds. */
  close(ctx: Context): void {
    this.#feed?.collect()
    this.#up = false
    this.#irq.cancel()
    this.#irqDue = NEVER
    this.#watchdog.cancel()
    this.#rxWhileDown += this.#rx.drain(ctx)
    this.tx.flush(ctx)
  }

  /** Frames lost because the ring was empty. */
  get rxMissed(): number {
    return this.rx.missed
  }

  /** Packets that found the backlog of their CPU full. */
  get backlogDropped(): number {
    return this.#usb?.backlog.dropped ?? 0
  }

  /** rx_dropped of the interface: by the driver and by the stack. */
  get rxDroppedTotal(): number {
    return this.rxDropped + this.rx.dropped + this.backlogDropped
  }

  get allocRxBuffFailed(): number {
    return this.rx.allocFailed
  }

  /** The last bit of a frame has arrived, at the time `at`. */
  receive(frame: number, at: Nanoseconds = this.#stack.sim.queue.now): void {
    if (!this.#up) {
      this.#rxWhileDown++
      this.#stack.packets.free(frame)
      return
    }
    if (!this.#rx.receive(frame, at) || !this.#irqEnabled) return
    this.#interruptAt(this.#usb === null ? this.#moderation.received(at) : this.#usb.dueAt)
  }

  /** Nothing that is sent now arrives before `at`: looks then whether it has, if an interrupt would come of it. */
  expect(at: Nanoseconds): void {
    if (!this.#irqEnabled || !this.#up || this.#rx.posted === 0) return
    const due = this.#moderated(this.#earliest(at))
    if (due < this.#irq.deadline) this.#armAt(due)
  }

  transmit(ctx: Context, skb: number): number {
    ctx.ns += this.#stack.costs.txSkbNs + this.#txUrbNs
    const result = this.tx.transmit(ctx, skb)
    if (this.#irqEnabled && this.tx.inRing > 0) {
      this.#feed?.collect()
      if (this.#irqDue === NEVER) this.#txInterruptAt(this.tx.lastDoneAt)
    }
    return result
  }

  transmitFrame(frame: number): void {
    this.tx.sendFrame(frame)
  }

  poll(ctx: Context, weight: number): number {
    this.#feed?.collect()
    this.tx.clean(ctx, this.#stack.sim.queue.now)
    this.#stack.runTasklets(ctx)
    const done = this.#rx.poll(ctx, weight)
    this.#load.rxPackets += done
    this.#armWatchdog()
    return done
  }

  complete(ctx: Context): void {
    this.#rx.gro.flush(ctx)
    this.#follow()
    this.#irqEnabled = true
    if (this.tx.inRing > 0) this.#txInterruptAt(this.tx.nextDoneAt)
    this.#look()
  }

  /** Bytes sent, with the Ethernet header of each frame. */
  get txBytes(): number {
    return this.tx.bytes + this.tx.frames * ETH_HLEN
  }

  checkInvariants(): void {
    this.rx.checkInvariants()
    this.tx.checkInvariants()
  }

  /** An interrupt for an skb that has left by `doneAt`; while the link is paused, to look again. */
  #txInterruptAt(doneAt: Nanoseconds): void {
    const now = this.#stack.sim.queue.now
    this.#interruptAt(
      (doneAt === Number.POSITIVE_INFINITY || doneAt < now ? now : doneAt) + this.#moderation.txDelayNs
    )
  }

  /** There will be an interrupt for what has just happened. */
  #interruptAt(time: Nanoseconds): void {
    const at = this.#moderated(time)
    assert(at >= this.#stack.sim.queue.now, "a card missed a frame that is reason for an interrupt")
    if (at >= this.#irqDue) return
    this.#irqDue = at
    if (at < this.#irq.deadline) this.#armAt(at)
  }

  /** When there is something to report at the earliest, if the next frame arrives at `at`. */
  #earliest(at: Nanoseconds): Nanoseconds {
    return this.#usb === null ? this.#moderation.earliest(at) : this.#usb.earliest(at)
  }

  /** When the card interrupts for something that it would report at `time`. */
  #moderated(time: Nanoseconds): Nanoseconds {
    return this.#moderation.moderated(time, this.#lastIrq)
  }

  /** Tells the moderation what has been handled since it was told last. */
  #follow(): void {
    const load = this.#load
    load.rxBytes = this.#rx.takeBytes() + load.rxPackets * ETH_HLEN
    this.rxPackets += load.rxPackets
    this.rxBytes += load.rxBytes
    load.txPackets = this.tx.frames - this.#txFramesBefore
    load.txBytes = this.tx.bytes - this.#txBytesBefore + load.txPackets * ETH_HLEN
    this.#moderation.completed(this.#stack.sim.queue.now, load)
    load.rxPackets = 0
    this.#txFramesBefore = this.tx.frames
    this.#txBytesBefore = this.tx.bytes
  }

  #armAt(at: Nanoseconds): void {
    this.#irq.armAt(Math.max(at, this.#stack.sim.queue.now))
  }

  /** Looks again when an interrupt is due, or when the next frame can have made one so. */
  #look(): void {
    if (this.#usb !== null && this.#irqEnabled && this.#usb.dueAt !== NEVER) this.#interruptAt(this.#usb.dueAt)
    let at = this.#irqDue
    if (this.#feed !== null && this.#irqEnabled && this.#up && this.#rx.posted > 0) {
      const next = this.#feed.nextAt
      if (next !== NEVER) at = Math.min(at, this.#moderated(this.#earliest(next)))
    }
    if (at !== NEVER) this.#armAt(at)
  }

  #onTimer(): void {
    this.#feed?.collect()
    if (this.#irqDue > this.#stack.sim.queue.now) {
      this.#look()
      return
    }
    this.#irqDue = NEVER
    if (this.#usb !== null && !this.#reports(this.#usb)) {
      this.#look()
      return
    }
    this.#stack.sim.queue.found(this.#stack.group)
    this.#interrupt()
  }

  /** Whether a transfer is done by now: one that is being filled ends later with each frame. */
  #reports(usb: UrbRing): boolean {
    const { now } = this.#stack.sim.queue
    if (usb.dueAt <= now) return true
    if (this.tx.inRing === 0) return false
    if (this.tx.nextDoneAt <= now) return true
    this.#txInterruptAt(this.tx.nextDoneAt)
    return false
  }

  #interrupt(): void {
    if (!this.#irqEnabled) return
    this.#feed?.collect()
    this.#irqEnabled = false
    this.interrupts++
    this.#lastIrq = this.#stack.sim.queue.now
    this.#moderation.interrupted()
    this.#softirq.raise(this)
  }

  #armWatchdog(): void {
    if (this.#rx.starves && !this.#watchdog.armed) {
      const period = this.#options.watchdogNs
      const now = this.#stack.sim.queue.now
      this.#watchdog.armAt((Math.floor(now / period) + 1) * period)
    }
  }

  /** The driver's watchdog fires a receive interrupt, so that an empty ring is tried again. */
  #onWatchdog(): void {
    if (!this.#rx.starves) return
    this.#interrupt()
    this.#armWatchdog()
  }
}
