// Where tasks of a machine with memory nodes run and take their memory.
//
// User processes start on the nodes in turn, as they do when each new one goes to the idlest node; from then on they stay on
// the node that they ran on last unless another has an idle CPU. So their memory is where they run, without any migration.
// source: kernel/sched/fair.c:select_task_rq_fair (SD_BALANCE_FORK)
import {
  ALL_NODES,
  mempolicy,
  type PageAllocator,
  PF_KSWAPD,
  PF_KTHREAD,
  PF_MEMALLOC,
  PF_SWAPWRITE
} from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { Cpus } from "./cpus.ts"
import type { MachineSpec } from "./machine-spec.ts"
import type { KernelTask, TaskOptions } from "./task.ts"

/** The first CPU of a memory node. */
export const firstCpuOf = ({ numa }: Pick<PageAllocator, "numa">, node: number): number =>
  numa === null ? 0 : numa.nodeOfCpu.indexOf(node)

/** The root cpuset, which threads that are bound to a CPU or a node never leave. */
export const NO_CPUSET = { memsAllowed: ALL_NODES, memsHardwall: ALL_NODES }

/** What the cpuset of the user processes lets its tasks use. */
const cpusetOf = (numa: NonNullable<MachineSpec["numa"]>): Pick<TaskOptions, "memsAllowed" | "memsHardwall"> => ({
  memsAllowed: numa.memsAllowed,
  ...(numa.memHardwall === true && { memsHardwall: numa.memsAllowed })
})

/** Where user process `process` starts, and the memory that it may use. */
export const processPlace = (
  pages: Pick<PageAllocator, "numa">,
  { numa }: Pick<MachineSpec, "numa">,
  process: number
): Pick<TaskOptions, "cpu" | "mempolicy" | "memsAllowed" | "memsHardwall"> =>
  numa === undefined ? {} : {
    cpu: firstCpuOf(pages, process % numa.nodeBytes.length),
    mempolicy: numa.policy === null ? null : mempolicy(numa.policy.mode, numa.policy.nodes),
    ...cpusetOf(numa)
  }

/** What a task is made with: a kernel thread that is bound to no CPU may be in the cpuset of the user processes. */
export const placed = (
  { numa }: Pick<MachineSpec, "numa">,
  flags: number,
  options: Omit<TaskOptions, "flags">
): TaskOptions => ({
  flags,
  ...(numa?.kernelThreads === true && (flags & PF_KTHREAD) !== 0 && cpusetOf(numa)),
  ...options
})

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
      boundToNode: true,
      ...NO_CPUSET
    })
    task.daemon = true
    machine.cpus.start(task, () => machine.vmscan.kswapd(task, node))
    return task
  })
