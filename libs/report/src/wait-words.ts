// What a task waits for in plain words, for readers who have not seen the names of the kernel's wait queues; and tasks that
// wait alike as one line.
import type { LockupTask } from "@swaplab/cluster"

/** Tasks that wait for the same. */
export interface TaskGroup {
  /** Of the first one, without its client. */
  readonly name: string
  readonly count: number
  readonly words: string
  /** It needs a page and has none. */
  readonly needsPage: boolean
  /** It waits for work, not for help. */
  readonly idle: boolean
}

/** Wait queues by a part of their name, what their sleepers wait for, and whether these are idle. */
const WORDS: ReadonlyArray<readonly [queue: RegExp, words: string, idle: boolean]> = [
  [/request slot/, "waits for a free place in the queue to the server", false],
  [/congestion_wqh/, "waits until a write has finished, and looks again every tenth of a second", false],
  [/^mempool/, "waits until an earlier write gives back what it holds", false],
  [/page lock/, "waits for a page that is being read or written", false],
  [/pfmemalloc_wait/, "is held back until the reserve has filled up again", false],
  [/sock send space/, "waits until the server has taken what was sent", false],
  [/sock lock/, "waits for a socket that another task holds", false],
  [/sock receive/, "waits for answers of the server", true],
  [/waiting_wq/, "has nothing to send", true],
  [/kswapd_wait/, "sleeps, because enough memory is free", true],
  [/ksoftirqd/, "has no packets to handle", true]
]

const NEEDS_PAGE = /^order:/

const groupOf = ({ task, waitQueue, why }: LockupTask): Omit<TaskGroup, "count"> => {
  const needsPage = NEEDS_PAGE.test(why)
  const [, words, idle] = WORDS.find(([queue]) => queue.test(waitQueue)) ?? [null, `waits on ${waitQueue}`, false]
  return {
    name: task.slice(task.indexOf(" ") + 1),
    words: needsPage ? `needs a page of memory, and ${words}` : words,
    needsPage,
    idle: idle && !needsPage
  }
}

/** Tasks by what they wait for: those that need a page first, those that are idle last. */
export const taskGroups = (tasks: ReadonlyArray<LockupTask>): ReadonlyArray<TaskGroup> => {
  const groups = new Map<string, TaskGroup>()
  for (const task of tasks) {
    const group = groupOf(task)
    // kernel threads stand alone, processes of a workload together
    const key = `${group.name.replace(/-\d+$/, "")}: ${group.words}`
    groups.set(key, { ...group, count: (groups.get(key)?.count ?? 0) + 1, name: groups.get(key)?.name ?? group.name })
  }
  const rank = ({ idle, needsPage }: TaskGroup): number => (idle ? 2 : needsPage ? 0 : 1)
  return [...groups.values()].sort((a, b) => rank(a) - rank(b))
}
