// CPU time of the thread at hand.
// source: Documentation/scheduler/sched-stats.rst "/proc/<pid>/schedstat"
import { readFileSync } from "node:fs"
import { performance } from "node:perf_hooks"

/** Nanoseconds on a processor, and waiting for one; null: there is no /proc. */
const schedstat = (): ReadonlyArray<number> | null => {
  try {
    return readFileSync("/proc/thread-self/schedstat", "latin1").split(" ").map(Number)
  } catch {
    return null
  }
}

/**
 * Seconds of CPU time that this thread has used. Node before 23.9 knows the time of the whole process only, so it is asked
 * of Linux; where there is no /proc it is the time that has passed.
 */
export const threadCpuSeconds = (): number => {
  const [onCpuNs] = schedstat() ?? []
  return onCpuNs === undefined ? performance.now() / 1000 : onCpuNs / 1e9
}

/** Nanoseconds for which this thread was ready to run while others had its processor; null: the host does not say. */
export const threadCpuWaitNs = (): number | null => schedstat()?.[1] ?? null
