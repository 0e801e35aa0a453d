// The process table of one machine as the OOM killer sees it.
// source: mm/oom_kill.c:oom_kill_process, dump_header
import { PF_EXITING, type Task } from "@swaplab/page-alloc"
import type { OomCandidate, OomOps } from "@swaplab/vmscan"
import type { Machine } from "../machine.ts"
import type { KernelTask } from "../task.ts"

/** nbd-client -swap protects itself like this. */
const OOM_SCORE_ADJ_MIN = -1000

/** A line of the log of an emulated kernel. */
export interface LogLine {
  readonly timeNs: number
  readonly message: string
}

/** Kills processes of one machine. */
export class MachineOomOps implements OomOps {
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  *candidates(): Iterable<OomCandidate> {
    for (const task of this.#machine.userTasks) {
      if (!task.finished) yield this.#candidate(task)
    }
  }

  pidOf(task: Task): number {
    return task.process.id
  }

  totalPages(): number {
    return this.#machine.pages.presentPages + this.#machine.swap.map.pages
  }

  giveMemdie(victim: OomCandidate): void {
    this.#task(victim).memdie = true
  }

  kill(victim: OomCandidate, points: number): void {
    const task = this.#task(victim)
    this.#machine.log(`Out of memory: Kill process ${victim.pid} (${victim.name}) score ${points} or sacrifice child`)
    this.#machine.oomKills++
    task.memdie = true
    task.kill()
  }

  panic(message: string): void {
    this.#machine.log(`Kernel panic - not syncing: ${message}`)
  }

  #task(victim: OomCandidate): KernelTask {
    return this.#machine.sim.processes[victim.pid] as KernelTask
  }

  #candidate(task: KernelTask): OomCandidate {
    const mm = this.#machine.mm
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
      children: []
    }
  }
}
