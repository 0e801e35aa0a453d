// Programs that are in use: tasks that run over the text of their programs, which lies in the root image of the client.
// Modelled: a burst of pages of a text that all tasks share, drawn at random, each used as a CPU does it; a page that reclaim
//   has dropped is read again (a major fault); text is VM_EXEC, which reclaim of 3.5 keeps longer; a burst's latency.
// Not modelled: which pages are popular, runs of neighbouring pages, the data of the programs (other loads have memory).
// What that costs: with a popularity fewer pages would be read again.
import { field, formatQuantity, mismatch, SIZE, Size, Time, whole } from "@swaplab/config"
import { FAULT_DONE } from "@swaplab/kernel"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { assert } from "@swaplab/sim"
import { NOTHING, pagesOf } from "../plug-in/plan.ts"
import { counts, sizes } from "../plug-in/shrink.ts"
import { workload } from "../plug-in/workload.ts"

const MIB = 1024 * 1024
const MS = 1e6

export const programText = workload({
  slot: "background",
  description:
    "Programs that are in use: tasks that run over text in the root image, which reclaim can drop and they read again.",
  options: {
    tasks: field(whole(0, 256), 0, "Tasks."),
    size: field(
      Size,
      16 * MIB,
      "Text that all of them use together. Measured: X server and desktop map 64 MiB of files, of which a minute uses a part; "
        + "16 MiB are assumed."
    ),
    pages: field(whole(1, 100_000), 64, "Pages of a burst. Assumed: about the text that a key press touches."),
    pause: field(Time, 100 * MS, "Time between two bursts of a task, on average; exponential. Assumed.")
  },
  swarm: { tasks: [1, 4], size: ["1 MiB", "8 MiB"] },
  switch: "tasks",
  // programs are in use before what is measured begins
  atBoot: true,
  processes: ({ size }) => ({ ...NOTHING, rootPages: pagesOf(size) }),
  start: ({ client, daemon, operations, random, rootFiles: { from, to } }, { pages, pause, tasks }) => {
    const { root, sim } = client
    assert(root !== null, "a rule says that program text lies in a root image")
    root.addFile(from, to)
    root.mapExecutable(from, to)
    for (let i = 1; i <= tasks; i++) {
      const chance = random(String(i))
      daemon(`text-${i}`, function*(task) {
        for (;;) {
          yield* task.settle()
          yield* task.hold(1 + Math.ceil(chance.exponential(pause)))
          const start = sim.now
          for (let left = pages; left > 0; left--) {
            const page = from + chance.below(to - from)
            if (root.tryTouch(task, page)) continue
            if ((yield* root.fault(task, page)) !== FAULT_DONE) {
              operations.failed++
              return
            }
            yield* task.condResched()
          }
          yield* task.settle()
          operations.done++
          operations.latency.record(sim.now - start)
        }
      })
    }
  },
  operations: { unit: "bursts", latency: true },
  metrics: {},
  rules: [{
    name: "program text lies in a root image",
    path: ["tasks"],
    holds: (_, { rootBytes }) => rootBytes > 0,
    words: ({ tasks }) => mismatch(String(tasks), "0, or a root image (root) in which the text lies")
  }],
  shrink: [counts("tasks"), counts("pages"), sizes(PAGE_SIZE, "size")],
  describe: ({ pages, size, tasks }) => [
    tasks === 1 ? "1 task" : `${tasks} tasks`,
    `bursts of ${pages} pages`,
    `${formatQuantity(SIZE, size)} of text`
  ]
})
