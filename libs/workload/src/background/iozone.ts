// iozone: a file is written from end to end, then read from end to end, again and again.
// Modelled: streaming through the page cache, dirty pages, write-back, the throttling of the writer, read-ahead.
// Not modelled: its other tests (random, backwards, mmap), its table of record sizes; the file lies on a disk of the
//   client's own, so that it costs no packets.
import type { Machine } from "@swaplab/kernel"
import { assert } from "@swaplab/sim"
import { Load, startDaemon } from "./load.ts"

export interface IozoneOptions {
  /** Its file within the files of the machine, in pages. */
  readonly from: number
  readonly to: number
}

/** After a write or read that failed for want of memory. */
const RETRY_NS = 10_000_000

/** Starts iozone on a machine that has files. `done` counts pages written and read. */
export const startIozone = (machine: Machine, options: IozoneOptions): Load => {
  const load = new Load("iozone", "pages")
  const { files, writeback } = machine
  assert(files !== null && writeback !== null, "iozone needs files")
  startDaemon(machine, "iozone", function*(task) {
    for (;;) {
      for (const writes of [true, false]) {
        for (let index = options.from; index < options.to; index++) {
          const done = writes ? yield* files.write(task, index) : yield* files.read(task, index, options.to)
          if (done) load.done++
          else {
            load.failed++
            yield* task.hold(RETRY_NS)
          }
          if (writes) yield* writeback.balance(task)
          yield* task.condResched()
        }
      }
    }
  })
  return load
}
