// A kernel build, as far as it concerns memory: make starts one compiler after the other in each of its slots.
// Modelled: fork (kernel stack, task_struct, mm_struct, areas), looking up the files of a compile (dentries, inodes),
//   short-lived anonymous memory that is touched evenly over the CPU time of the job, exit.
// Not modelled: the shell and the linker, text pages of the compiler, reading sources, writing objects, dependencies between
//   jobs. What that costs: between two compiles nothing of a build stays in memory but file names.
import { field, formatQuantity, SIZE, Size, Time, whole } from "@swaplab/config"
import type { Dcache, KernelTask } from "@swaplab/kernel"
import { type Nanoseconds, type Sleeps, WaitQueue } from "@swaplab/sim"
import type { ProcessExit } from "../plug-in/exit.ts"
import type { MemoryPort } from "../plug-in/host.ts"
import { equalProcesses } from "../plug-in/plan.ts"
import { counts, sizes } from "../plug-in/shrink.ts"
import { workload } from "../plug-in/workload.ts"
import { touch } from "../touch.ts"

/** make waits that long after a fork that failed. */
const RETRY_NS = 100_000_000

const MIB = 1024 * 1024
const MS = 1e6

export const kernelBuild = workload({
  slot: "background",
  description: "A kernel build: a storm of short-lived processes.",
  options: {
    jobs: field(whole(0, 256), 0, "Compiles at a time (make -j)."),
    memory: field(
      Size,
      8 * MIB,
      "Of a compile. 50 to 300 MB are usual on machines of 2 GiB; 8 MiB is the same share of 64 MiB."
    ),
    cpu: field(Time, 200 * MS, "CPU time of a compile. A C file of the kernel takes a few tenths of a second."),
    files: field(
      whole(0, 100_000),
      100,
      "Files that a compile looks up for the first time. Some hundred headers each."
    )
  },
  swarm: { jobs: [1, 2], memory: ["1 MiB", "4 MiB"], cpu: ["20 ms"], files: [0, 100] },
  switch: "jobs",
  processes: ({ jobs, memory }) => equalProcesses(jobs, memory),
  start: ({ client, daemon, fork, operations }, { cpu, files, jobs }) => {
    const processes = client.openProcessTable()
    const dcache = client.openDcache()
    for (let slot = 0; slot < jobs; slot++) {
      const exited = new WaitQueue(client.sim, `make-${slot + 1} wait4`, "the exit of its compiler")
      daemon(`make-${slot + 1}`, function*(make) {
        for (let job = 1;; job++) {
          const memory = yield* processes.fork(make)
          if (memory === null) {
            operations.failed++
            yield* make.settle()
            yield* make.hold(RETRY_NS)
            continue
          }
          fork(slot, `cc1-${slot + 1}.${job}`, function*(task) {
            const exit = yield* compile(client, dcache, task, { cpuNs: cpu, files })
            if (exit === "completed") operations.done++
            else operations.failed++
            exited.wakeAll()
            return exit
          })
          yield* exited.sleep(make)
          processes.free(make, memory)
          yield* make.settle()
        }
      })
    }
  },
  operations: { unit: "compiles", latency: false },
  metrics: {},
  shrink: [counts("jobs"), sizes(MIB, "memory"), counts("files")],
  describe: ({ jobs, memory }) => [
    jobs === 1 ? "1 job" : `${jobs} jobs`,
    `${formatQuantity(SIZE, memory)} each`
  ]
})

function* compile(
  client: MemoryPort,
  dcache: Dcache,
  task: KernelTask,
  options: { readonly cpuNs: Nanoseconds; readonly files: number }
): Sleeps<ProcessExit> {
  for (let file = 0; file < options.files; file++) {
    if (!(yield* dcache.lookup(task))) return "killed"
    yield* task.condResched()
  }
  const { tables } = client.mm
  const pages = tables.pagesOf(task.mm)
  const base = tables.base(task.mm)
  for (let page = 0; page < pages; page++) {
    const exit = yield* touch(client, task, base + page, 0, 1)
    if (exit !== null) return exit
    task.user(options.cpuNs / pages)
    yield* task.condResched()
  }
  return "completed"
}
