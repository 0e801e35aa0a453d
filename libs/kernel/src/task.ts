// A task of one emulated machine (struct task_struct, as far as memory management looks at it).
import { needResched, Refusal, type Task } from "@swaplab/page-alloc"
import { keepAsDoubles, Process, type Sim, type Sleeps } from "@swaplab/sim"
import type { Cpus } from "./cpus.ts"

/** A process or kernel thread: a fiber, its PF_ flags and the CPU time it has used. */
export class KernelTask extends Process implements Task {
  /** Allocators and reclaim are handed the task as their context; to them this is the sleeper behind it. */
  readonly process: Process = this
  flags: number
  memdie = false
  readonly refusal: Refusal = new Refusal()
  readonly inInterrupt = false
  readonly servingSoftirq = false
  cpu = 0
  /** CPU time used and not yet let pass. */
  ns = 0
  userNs = 0
  totalNs = 0
  /** nice −20: goes before all others in the run queue. */
  readonly highPriority: boolean
  /** Index of its address space in the machine, or −1 for a kernel thread. */
  readonly mm: number
  readonly cpus: Cpus

  /** Scheduling state, kept by Cpus. */
  onCpu = -1
  wakePending = false
  sliceNs = 0
  queuedNext: KernelTask | null = null
  /** TASK_STOPPED: it gets no CPU; and it would have one, if it were not. */
  stopped = false
  stoppedReady = false

  constructor(
    sim: Sim,
    name: string,
    group: number,
    cpus: Cpus,
    options: { readonly flags?: number; readonly highPriority?: boolean; readonly mm?: number } = {}
  ) {
    super(sim, name, group)
    this.cpus = cpus
    this.dispatcher = cpus
    this.flags = options.flags ?? 0
    this.highPriority = options.highPriority ?? false
    this.mm = options.mm ?? -1
    keepAsDoubles<KernelTask>(this, "ns", "userNs", "totalNs", "sliceNs")
  }

  /** Charges time spent in user mode. */
  user(ns: number): void {
    this.ns += ns
    this.userNs += ns
  }

  get sysNs(): number {
    return this.totalNs - this.userNs
  }

  /** cond_resched(): lets the CPU time of a burst pass once there is enough of it. */
  *condResched(): Sleeps<void> {
    if (needResched(this)) yield* this.cpus.burst(this)
  }

  /** Lets all CPU time used so far pass. */
  *settle(): Sleeps<void> {
    if (this.ns > 0) yield* this.cpus.burst(this)
  }
}
