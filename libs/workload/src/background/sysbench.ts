// sysbench OLTP: threads that run short transactions over a buffer pool in anonymous memory and log each one to a disk.
// Modelled: the page accesses of a transaction, uniformly at random in the thread's share of the pool, verified; its CPU
//   time; the log record, written and synced; its latency.
// Not modelled: locks between threads, a skewed choice of rows, checkpoints, the network between client and database; each
//   thread has an address space of its own instead of a share of one.
import type { KernelTask, Machine } from "@swaplab/kernel"
import { assert, type Nanoseconds, type Random, type Sleeps } from "@swaplab/sim"
import { Load, touch } from "./load.ts"

export interface SysbenchOptions {
  /** Process of each thread; its mapping is its share of the pool. */
  readonly threads: ReadonlyArray<number>
  /** CPU time of a transaction in user mode. */
  readonly cpuNs: Nanoseconds
  /** Time between two transactions of a thread. */
  readonly thinkNs: Nanoseconds
  /** The log within the files of the machine, in pages. */
  readonly from: number
  readonly to: number
}

/** Pages read and written by one transaction: 10 point selects and 4 ranges; 2 updates, a delete and an insert. */
const READS = 14
const WRITES = 4

/** Starts sysbench on a machine that has files. `done` counts transactions; each has a latency. */
export const startSysbench = (machine: Machine, options: SysbenchOptions): Load => {
  const load = new Load("sysbench", "transactions")
  // one row of the log after the other, over all threads
  const log = { next: options.from }
  options.threads.forEach((process, i) => {
    const random = machine.sim.stream(machine.name, "sysbench", String(i + 1))
    const thread = machine.startProcess(process, `sysbench-${i + 1}`, function*(task) {
      const pages = machine.mm.tables.pagesOf(task.mm)
      const versions = new Uint32Array(pages)
      for (;;) {
        yield* task.settle()
        yield* task.hold(1 + Math.ceil(random.exponential(options.thinkNs)))
        const start = machine.sim.now
        if (!(yield* transaction(machine, task, random, versions, options, log))) {
          load.failed++
          return
        }
        load.done++
        load.onLatency(machine.sim.now - start)
      }
    })
    thread.daemon = true
  })
  return load
}

function* transaction(
  machine: Machine,
  task: KernelTask,
  random: Random,
  versions: Uint32Array,
  options: SysbenchOptions,
  log: { next: number }
): Sleeps<boolean> {
  const { files, writeback, mm } = machine
  assert(files !== null && writeback !== null, "sysbench needs files")
  const base = mm.tables.base(task.mm)
  for (let access = 0; access < READS + WRITES; access++) {
    const page = random.below(versions.length)
    // a row that was never written is made by its first access
    const version = access < READS && versions[page] > 0 ? 0 : versions[page] + 1
    if (!(yield* touch(machine, task, base + page, versions[page], version))) return false
    if (version > 0) versions[page] = version
    task.user(options.cpuNs / (READS + WRITES))
    yield* task.condResched()
  }
  const row = log.next
  log.next = row + 1 < options.to ? row + 1 : options.from
  if (!(yield* files.write(task, row))) return true
  yield* writeback.sync(task, row, row + 1)
  return !task.killed
}
