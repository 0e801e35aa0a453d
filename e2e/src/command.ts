// Runs the built command as a user does: a process of its own, with a scenario file on disk.
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

/** The folder of the root package.json. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A line about progress, which differs from run to run. */
const PROGRESS = /^progress: .*\n/gm

/** The command. */
export const main = join(root, "apps/swaplab/bin/swaplab.mjs")

/** How a process ended, and what it printed. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** The Node to run it with; by default the one that runs the tests. */
  readonly node?: string
  readonly cwd?: string
  /** Leaves the lines about progress in what is printed on standard error. */
  readonly progress?: boolean
  /** Interrupts the process (as Ctrl-C does) as soon as this holds. It is looked at until then. */
  readonly interruptWhen?: (pid: number) => boolean
  /** What it is interrupted with; by default SIGINT. */
  readonly signal?: NodeJS.Signals
}

/** The environment of a user: nothing that Nx or vitest has put there, no colours, no width. */
export const environment = (): NodeJS.ProcessEnv => {
  const { COLUMNS: _columns, FORCE_COLOR: _colour, NODE_OPTIONS: _options, NODE_ENV: _env, VITEST: _vitest, ...rest } =
    process.env
  return { ...rest, NO_COLOR: "1" }
}

/** Seconds of CPU time that a process has used, all threads together; as Linux counts them. */
export const cpuSecondsOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
  // the name of the command stands in brackets and may have blanks; user and system time are in hundredths
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Waits until a condition holds. */
export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(20)
}

/** Runs any program and collects what it prints. */
export const execute = (program: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: environment(),
      stdio: ["ignore", "pipe", "pipe"]
    })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    const { interruptWhen } = options
    let ended = false
    const watch = async (interrupt: (pid: number) => boolean): Promise<void> => {
      while (!ended && !interrupt(child.pid ?? 0)) await sleep(20)
      if (!ended) child.kill(options.signal ?? "SIGINT")
    }
    if (interruptWhen !== undefined) watch(interruptWhen).catch(reject)
    child.on("error", reject)
    child.on("close", (code, signal) => {
      ended = true
      resolve({ code, signal, stdout, stderr: options.progress === true ? stderr : stderr.replaceAll(PROGRESS, "") })
    })
  })

/** `swaplab …`. */
export const swaplab = (args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ended> => {
  return execute(options.node ?? process.execPath, [main, ...args], options)
}

/** The command line of `swaplab …`, for a shell. */
export const shellCommand = (args: ReadonlyArray<string>): string =>
  [process.execPath, main, ...args].map((word) => `'${word}'`).join(" ")

const folders: Array<string> = []
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A new empty folder, for as long as the tests of the file run. */
export const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "swaplab-e2e-"))
  folders.push(folder)
  return folder
}

/** Writes a file into a new folder and returns its path. */
export const fileWith = (text: string, name = "scenario.yaml"): string => {
  const path = join(scratch(), name)
  writeFileSync(path, text)
  return path
}
