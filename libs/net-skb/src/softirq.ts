// NET_RX_SOFTIRQ of one CPU: NAPI polls under their budgets.
// Modelled: the weight of a device per poll, 300 packets or 2 jiffies per round, 10 rounds, then ksoftirqd. A poll happens at one instant;
// the CPU time it used passes before the next poll of that CPU, and is stolen from whatever task runs there.
// Not modelled: other softirqs, and the spread of a poll over its own duration: the effects of its 64 packets are up to
// 64 × 1.5 µs early.
// source: kernel/softirq.c:__do_softirq; net/core/dev.c:net_rx_action
import type { Context } from "@swaplab/page-alloc"
import { type EventKind, type EventQueue, keepAsDoubles, type Nanoseconds, type Sim, WIDE } from "@swaplab/sim"
import { netSysctls } from "./sysctls.ts"

const MAX_SOFTIRQ_RESTART = 10

/** A device (or anything else) that is polled. */
export interface Napi {
  /** Packets of one poll. */
  readonly weight: number
  /** Processes up to `weight` packets; fewer mean that there is no more. CPU time is added to `ctx.ns`. */
  poll(ctx: Context, weight: number): number
  /** `napi_complete`: what is held goes up, then back to interrupts. CPU time is added to `ctx.ns`. */
  complete(ctx: Context): void
}

/** What the softirq needs from the machine it runs on. */
export interface SoftirqHost {
  /** `ns` of this CPU went to interrupts just now. */
  stealCpu(cpu: number, ns: Nanoseconds): void
  /** There is too much to do: ksoftirqd of this CPU must call `Softirq.ksoftirqd` until `pending` is false. */
  wakeKsoftirqd(cpu: number): void
}

/** Context of softirqs: nobody's flags, in interrupt, serving a softirq. */
export class SoftirqContext implements Context {
  flags = 0
  memdie = false
  inInterrupt = true
  servingSoftirq = true
  readonly cpu: number
  ns = 0

  constructor(cpu: number) {
    this.cpu = cpu
  }
}

/** The network softirq of one CPU. */
export class Softirq {
  readonly ctx: SoftirqContext
  /** Until when earlier polls keep the CPU busy. */
  busyUntil: Nanoseconds = 0
  /** Rounds ended by budget or time with packets left (softnet time_squeeze). */
  timeSqueeze = 0
  /** How often ksoftirqd was called for help. */
  ksoftirqdWakeups = 0
  readonly #queue: EventQueue
  readonly #host: SoftirqHost
  readonly #kind: EventKind
  readonly #twoTicks: Nanoseconds
  /** net.core.netdev_budget. */
  readonly #netdevBudget: number
  readonly #list: Array<Napi> = []
  #active = false
  #ksoftirqd = false
  #rounds = 0
  #budget = 0
  #started = WIDE

  constructor(sim: Sim, host: SoftirqHost, cpu = 0, group = 0, netdevBudget = netSysctls()["net.core.netdev_budget"]) {
    this.#netdevBudget = netdevBudget
    this.ctx = new SoftirqContext(cpu)
    this.#queue = sim.queue
    this.#host = host
    this.#twoTicks = 2 * sim.tickNs
    this.#started = 0
    keepAsDoubles<Softirq>(this, "busyUntil")
    this.#kind = sim.queue.register(() => this.#poll(), { name: "NET_RX_SOFTIRQ", group })
  }

  /** Devices wait to be polled. */
  get pending(): boolean {
    return this.#list.length > 0
  }

  /** `napi_schedule`, called from the device's interrupt; polls at once if the CPU is not busy with softirqs. */
  raise(napi: Napi): void {
    this.#list.push(napi)
    if (this.#active || this.#ksoftirqd) return
    this.#active = true
    this.#rounds = 0
    this.#newRound(Math.max(this.#queue.now, this.busyUntil))
    if (this.busyUntil > this.#queue.now) this.#queue.at(this.busyUntil, this.#kind, 0)
    else this.#poll()
  }

  /**
   * Body of ksoftirqd: one round of polls. Returns the CPU time used, which the caller charges to the ksoftirqd task;
   * when `pending` is false afterwards the task goes back to sleep.
   */
  ksoftirqd(): Nanoseconds {
    let used = 0
    let budget = this.#netdevBudget
    while (this.#list.length > 0 && budget > 0 && used < this.#twoTicks) {
      budget -= this.#pollOne()
      used += this.ctx.ns
      this.ctx.ns = 0
    }
    if (this.#list.length === 0) this.#ksoftirqd = false
    return used
  }

  #poll(): void {
    const done = this.#pollOne()
    const used = this.ctx.ns
    this.ctx.ns = 0
    this.#host.stealCpu(this.ctx.cpu, used)
    this.busyUntil = this.#queue.now + used
    if (this.#list.length === 0) {
      this.#active = false
      return
    }
    this.#budget -= done
    if (this.#budget <= 0 || this.busyUntil - this.#started >= this.#twoTicks) {
      this.timeSqueeze++
      this.#newRound(this.busyUntil)
      if (++this.#rounds >= MAX_SOFTIRQ_RESTART) {
        this.#active = false
        this.#ksoftirqd = true
        this.ksoftirqdWakeups++
        this.#host.wakeKsoftirqd(this.ctx.cpu)
        return
      }
    }
    this.#queue.at(this.busyUntil, this.#kind, 0)
  }

  #pollOne(): number {
    const napi = this.#list[0]
    this.ctx.ns = 0
    const done = napi.poll(this.ctx, napi.weight)
    this.#list.shift()
    if (done < napi.weight) napi.complete(this.ctx)
    else this.#list.push(napi)
    return done
  }

  #newRound(at: Nanoseconds): void {
    this.#budget = this.#netdevBudget
    this.#started = at
  }
}
