// How processes of workloads touch memory.
import {
  FAULT_DONE,
  FAULT_SIGBUS,
  type KernelTask,
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_PRESENT,
  PTE_WRITE,
  pteValue
} from "@swaplab/kernel"
import type { Sleeps } from "@swaplab/sim"
import type { ProcessExit } from "./plug-in/exit.ts"
import type { MemoryPort } from "./plug-in/host.ts"
import { tokenWriter } from "./usemem.ts"

/**
 * Reads, or writes as `version`, a page of the address space of `task`. A page that was written as `expected` (0: never) and
 * holds something else is reported to the machine. Null: the process goes on; otherwise it ends like that.
 */
export function* touch(
  machine: MemoryPort,
  task: KernelTask,
  index: number,
  expected: number,
  version: number
): Sleeps<Exclude<ProcessExit, "completed"> | null> {
  const { mm, pages: { frames }, costs } = machine
  const { entries } = mm.tables
  const write = version > 0
  const wanted = write ? PTE_PRESENT | PTE_WRITE : PTE_PRESENT
  if ((entries.at(index) & wanted) !== wanted) {
    const fault = yield* mm.fault(task, index, write)
    if (fault === FAULT_SIGBUS) {
      machine.log(`${task.name}: SIGBUS`)
      return "sigbus"
    }
    if (fault !== FAULT_DONE) return "killed"
  }
  const pfn = pteValue(entries.at(index))
  if (expected > 0) {
    const writer = tokenWriter(machine.index, index)
    if (frames.tokenWriter[pfn] !== writer || frames.tokenVersion[pfn] !== expected) {
      return machine.wrongPage(task, index, writer, expected)
    }
  }
  entries.mark(index, write ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED)
  if (write) {
    frames.tokenWriter[pfn] = tokenWriter(machine.index, index)
    frames.tokenVersion[pfn] = version
  }
  task.user(costs.touchNs)
  return task.killed ? "killed" : null
}

/** Writes every page of the address space of `task` as `version`, after it has verified that it holds the one before. */
export function* writeAll(
  client: MemoryPort,
  task: KernelTask,
  version: number
): Sleeps<Exclude<ProcessExit, "completed"> | null> {
  const { tables } = client.mm
  const end = tables.base(task.mm + 1)
  for (let index = tables.base(task.mm); index < end; index++) {
    const exit = yield* touch(client, task, index, version - 1, version)
    if (exit !== null) return exit
    client.touched++
    yield* task.condResched()
  }
  return null
}
