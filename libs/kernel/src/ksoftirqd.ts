// The network softirqs of one machine on its CPUs: stolen time, and ksoftirqd when there is too much of it.
// Modelled: one Softirq per CPU (net-skb), one ksoftirqd thread per CPU that competes with the other tasks.
// Not modelled: pinning of ksoftirqd (it runs on any CPU; the softirq itself stays on its own).
// source: kernel/softirq.c:run_ksoftirqd
import { Softirq, type SoftirqHost } from "@swaplab/net-skb"
import { PF_KTHREAD } from "@swaplab/page-alloc"
import { type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { Cpus } from "./cpus.ts"
import { KernelTask } from "./task.ts"

/** The softirqs of all CPUs of a machine. */
export class Softirqs implements SoftirqHost {
  readonly perCpu: ReadonlyArray<Softirq>
  readonly #cpus: Cpus
  readonly #wait: ReadonlyArray<WaitQueue>

  constructor(sim: Sim, machine: string, group: number, cpus: Cpus, netdevBudget?: number) {
    this.#cpus = cpus
    const softirqs: Array<Softirq> = []
    const waits: Array<WaitQueue> = []
    for (let cpu = 0; cpu < cpus.count; cpu++) {
      const softirq = new Softirq(sim, this, cpu, group, netdevBudget)
      const wait = new WaitQueue(sim, `ksoftirqd/${cpu}`, "more packets than softirq time")
      softirqs.push(softirq)
      waits.push(wait)
      const task = new KernelTask(sim, `${machine} ksoftirqd/${cpu}`, group, cpus, { flags: PF_KTHREAD })
      task.daemon = true
      cpus.start(task, () => ksoftirqd(task, softirq, wait))
    }
    this.perCpu = softirqs
    this.#wait = waits
  }

  stealCpu(cpu: number, ns: number): void {
    this.#cpus.steal(cpu, Math.round(ns))
  }

  wakeKsoftirqd(cpu: number): void {
    this.#wait[cpu].wakeAll()
  }
}

function* ksoftirqd(task: KernelTask, softirq: Softirq, wait: WaitQueue): Sleeps<void> {
  for (;;) {
    yield* wait.sleep(task, "interruptible")
    while (softirq.pending) {
      task.ns += softirq.ksoftirqd()
      yield* task.settle()
    }
  }
}
