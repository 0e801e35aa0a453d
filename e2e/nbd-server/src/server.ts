// Runs the built server as a user does, and waits for what it says.
import { type ChildProcess, spawn, spawnSync, type StdioOptions } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of the root package.json. */
export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

export const main = join(root, "apps/nbd-server/dist/main.js")

/** A new empty folder. */
export const scratch = (): string => mkdtempSync(join(tmpdir(), "nbd-server-"))

/** Writes a file into a new folder and returns its path. */
export const fileWith = (text: string, name = "config.yaml"): string => {
  const path = join(scratch(), name)
  writeFileSync(path, text)
  return path
}

/** Where programs are looked for; nbd-client is in sbin. */
export const PATH = [process.env["PATH"] ?? "", "/usr/sbin", "/sbin"].join(":")

const environment = (): NodeJS.ProcessEnv => {
  const { FORCE_COLOR: _colour, NODE_OPTIONS: _options, NODE_ENV: _env, VITEST: _vitest, ...rest } = process.env
  return { ...rest, NO_COLOR: "1", PATH }
}

/** One line of the server's log. */
export type Event = Readonly<Record<string, unknown>> & { readonly event: string }

/** A server that runs. */
export class RunningServer {
  readonly events: Array<Event> = []
  readonly child: ChildProcess
  readonly #waiters = new Set<() => void>()
  #text = ""
  #exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | null = null

  constructor(child: ChildProcess) {
    this.child = child
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text
      const lines = this.#text.split("\n")
      this.#text = lines.pop() ?? ""
      for (const line of lines) {
        this.events.push(line.startsWith("{") ? JSON.parse(line) as Event : { event: line })
      }
      this.#wake()
    })
    child.on("close", (code, signal) => {
      this.#exit = { code, signal }
      this.#wake()
    })
  }

  get pid(): number {
    return this.child.pid ?? -1
  }

  /** Waits until `find` finds something; fails when the server ends without. */
  async until<A>(find: () => A | undefined): Promise<A> {
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      if (this.#exit !== null) throw new Error(`the server ended: ${JSON.stringify(this.events)}`)
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          this.#waiters.delete(done)
          resolve()
        }
        const timer = setTimeout(done, 50)
        this.#waiters.add(done)
      })
    }
  }

  event(name: string, matches: (event: Event) => boolean = () => true): Promise<Event> {
    return this.until(() => this.events.find((event) => event.event === name && matches(event)))
  }

  /** The port that it listens at. */
  get port(): number {
    return portOf(this.events.find(({ event }) => event === "listening"))
  }

  get probes(): number {
    return portOf(this.events.find(({ event }) => event === "probes"))
  }

  get ended(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#exit === null) return
        this.#waiters.delete(look)
        resolve(this.#exit)
      }
      this.#waiters.add(look)
      look()
    })
  }

  stop(
    signal: NodeJS.Signals = "SIGTERM"
  ): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    this.child.kill(signal)
    return this.ended
  }

  /** Descriptors that the process has open. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1]) * 1024
  }

  #wake(): void {
    for (const waiter of Array.from(this.#waiters)) waiter()
  }
}

const portOf = (event: Event | undefined): number => Number(/:(\d+)$/.exec(String(event?.["at"]))?.[1])

const running = new Set<RunningServer>()

/** Starts a server with a configuration (log and, unless it says so, a free port are added) and waits until it is ready. */
export const startServer = async (
  config: string,
  options: { readonly stdio?: StdioOptions; readonly shell?: (command: string) => string } = {}
): Promise<RunningServer> => {
  if (!existsSync(main)) throw new Error(`${main} is missing: run npm run build first`)
  const listen = /^listen:/m.test(config) ? "" : "listen: [\"127.0.0.1:0\"]\n"
  const file = fileWith(`log: json\n${listen}${config}`)
  const stdio = options.stdio ?? ["ignore", "ignore", "pipe"]
  const command = [process.execPath, main, "--config", file]
  const [program, ...args] = options.shell === undefined
    ? command
    : ["sh", "-c", options.shell(command.map((word) => `'${word}'`).join(" "))]
  const server = new RunningServer(spawn(program, args, { env: environment(), stdio }))
  running.add(server)
  await server.event("ready")
  return server
}

/** Stops what a test left running. */
export const stopAll = async (): Promise<void> => {
  for (const server of running) await server.stop("SIGKILL")
  running.clear()
}

/** Runs the command to its end. */
export const runCommand = (...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [main, ...args], {
    env: environment(),
    encoding: "utf8",
    timeout: 60_000
  })
  return { code: status, stderr, stdout }
}

/** Runs any program to its end. */
export const execute = (
  program: string,
  args: ReadonlyArray<string>,
  input = ""
): Promise<{ readonly code: number | null; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment(), stdio: ["pipe", "pipe", "pipe"], timeout: 60_000 })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text))
    }
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, output }))
    // a program that ends without reading its input closes the pipe under us
    child.stdin.on("error", () => {})
    child.stdin.end(input)
  })

/** True when a program is there to be run. */
export const has = (program: string): boolean =>
  PATH.split(":").some((folder) => folder !== "" && existsSync(join(folder, program)))
