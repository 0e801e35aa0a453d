// iozone: a file is written from end to end, then read from end to end, again and again.
// Modelled: streaming through the page cache, dirty pages, write-back, the throttling of the writer, read-ahead.
// Not modelled: its other tests (random, backwards, mmap), its table of record sizes; the file lies on a disk of the
//   client's own, so that it costs no packets.
import { field, formatQuantity, SIZE, Size } from "@swaplab/config"
import { assert } from "@swaplab/sim"
import { NOTHING, pagesOf } from "../plug-in/plan.ts"
import { sizes } from "../plug-in/shrink.ts"
import { workload } from "../plug-in/workload.ts"

/** After a write or read that failed for want of memory. */
const RETRY_NS = 10_000_000

const MIB = 1024 * 1024

export const iozone = workload({
  slot: "background",
  description: "iozone: a file that streams through the page cache.",
  options: {
    file: field(Size, 0, "Written and read from end to end, again and again. 0: no iozone.")
  },
  swarm: { file: ["512 KiB", "2 MiB"] },
  switch: "file",
  processes: ({ file }) => ({ ...NOTHING, filePages: pagesOf(file) }),
  start: ({ client: { files, writeback }, daemon, files: { from, to }, operations }) => {
    assert(files !== null && writeback !== null, "iozone needs files")
    daemon("iozone", function*(task) {
      for (;;) {
        for (const writes of [true, false]) {
          for (let index = from; index < to; index++) {
            const done = writes ? yield* files.write(task, index) : yield* files.read(task, index, to)
            if (done) operations.done++
            else {
              operations.failed++
              yield* task.hold(RETRY_NS)
            }
            if (writes) yield* writeback.balance(task)
            yield* task.condResched()
          }
        }
      }
    })
  },
  operations: { unit: "pages", latency: false },
  metrics: {},
  shrink: [sizes(MIB, "file")],
  describe: ({ file }) => [`a file of ${formatQuantity(SIZE, file)}`]
})
