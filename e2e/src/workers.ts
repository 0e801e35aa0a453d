// Workers of a cluster: `swaplab worker` as processes of their own.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { environment, main, root } from "./command.ts"

/** A worker. */
export interface Worker {
  readonly pid: number
  /** What it has said so far. */
  readonly said: () => string
  /** Kills it with all its threads, and waits until it is gone. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<number | null>
}

/** Starts a worker of one thread; ends when it takes jobs. */
export const startWorker = async (...args: ReadonlyArray<string>): Promise<Worker> => {
  const child: ChildProcess = spawn(process.execPath, [main, "worker", "--workers", "1", ...args], {
    cwd: root,
    env: environment(),
    stdio: ["ignore", "ignore", "pipe"]
  })
  let said = ""
  const ended = once(child, "exit") as Promise<[number | null]>
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text
      if (/ works for /.test(said)) resolve()
    })
    child.once("error", reject).once("exit", () => reject(new Error(`the worker has ended: ${said}`)))
  })
  return {
    pid: child.pid ?? 0,
    said: () => said,
    kill: async (signal = "SIGKILL") => {
      child.kill(signal)
      return (await ended)[0]
    }
  }
}
