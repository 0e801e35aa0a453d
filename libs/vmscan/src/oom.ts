// The OOM killer: kills the process whose death frees most.
//
// Modelled: badness, the sacrifice of a child, waiting for a victim that is dying already, the pause of one tick.
// Not modelled: notifiers, panic_on_oom, oom_kill_allocating_task, ptrace, the console dump.
// A request that a memory policy binds to some nodes can kill only tasks that may have pages there, and one of a task in a
// cpuset only tasks whose cpusets share a node with it.
// source: mm/oom_kill.c:constrained_alloc, out_of_memory, select_bad_process, oom_scan_process_thread, oom_badness, oom_kill_process
import {
  __GFP_THISNODE,
  type Context,
  type Mempolicy,
  type PageAllocator,
  type Task,
  type Zone
} from "@swaplab/page-alloc"
import { type Sim, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { OomCandidate, OomOps } from "./ops.ts"

const OOM_SCORE_ADJ_MIN = -1000

/** oom_badness in pages; 0 for a process that must not be killed. */
export const oomBadness = (candidate: OomCandidate, totalPages: number): number => {
  if (candidate.oomScoreAdj === OOM_SCORE_ADJ_MIN) return 0
  const adj = candidate.oomScoreAdj - (candidate.root ? 30 : 0)
  const used = candidate.rssPages + candidate.pageTablePages + candidate.swapEntries
  return Math.max(1, used + adj * Math.floor(totalPages / 1000))
}

/** CONSTRAINT_MEMORY_POLICY or CONSTRAINT_CPUSET: the request may not use all of the memory. */
export interface OomConstraint {
  /** Nodes of the memory policy; null where the cpuset is what constrains. */
  readonly policyNodes: number | null
  /** Pages of the nodes that it may use, without swap. */
  readonly pages: number
}

/** constrained_alloc; null: CONSTRAINT_NONE. */
export const oomConstraint = (
  { numa, zones }: Pick<PageAllocator, "numa" | "zones">,
  task: Context,
  gfp: number,
  zonelist: ReadonlyArray<Zone>
): OomConstraint | null => {
  if (numa === null || (gfp & __GFP_THISNODE) !== 0) return null
  const pagesOf = (mask: number): number =>
    zones.reduce((sum, zone) => (mask >> zone.node & 1) !== 0 ? sum + zone.spanned : sum, 0)
  const bound = numa.maskOf(zonelist)
  if (bound !== null) return { policyNodes: bound, pages: pagesOf(bound) }
  if (zonelist.every((zone) => numa.cpusetAllows(task, zone))) return null
  return { policyNodes: null, pages: pagesOf(task.memsAllowed ?? 0) }
}

/** oom_unkillable_task: can the death of that task not help the one that asks? */
const cannotHelp = (candidate: OomCandidate, asking: Context, constraint: OomConstraint | null): boolean => {
  const nodes = constraint?.policyNodes ?? null
  if (nodes === null) return ((candidate.memsAllowed ?? ~0) & (asking.memsAllowed ?? ~0)) === 0
  const policy: Mempolicy | null | undefined = candidate.mempolicy
  return policy !== undefined && policy !== null && policy.mode !== "preferred" && (policy.nodes & nodes) === 0
}

/** What select_bad_process found: a victim, that a task is dying already, or no task at all. */
type Selected = { readonly victim: OomCandidate; readonly points: number } | "wait" | "nobody"

/** select_bad_process; the first of equals is chosen. */
export const selectBadProcess = (
  candidates: Iterable<OomCandidate>,
  currentPid: number,
  totalPages: number
): Selected => {
  let victim: OomCandidate | null = null
  let points = 0
  for (const candidate of candidates) {
    if (candidate.memdie) return "wait"
    if (candidate.exiting) {
      if (candidate.pid !== currentPid) return "wait"
      // the caller is on its way out: let it use the reserve, but go on looking for victims of an earlier call
      victim = candidate
      points = Number.MAX_SAFE_INTEGER
      continue
    }
    const badness = oomBadness(candidate, totalPages)
    if (badness > points) {
      victim = candidate
      points = badness
    }
  }
  return victim === null ? "nobody" : { victim, points }
}

/** The worst child with a memory of its own dies in place of its parent. */
const sacrifice = (parent: OomCandidate, totalPages: number): OomCandidate => {
  let victim = parent
  let most = 0
  for (const child of parent.children) {
    if (child.mm === parent.mm) continue
    const points = oomBadness(child, totalPages)
    if (points > most) {
      victim = child
      most = points
    }
  }
  return victim
}

export class OomKiller {
  /** Victims so far. */
  kills = 0
  readonly #ops: OomOps
  readonly #sim: Sim
  readonly #pause: WaitQueue
  readonly #panicked: WaitQueue

  constructor(sim: Sim, ops: OomOps) {
    this.#ops = ops
    this.#sim = sim
    this.#pause = new WaitQueue(sim, "oom_kill_pause", "the next tick")
    this.#panicked = new WaitQueue(sim, "panic", "nothing: out of memory and no killable processes")
  }

  /** out_of_memory: true if a task was killed. */
  *outOfMemory(task: Task, constraint: OomConstraint | null): Sleeps<boolean> {
    if (task.process.killed) {
      task.memdie = true
      return false
    }
    const total = this.#ops.totalPages(constraint?.pages)
    const selected = selectBadProcess(this.#candidates(task, constraint), this.#ops.pidOf(task), total)
    if (selected === "wait") return false
    if (selected === "nobody") {
      this.#ops.panic("Out of memory and no killable processes...")
      for (;;) yield* this.#panicked.sleep(task.process)
    }
    if (selected.victim.exiting) {
      this.#ops.giveMemdie(selected.victim)
    } else {
      this.kills++
      this.#ops.kill(sacrifice(selected.victim, total), Math.floor((selected.points * 1000) / total))
    }
    yield* this.pause(task)
    return true
  }

  *#candidates(task: Task, constraint: OomConstraint | null): Generator<OomCandidate, void, undefined> {
    for (const candidate of this.#ops.candidates()) {
      if (!cannotHelp(candidate, task, constraint)) yield candidate
    }
  }

  /** schedule_timeout_killable(1): gives the victim a chance to exit. */
  *pause(task: Task): Sleeps<void> {
    if (task.process.killed) return
    const before = task.process.why
    task.process.why = "out_of_memory: lets the victim exit"
    yield* this.#pause.sleepTimeout(task.process, this.#sim.jiffies(1), "killable")
    task.process.why = before
  }
}
