import type { Softirq } from "@swaplab/net-skb"
import type { Task } from "@swaplab/page-alloc"
import type { Nanoseconds, Sleeps } from "@swaplab/sim"
import type { ServerCpu } from "./stations.ts"

/** CPUs and tasks of the machine that the server runs on; plugged in by the model of that machine. */
export interface ServerHost extends ServerCpu {
  /** The group of its events in the simulation. */
  readonly group: number
  readonly cpus: number
  /** What polls its network card. */
  readonly softirq: Softirq
  /** CPU time used so far on all CPUs. */
  busyNs(): Nanoseconds
  /** SIGSTOP and SIGCONT: a stopped task gets no CPU. */
  setStopped(task: Task, stopped: boolean): void
  /** So much of every CPU is taken by others from now on: 0 … 1. */
  setStolen(share: number): void
  /** Starts a task of the server that may sleep for ever. */
  start(comm: string, program: (task: Task) => Sleeps<void>): Task
}
