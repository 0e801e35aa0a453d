// sysbench OLTP: threads that run short transactions over a buffer pool in anonymous memory and log each one to a disk.
// Modelled: the page accesses of a transaction, uniformly at random in the thread's share of the pool, verified; its CPU
//   time; the log record, written and synced; its latency.
// Not modelled: locks between threads, a skewed choice of rows, checkpoints, the network between client and database; each
//   thread has an address space of its own instead of a share of one.
import { field, formatQuantity, SIZE, Size, Time, whole } from "@swaplab/config"
import type { KernelTask } from "@swaplab/kernel"
import { assert, type Nanoseconds, type Random, type Sleeps } from "@swaplab/sim"
import type { ProcessExit } from "../plug-in/exit.ts"
import type { ClientPort } from "../plug-in/host.ts"
import { equalProcesses } from "../plug-in/plan.ts"
import { counts, sizes } from "../plug-in/shrink.ts"
import { workload } from "../plug-in/workload.ts"
import { touch } from "../touch.ts"

/** Pages read and written by one transaction: 10 point selects and 4 ranges; 2 updates, a delete and an insert. */
const READS = 14
const WRITES = 4
/** The log: it is written over and over. */
const LOG_PAGES = 4096

const MIB = 1024 * 1024
const MS = 1e6
const US = 1e3

export const sysbench = workload({
  slot: "background",
  description: "sysbench OLTP: transactions over a buffer pool, each with a latency.",
  options: {
    threads: field(whole(0, 256), 0, "Threads that run transactions."),
    memory: field(Size, 8 * MIB, "The buffer pool, all threads together."),
    cpu: field(Time, 500 * US, "CPU time of a transaction."),
    think: field(Time, 10 * MS, "Time between two transactions of a thread, on average.")
  },
  swarm: { threads: [1, 4], memory: ["1 MiB", "4 MiB"] },
  switch: "threads",
  processes: ({ memory, threads }) => ({
    ...equalProcesses(threads, memory / threads),
    anonymousBytes: memory,
    filePages: LOG_PAGES
  }),
  start: ({ client, files: { from, to }, fork, operations, random }, { cpu, think, threads }) => {
    // one row of the log after the other, over all threads
    const log = { next: from, from, to }
    for (let i = 0; i < threads; i++) {
      const chance = random(String(i + 1))
      fork(i, `sysbench-${i + 1}`, function*(task) {
        const versions = new Uint32Array(client.mm.tables.pagesOf(task.mm))
        for (;;) {
          yield* task.settle()
          yield* task.hold(1 + Math.ceil(chance.exponential(think)))
          const start = client.sim.now
          const exit = yield* transaction(client, task, chance, versions, cpu, log)
          if (exit !== null) {
            operations.failed++
            return exit
          }
          operations.done++
          operations.latency.record(client.sim.now - start)
        }
      })
    }
  },
  operations: { unit: "transactions", latency: true },
  metrics: {},
  shrink: [counts("threads"), sizes(MIB, "memory")],
  describe: ({ memory, threads }) => [
    threads === 1 ? "1 thread" : `${threads} threads`,
    `${formatQuantity(SIZE, memory)} of buffer pool`
  ]
})

function* transaction(
  client: ClientPort,
  task: KernelTask,
  random: Random,
  versions: Uint32Array,
  cpuNs: Nanoseconds,
  log: { next: number; readonly from: number; readonly to: number }
): Sleeps<ProcessExit | null> {
  const { files, mm, writeback } = client
  assert(files !== null && writeback !== null, "sysbench needs files")
  const base = mm.tables.base(task.mm)
  for (let access = 0; access < READS + WRITES; access++) {
    const page = random.below(versions.length)
    // a row that was never written is made by its first access
    const version = access < READS && versions[page] > 0 ? 0 : versions[page] + 1
    const exit = yield* touch(client, task, base + page, versions[page], version)
    if (exit !== null) return exit
    if (version > 0) versions[page] = version
    task.user(cpuNs / (READS + WRITES))
    yield* task.condResched()
  }
  const row = log.next
  log.next = row + 1 < log.to ? row + 1 : log.from
  if (!(yield* files.write(task, row))) return null
  yield* writeback.sync(task, row, row + 1)
  return task.killed ? "killed" : null
}
