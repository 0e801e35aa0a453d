// A hog of memory: writes to all of its pages in order, again and again, until it is killed.
// Modelled and not: as usemem.ts, of which it is an endless one.
import type { KernelTask } from "@swaplab/kernel"
import type { Sleeps } from "@swaplab/sim"
import type { ProcessExit } from "./plug-in/exit.ts"
import type { MemoryPort } from "./plug-in/host.ts"
import { usemem } from "./usemem.ts"

/** The body of its process. */
export const hog = (machine: MemoryPort, task: KernelTask): Sleeps<ProcessExit> =>
  usemem(machine, task, { mode: "write", passes: Number.MAX_SAFE_INTEGER })
