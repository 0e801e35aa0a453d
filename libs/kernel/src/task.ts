// A task of one emulated machine (struct task_struct, as far as memory management looks at it).
import { ALL_NODES, type Mempolicy, needResched, Refusal, type Task } from "@swaplab/page-alloc"
import { keepAsDoubles, Process, type Sim, type Sleeps } from "@swaplab/sim"
import type { Cpus } from "./cpus.ts"

/** What a task is, beyond its name. */
export interface TaskOptions {
  readonly flags?: number
  readonly highPriority?: boolean
  readonly mm?: number
  /** Where it runs first; CPU 0 unless given. */
  readonly cpu?: number
  readonly boundToNode?: boolean
  readonly mempolicy?: Mempolicy | null
  readonly memsAllowed?: number
  readonly memsHardwall?: number
}

/** A process or kernel thread: a fiber, its PF_ flags and the CPU time it has used. */
export class KernelTask extends Process implements Task {
  /** Allocators and reclaim are handed the task as their context; to them this is the sleeper behind it. */
  readonly process: Process = this
  flags: number
  memdie = false
  readonly refusal: Refusal = new Refusal()
  readonly inInterrupt = false
  readonly servingSoftirq = false
  /** The CPU it runs on, or ran on last. */
  cpu: number
  /** It runs on CPUs of the memory node of its first CPU only, as the kswapd of a node. */
  readonly boundToNode: boolean
  mempolicy: Mempolicy | null
  memsAllowed: number
  memsHardwall: number
  /** CPU time used and not yet let pass. */
  ns = 0
  userNs = 0
  totalNs = 0
  /** nice −20: goes before all others in the run queue. */
  readonly highPriority: boolean
  /** Index of its address space in the machine, or −1 for a kernel thread. */
  readonly mm: number
  readonly cpus: Cpus
  /** When it was made. */
  readonly startNs: number

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
    options: TaskOptions = {}
  ) {
    super(sim, name, group)
    this.cpus = cpus
    this.startNs = sim.now
    this.dispatcher = cpus
    this.flags = options.flags ?? 0
    this.highPriority = options.highPriority ?? false
    this.mm = options.mm ?? -1
    this.cpu = options.cpu ?? 0
    this.boundToNode = options.boundToNode ?? false
    this.mempolicy = options.mempolicy ?? null
    this.memsAllowed = options.memsAllowed ?? ALL_NODES
    this.memsHardwall = options.memsHardwall ?? ALL_NODES
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
