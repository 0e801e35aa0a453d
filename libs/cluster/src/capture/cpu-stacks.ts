// Where the CPU time of a run went: of each machine by task, in user mode and in the kernel, and in softirqs.
// Not modelled: the functions below that; what a task does in the kernel is one sum.
import { KernelTask } from "@swaplab/kernel"
import type { Cluster } from "../run/topology.ts"

/** Nanoseconds under names from the machine downwards. */
export interface CpuStack {
  readonly frames: ReadonlyArray<string>
  readonly ns: number
}

/** All of them that are more than nothing, machine by machine. */
export const cpuStacks = ({ clients, sim }: Cluster): ReadonlyArray<CpuStack> => {
  const stacks: Array<CpuStack> = []
  for (const { machine } of clients) {
    let ofTasks = 0
    for (const task of sim.processes) {
      if (!(task instanceof KernelTask) || task.group !== machine.group) continue
      const name = task.name.startsWith(`${machine.name} `) ? task.name.slice(machine.name.length + 1) : task.name
      ofTasks += task.totalNs
      stacks.push({ frames: [machine.name, name, "user"], ns: task.userNs })
      stacks.push({ frames: [machine.name, name, "system"], ns: task.totalNs - task.userNs })
    }
    stacks.push({ frames: [machine.name, "softirq"], ns: machine.cpus.busyNs() - ofTasks })
  }
  return stacks.filter(({ ns }) => ns > 0)
}
