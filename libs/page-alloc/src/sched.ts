// The task or softirq that is running. The allocators look at a handful of task flags and at the kind of context; nothing else of a task
// matters to them.
//
// Modelled: PF_MEMALLOC and its relatives, TIF_MEMDIE, hard and soft interrupt context, memory policies and cpusets as far
// as allocations look at them. Not modelled: real-time tasks (they would get ALLOC_HARDER), tasks dumping core.
// source: include/linux/sched.h, include/linux/hardirq.h
import type { Process, Sleeps } from "@swaplab/sim"
import type { Mempolicy } from "./mempolicy.ts"
import type { Refusal } from "./refusal.ts"

/** The task may use the whole reserve and must not enter direct reclaim. */
export const PF_MEMALLOC = 0x800
/** The task is exiting. */
export const PF_EXITING = 0x4
export const PF_KSWAPD = 0x40000
export const PF_KTHREAD = 0x200000
/** The task may write to swap. */
export const PF_SWAPWRITE = 0x800000

/** The task that is running, or the softirq on a CPU. Passed to everything atomic. */
export interface Context {
  /** PF_ flags; a softirq context has its own, starting at 0. */
  flags: number
  /** TIF_MEMDIE: the OOM killer chose this task. */
  memdie: boolean
  /** in_interrupt(): hard irq, softirq, or a section with bottom halves disabled. */
  inInterrupt: boolean
  /** in_serving_softirq(): a softirq handler runs. Implies `inInterrupt`. */
  servingSoftirq: boolean
  cpu: number
  /** Memory policy of the task; absent or null: the default policy. Only kernels with CONFIG_NUMA look at it. */
  mempolicy?: Mempolicy | null
  /** Nodes that the cpuset of the task allows, one bit each; absent: all. */
  memsAllowed?: number
  /** Nodes of the nearest cpuset above it with mem_hardwall, which kernel memory may not leave; absent: all. */
  memsHardwall?: number
  /** CPU time in nanoseconds that was used and is not charged yet; the libs add their costs here. */
  ns: number
}

/** The context of boot: an ordinary task with no privilege. */
export const bootContext = (): Context => ({
  flags: 0,
  memdie: false,
  inInterrupt: false,
  servingSoftirq: false,
  cpu: 0,
  ns: 0
})

/**
 * How much CPU time a task may run up before it has to let that time pass. Inside such a burst the effects of a task
 * appear at its beginning, so this is the error bound of every time stamp a task makes.
 */
export const BURST_NS = 50_000

/** need_resched(): the task has to let its CPU time pass at the next chance. */
export const needResched = (ctx: Context): boolean => ctx.ns >= BURST_NS

/** A context that may sleep. Passed to everything that may sleep. */
export interface Task extends Context {
  readonly process: Process
  /** Where the page allocator writes down why it refused the allocation that this task waits in, or waited in last. */
  readonly refusal?: Refusal
  /** cond_resched(): lets the CPU time of a burst pass when there is enough of it. */
  condResched(): Sleeps<void>
}

/** Does the context belong to a task, not to an interrupt? */
export const isTask = (ctx: Context): ctx is Task => "process" in ctx
