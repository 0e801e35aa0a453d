// CPU time of the thread at hand.
import { readFileSync } from "node:fs"
import { performance } from "node:perf_hooks"

/**
 * Seconds of CPU time that this thread has used. Node before 23.9 knows the time of the whole process only, so it is asked
 * of Linux; where there is no /proc it is the time that has passed.
 */
export const threadCpuSeconds = (): number => {
  try {
    const [onCpuNs] = readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")
    return Number(onCpuNs) / 1e9
  } catch {
    return performance.now() / 1000
  }
}
