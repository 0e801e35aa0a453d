// The machine of the server on the CPUs and tasks of `kernel`.
import { Cpus, KernelTask, type Machine, Softirqs } from "@swaplab/kernel"
import type { Softirq } from "@swaplab/net-skb"
import type { Task } from "@swaplab/page-alloc"
import type { ImageExport, ServerConnection, ServerHost, SwapExport } from "@swaplab/server-model"
import type { Nanoseconds, Sim, Sleeps } from "@swaplab/sim"

/** A client's connection to the server that it swaps to. */
export interface Connection extends ServerConnection<SwapExport> {
  readonly machine: Machine
  /** To the server with its root image; null: it has none, or on a disk of its own. */
  readonly root: ServerConnection<ImageExport> | null
}

/** Every connection of a client to a server: swap first. */
export const connectionsOf = ({ root, ...swap }: Connection): ReadonlyArray<ServerConnection> =>
  root === null ? [swap] : [swap, root]

/** Workers use CPU time like tasks of any machine. */
export class KernelServerHost implements ServerHost {
  readonly group: number
  readonly cpus: number
  readonly softirq: Softirq
  readonly #sim: Sim
  readonly #cpus: Cpus

  constructor(sim: Sim, cpus: number) {
    this.#sim = sim
    this.group = sim.group("server")
    this.cpus = cpus
    this.#cpus = new Cpus(sim, this.group, cpus, 0)
    this.softirq = new Softirqs(sim, "server", this.group, this.#cpus).perCpu[0]
  }

  busyNs(): Nanoseconds {
    return this.#cpus.busyNs()
  }

  start(comm: string, program: (task: Task) => Sleeps<void>): KernelTask {
    const task = new KernelTask(this.#sim, `server ${comm}`, this.group, this.#cpus)
    task.daemon = true
    this.#cpus.start(task, () => program(task))
    return task
  }

  *use(task: Task, ns: Nanoseconds): Sleeps<void> {
    const worker = task as KernelTask
    worker.ns += ns
    yield* worker.settle()
  }
}
