// Workers of a cluster, and commands that ask for them, as processes that go on while a test looks at them.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { environment, main, root } from "./command.ts"

/** A process of the command. */
export interface Going {
  readonly pid: number
  /** Its exit code. */
  readonly ended: Promise<number | null>
  /** Kills it with all its threads, and waits until it is gone. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<number | null>
}

/** Starts the command; resolves when it has said these words on standard error. */
export const startUntil = async (words: RegExp, args: ReadonlyArray<string>): Promise<Going> => {
  const child: ChildProcess = spawn(process.execPath, [main, ...args], {
    cwd: root,
    env: environment(),
    stdio: ["ignore", "ignore", "pipe"]
  })
  let said = ""
  const ended = (once(child, "exit") as Promise<[number | null]>).then(([code]) => code)
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text
      if (words.test(said)) resolve()
    })
    child.once("error", reject).once("exit", () => reject(new Error(`the command has ended: ${said}`)))
  })
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal = "SIGKILL") => {
      child.kill(signal)
      return ended
    }
  }
}

/** Starts a worker of one thread; resolves when it takes jobs. */
export const startWorker = (...args: ReadonlyArray<string>): Promise<Going> =>
  startUntil(/ works for /, ["worker", "--workers", "1", ...args])
