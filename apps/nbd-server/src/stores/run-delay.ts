// How long the event loop has waited for a processor. On a busy machine a call of a microsecond may take milliseconds because
// another program ran meanwhile; that is no disk that is slow.
// source: Documentation/scheduler/sched-stats.rst "/proc/<pid>/schedstat"
import { openSync, readSync } from "node:fs"

const SPACE = 32
const text = new Uint8Array(128)
let fd: number | undefined

/** -1: this kernel has no such file. */
const open = (): number => {
  try {
    return openSync("/proc/thread-self/schedstat", "r")
  } catch {
    return -1
  }
}

/** Milliseconds that the calling thread, which is always the same, has been ready to run without running; 0 when unknown. */
export const runDelayMs = (): number => {
  fd ??= open()
  if (fd < 0) return 0
  const end = readSync(fd, text, 0, text.length, 0)
  let at = text.indexOf(SPACE) + 1
  let ns = 0
  for (; at < end && text[at] !== SPACE; at++) ns = ns * 10 + text[at] - 48
  return ns / 1e6
}
