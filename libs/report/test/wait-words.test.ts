import type { LockupTask } from "@swaplab/cluster"
import { taskGroups } from "@swaplab/report"
import { expect, it } from "vitest"

const task = (name: string, waitQueue: string, why = ""): LockupTask => ({
  task: `client-1 ${name}`,
  state: "uninterruptible",
  waitQueue,
  wokenBy: "",
  sinceNs: 0,
  why
})

it("tasks that wait alike are one line: who needs a page first, who has nothing to do last", () => {
  expect(taskGroups([
    task("nbd-client", "client-1 nbd0 sock receive"),
    task("usemem-1", "nbd0 request slot (async)", "order:0, mode:0x280da"),
    task("kswapd0", "mempool bio-0"),
    task("usemem-2", "nbd0 request slot (async)", "order:0, mode:0x200da"),
    task("usemem-3", "page lock")
  ])).toEqual([
    {
      name: "usemem-1",
      count: 2,
      words: "needs a page of memory, and waits for a free place in the queue to the server",
      needsPage: true,
      idle: false
    },
    {
      name: "kswapd0",
      count: 1,
      words: "waits until an earlier write gives back what it holds",
      needsPage: false,
      idle: false
    },
    {
      name: "usemem-3",
      count: 1,
      words: "waits for a page that is being read or written",
      needsPage: false,
      idle: false
    },
    { name: "nbd-client", count: 1, words: "waits for answers of the server", needsPage: false, idle: true }
  ])
})

it("a queue without words is told by its name", () => {
  expect(taskGroups([task("x", "pipe_wait")])[0]).toMatchObject({ words: "waits on pipe_wait", idle: false })
})

it("a task that needs a page is not idle, wherever it sleeps", () => {
  expect(taskGroups([task("nbd-client", "sock receive", "order:0, mode:0x20")])[0]).toMatchObject({ idle: false })
})
