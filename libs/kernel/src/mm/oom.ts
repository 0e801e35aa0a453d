// The process table of one machine as the OOM killer sees it.
// Not modelled: file pages in the rss of a process. All programs of a client share one mapping of each page of the root image,
//   so nobody knows whose they are: a program counts for less here, by the text and data of files that it has mapped. The
//   nbd-client of a root image is not offered either, like that of the swap device: it has some 100 pages.
// source: mm/oom_kill.c:oom_kill_process, dump_header
import { type PageAllocator, PF_EXITING, type Task } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import type { Swap } from "@swaplab/swap"
import type { OomCandidate, OomOps } from "@swaplab/vmscan"
import type { KernelTask } from "../task.ts"
import type { Mm } from "./mm.ts"

/** nbd-client -swap protects itself like this. */
const OOM_SCORE_ADJ_MIN = -1000

/** A line of the log of an emulated kernel. */
export interface LogLine {
  readonly timeNs: number
  readonly message: string
}

/** The pieces that the OOM killer looks at and writes to. */
export interface OomParts {
  readonly pages: Pick<PageAllocator, "presentPages">
  readonly swap: { readonly slots: Pick<Swap["slots"], "pages"> }
  readonly mm: Pick<Mm, "rss" | "pageTablePages" | "swapEntries">
  /** Processes that may be killed, and nbd-client. */
  readonly userTasks: ReadonlyArray<KernelTask>
  oomKills: number
  readonly log: (message: string) => void
}

/** Kills processes of one machine. */
export class MachineOomOps implements OomOps {
  readonly #parts: OomParts

  constructor(parts: OomParts) {
    this.#parts = parts
  }

  *candidates(): Iterable<OomCandidate> {
    for (const task of this.#parts.userTasks) {
      if (!task.finished) yield this.#candidate(task)
    }
  }

  pidOf(task: Task): number {
    return task.process.id
  }

  totalPages(ramPages = this.#parts.pages.presentPages): number {
    return ramPages + this.#parts.swap.slots.pages
  }

  giveMemdie(victim: OomCandidate): void {
    this.#task(victim).memdie = true
  }

  kill(victim: OomCandidate, points: number): void {
    const task = this.#task(victim)
    this.#parts.log(`Out of memory: Kill process ${victim.pid} (${victim.name}) score ${points} or sacrifice child`)
    this.#parts.oomKills++
    task.memdie = true
    task.kill()
  }

  panic(message: string): void {
    this.#parts.log(`Kernel panic - not syncing: ${message}`)
  }

  #task(victim: OomCandidate): KernelTask {
    const task = this.#parts.userTasks.find(({ id }) => id === victim.pid)
    assert(task !== undefined, "the OOM killer chose a process that it was not shown")
    return task
  }

  #candidate(task: KernelTask): OomCandidate {
    const mm = this.#parts.mm
    const receiver = task.mm < 0
    return {
      pid: task.id,
      name: task.name,
      mm: task.mm,
      rssPages: receiver ? 0 : mm.rss[task.mm],
      pageTablePages: receiver ? 0 : mm.pageTablePages(task.mm),
      swapEntries: receiver ? 0 : mm.swapEntries[task.mm],
      oomScoreAdj: receiver ? OOM_SCORE_ADJ_MIN : 0,
      root: false,
      exiting: (task.flags & PF_EXITING) !== 0,
      memdie: task.memdie,
      children: [],
      mempolicy: task.mempolicy,
      memsAllowed: task.memsAllowed
    }
  }
}
