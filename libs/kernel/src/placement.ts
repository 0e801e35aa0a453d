// Where tasks of a machine with memory nodes run and take their memory.
//
// User processes start on the nodes in turn, as they do when each new one goes to the idlest node; from then on they stay on
// the node that they ran on last unless another has an idle CPU. So their memory is where they run, without any migration.
// source: kernel/sched/fair.c:select_task_rq_fair (SD_BALANCE_FORK)
import { mempolicy, type PageAllocator, PF_KSWAPD, PF_KTHREAD, PF_MEMALLOC, PF_SWAPWRITE } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { Cpus } from "./cpus.ts"
import type { MachineSpec } from "./machine-spec.ts"
import type { KernelTask, TaskOptions } from "./task.ts"

/** The first CPU of a memory node. */
export const firstCpuOf = ({ numa }: Pick<PageAllocator, "numa">, node: number): number =>
  numa === null ? 0 : numa.nodeOfCpu.indexOf(node)

/** Where user process `process` starts, and the memory that it may use. */
export const processPlace = (
  pages: Pick<PageAllocator, "numa">,
  { numa }: Pick<MachineSpec, "numa">,
  process: number
): Pick<TaskOptions, "cpu" | "mempolicy" | "memsAllowed"> =>
  numa === undefined ? {} : {
    cpu: firstCpuOf(pages, process % numa.nodeBytes.length),
    mempolicy: numa.policy === null ? null : mempolicy(numa.policy.mode, numa.policy.nodes),
    memsAllowed: numa.memsAllowed
  }

/** The pieces that a kswapd is made of. */
interface KswapdParts {
  readonly cpus: Cpus
  readonly pages: Pick<PageAllocator, "numa">
  readonly task: (comm: string, flags: number, options: Omit<TaskOptions, "flags">) => KernelTask
  readonly vmscan: {
    readonly pgdats: ReadonlyArray<{ readonly node: number }>
    readonly kswapd: (task: KernelTask, node: number) => Sleeps<never>
  }
}

/** kswapd of each node, which runs on the CPUs of its node only. */
export const startKswapds = (machine: KswapdParts): ReadonlyArray<KernelTask> =>
  machine.vmscan.pgdats.map(({ node }) => {
    const task = machine.task(`kswapd${node}`, PF_KTHREAD | PF_KSWAPD | PF_MEMALLOC | PF_SWAPWRITE, {
      cpu: firstCpuOf(machine.pages, node),
      boundToNode: true
    })
    task.daemon = true
    machine.cpus.start(task, () => machine.vmscan.kswapd(task, node))
    return task
  })
