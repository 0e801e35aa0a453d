// A hog of memory: a process that maps so much and writes to its pages in order, again and again, until it is killed.
// Modelled: its memory, page by page; the OOM killer may take it.
// Not modelled: threads; memory that it gives back before its end.
import type { KernelTask, Machine } from "@swaplab/kernel"
import { assert } from "@swaplab/sim"
import { hog, type ProcessExit } from "@swaplab/workload"
import type { ActiveFault } from "../faults/fault-kind.ts"
import type { ClientSeat } from "./client-machine.ts"
import { processesOf } from "./client-place.ts"

/** The address space of a hog, made at boot: a client has one for each entry that may put a hog on it. */
export interface HogSeat {
  readonly process: number
  readonly pages: number
  task: KernelTask | null
}

/** Places for hogs on a machine that has booted. */
export const hogSeats = ({ hogs, loads }: ClientSeat): ReadonlyArray<HogSeat> =>
  hogs.map((pages, i) => ({ process: processesOf(loads) + i, pages, task: null }))

/** Starts a hog. Its end is SIGKILL. Null: the last one of this size has not ended yet, as it waits for a page in D. */
export const startHog = (machine: Machine, hogs: ReadonlyArray<HogSeat>, pages: number): ActiveFault | null => {
  const seat = hogs.find((free) => free.pages === pages && (free.task === null || free.task.finished))
  assert(hogs.some((hog) => hog.pages === pages), "a client boots with room for the hogs of its scenario")
  if (seat === undefined) return null
  let exit: ProcessExit | null = null
  const task = machine.startProcess(seat.process, "hog", function*(own) {
    exit = yield* hog(machine, own)
  })
  // it is no work of the client's that anybody waits for
  task.daemon = true
  seat.task = task
  let ended = false
  return {
    end: () => {
      ended = true
      task.kill()
    },
    effects: () => [
      ["pages written", Math.round(task.userNs / Math.max(1, machine.costs.touchNs))],
      ["killed by the OOM killer", exit === "killed" && !ended ? 1 : 0],
      ["killed by SIGBUS", exit === "sigbus" ? 1 : 0]
    ]
  }
}
