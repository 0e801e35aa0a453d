// Collects all garbage of this thread at once, before something begins that has to be in time.
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Takes some tens of milliseconds. V8 gives the function for it only to contexts that are made with this flag. */
export const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  const gc: unknown = runInNewContext("gc")
  setFlagsFromString("--no-expose-gc")
  if (typeof gc === "function") gc()
}
