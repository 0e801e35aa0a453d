// What every background load counts, and how its processes touch memory.
import {
  FAULT_DONE,
  FAULT_SIGBUS,
  type KernelTask,
  type Machine,
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_PRESENT,
  PTE_WRITE,
  pteValue
} from "@swaplab/kernel"
import type { Sleeps } from "@swaplab/sim"
import { tokenWriter } from "../usemem.ts"

/** What a background load has done so far. */
export class Load {
  /** As in a scenario: kernelBuild, hackbench … */
  readonly name: string
  /** What `done` counts. */
  readonly unit: string
  done = 0
  /** Operations that failed for want of memory, and processes that were killed. */
  failed = 0
  /** Called with the latency of each operation, where the load has one. */
  onLatency: (ns: number) => void = () => {}

  constructor(name: string, unit: string) {
    this.name = name
    this.unit = unit
  }
}

/** Starts a task of a background load: it runs as long as the simulation does. */
export const startDaemon = (machine: Machine, comm: string, body: (task: KernelTask) => Sleeps<void>): KernelTask => {
  const task = machine.task(comm)
  task.daemon = true
  machine.cpus.start(task, () => body(task))
  return task
}

/**
 * Reads, or writes as `version`, a page of the address space of `task`. A page that was written as `expected` (0: never) and
 * holds something else is reported to the machine. False: the process is to end.
 */
export function* touch(
  machine: Machine,
  task: KernelTask,
  index: number,
  expected: number,
  version: number
): Sleeps<boolean> {
  const { mm, pages: { frames }, costs } = machine
  const { entries } = mm.tables
  const write = version > 0
  const wanted = write ? PTE_PRESENT | PTE_WRITE : PTE_PRESENT
  if ((entries[index] & wanted) !== wanted) {
    const fault = yield* mm.fault(task, index, write)
    if (fault !== FAULT_DONE) {
      if (fault === FAULT_SIGBUS) machine.log(`${task.name}: SIGBUS`)
      return false
    }
  }
  const pfn = pteValue(entries[index])
  if (expected > 0) {
    const writer = tokenWriter(machine.index, index)
    if (frames.tokenWriter[pfn] !== writer || frames.tokenVersion[pfn] !== expected) {
      machine.corrupted(
        task,
        `page ${index}: expected ${writer} v${expected}, found ${frames.tokenWriter[pfn]} v${frames.tokenVersion[pfn]}`
      )
      return false
    }
  }
  entries[index] |= write ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED
  if (write) {
    frames.tokenWriter[pfn] = tokenWriter(machine.index, index)
    frames.tokenVersion[pfn] = version
  }
  task.user(costs.touchNs)
  return !task.killed
}
