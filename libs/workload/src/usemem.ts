// usemem of vm-scalability, as MMTests' vmscan-anon-mmap-write starts it: one process, anonymous private memory, a word
// per page, in ascending order, several times over.
// Modelled: the first pass writes; later passes read the word back and verify it, then write (mode "write") or leave it
//   (mode "read"). A word that differs is corruption, or lost swap where the server has forgotten the page: it is counted and
//   told, and the process exits with 1.
// Not modelled: the rest of the page. A page is its content token: who wrote it, and which version.
// source: vm-scalability usemem.c, MMTests micro/vmscan-anon-mmap-ops.sh
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
import { needResched } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import type { ProcessExit } from "./plug-in/exit.ts"
import type { MemoryPort } from "./plug-in/host.ts"

export interface UsememOptions {
  /** Times that the memory is walked. */
  readonly passes: number
  readonly mode: "write" | "read"
}

/**
 * What a page of the machine contains after its owner wrote it. Distinct for every page of a cluster of up to 2048 clients
 * that map up to 8 GiB each; beyond that two clients may have pages with the same token, and a mix-up of just these two
 * would go unseen.
 */
export const tokenWriter = (machine: number, index: number): number => (machine * 0x200000 + index) >>> 0

/** Runs one usemem process; `machine.touched` counts its accesses. */
export function* usemem(machine: MemoryPort, task: KernelTask, options: UsememOptions): Sleeps<ProcessExit> {
  const { mm, costs } = machine
  const entries = mm.tables.entries
  const frames = machine.pages.frames
  const base = mm.tables.base(task.mm)
  const end = mm.tables.base(task.mm + 1)
  const writable = PTE_PRESENT | PTE_WRITE
  for (let pass = 1; pass <= options.passes; pass++) {
    const writes = pass === 1 || options.mode === "write"
    for (let index = base; index < end; index++) {
      if (pass > 1) {
        if ((entries.at(index) & PTE_PRESENT) === 0) {
          const fault = yield* mm.fault(task, index, false)
          if (fault !== FAULT_DONE) return fault === FAULT_SIGBUS ? "sigbus" : "killed"
        }
        entries.mark(index, PTE_ACCESSED)
        const pfn = pteValue(entries.at(index))
        const version = options.mode === "write" ? pass - 1 : 1
        if (frames.tokenWriter[pfn] !== tokenWriter(machine.index, index) || frames.tokenVersion[pfn] !== version) {
          return machine.wrongPage(task, index, tokenWriter(machine.index, index), version)
        }
      }
      if (writes) {
        if ((entries.at(index) & writable) !== writable && !mm.tryFault(task, index, true)) {
          const fault = yield* mm.fault(task, index, true)
          if (fault !== FAULT_DONE) return fault === FAULT_SIGBUS ? "sigbus" : "killed"
        }
        entries.mark(index, PTE_ACCESSED | PTE_DIRTY)
        const pfn = pteValue(entries.at(index))
        frames.tokenWriter[pfn] = tokenWriter(machine.index, index)
        frames.tokenVersion[pfn] = pass
      }
      machine.touched++
      task.user(costs.touchNs)
      if (needResched(task)) yield* task.condResched()
      if (task.killed) return "killed"
    }
  }
  return "completed"
}
