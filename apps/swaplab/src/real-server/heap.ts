// The heap of a thread that has to be in time.
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/**
 * Collects all garbage at once, for some tens of milliseconds, so that it need not be done soon. Young objects are collected by
 * this thread alone from then on: with helpers, as by default, it waits until each of them had a processor, which on a small host is
 * longer than the work.
 */
export const readyHeap = (): void => {
  setFlagsFromString("--no-parallel-scavenge")
  // V8 gives the function only to contexts that are made with this flag
  setFlagsFromString("--expose-gc")
  const gc: unknown = runInNewContext("gc")
  setFlagsFromString("--no-expose-gc")
  if (typeof gc === "function") gc()
}
