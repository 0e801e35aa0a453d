// A kernel build, as far as it concerns memory: make starts one compiler after the other in each of its slots.
// Modelled: fork (kernel stack, task_struct, mm_struct, areas), looking up the files of a compile (dentries, inodes),
//   short-lived anonymous memory that is touched evenly over the CPU time of the job, exit.
// Not modelled: the shell and the linker, text pages of the compiler, reading sources, writing objects, dependencies between
//   jobs. What that costs: between two compiles nothing of a build stays in memory but file names.
import type { Dcache, KernelTask, Machine } from "@swaplab/kernel"
import { type Nanoseconds, type Sleeps, WaitQueue } from "@swaplab/sim"
import { Load, startDaemon, touch } from "./load.ts"

export interface KernelBuildOptions {
  /** Process of each slot (make -j); its mapping is the memory of a compile. */
  readonly slots: ReadonlyArray<number>
  /** CPU time of a compile in user mode. */
  readonly cpuNs: Nanoseconds
  /** Files that a compile looks up for the first time. */
  readonly files: number
}

/** make waits that long after a fork that failed. */
const RETRY_NS = 100_000_000

/** Starts a build on a machine. `done` counts compiles. */
export const startKernelBuild = (machine: Machine, options: KernelBuildOptions): Load => {
  const load = new Load("kernelBuild", "compiles")
  const processes = machine.openProcessTable()
  const dcache = machine.openDcache()
  options.slots.forEach((process, slot) => {
    const exited = new WaitQueue(machine.sim, `make-${slot + 1} wait4`, "the exit of its compiler")
    startDaemon(machine, `make-${slot + 1}`, function*(make) {
      for (let job = 1;; job++) {
        const memory = yield* processes.fork(make)
        if (memory === null) {
          load.failed++
          yield* make.settle()
          yield* make.hold(RETRY_NS)
          continue
        }
        const compiler = machine.startProcess(process, `cc1-${slot + 1}.${job}`, function*(task) {
          if (yield* compile(machine, dcache, task, options)) load.done++
          else load.failed++
          exited.wakeAll()
        })
        compiler.daemon = true
        yield* exited.sleep(make)
        processes.free(make, memory)
        yield* make.settle()
      }
    })
  })
  return load
}

function* compile(machine: Machine, dcache: Dcache, task: KernelTask, options: KernelBuildOptions): Sleeps<boolean> {
  for (let file = 0; file < options.files; file++) {
    if (!(yield* dcache.lookup(task))) return false
    yield* task.condResched()
  }
  const { tables } = machine.mm
  const pages = tables.pagesOf(task.mm)
  const base = tables.base(task.mm)
  for (let page = 0; page < pages; page++) {
    if (!(yield* touch(machine, task, base + page, 0, 1))) return false
    task.user(options.cpuNs / pages)
    yield* task.condResched()
  }
  return true
}
