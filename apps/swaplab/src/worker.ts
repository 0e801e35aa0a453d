// What a worker thread starts with: it waits for runs and simulates them, one after the other or one that is looked at.
import { isMainThread, parentPort, workerData } from "node:worker_threads"

if (isMainThread || parentPort === null) throw new Error("this module is what a worker thread starts with")
if (workerData === "live") {
  const { runThread } = await import("./live/thread.ts")
  runThread(parentPort)
} else {
  const { runPool } = await import("./pool-worker.ts")
  runPool()
}
