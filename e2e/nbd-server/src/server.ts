// Runs the built server as a user does, and waits for what it says.
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { aWhile } from "./a-while.ts"

/** The folder of the root package.json. */
export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

/** The command, to be run by Node. */
export const commandFile = join(root, "apps/nbd-server/bin/swaplab-nbd-server.cjs")

const folders: Array<string> = []

/** A new empty folder, until `stopAll`. */
export const scratch = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "nbd-server-"))
  folders.push(folder)
  return folder
}

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
      await this.#more()
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

  /** Resolves when the server says something or ends, and after a while: `until` may look for a file or a number. */
  #more(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiters.delete(done)
        resolve()
      }
      this.#waiters.add(done)
      void aWhile().then(done)
    })
  }

  #wake(): void {
    for (const waiter of Array.from(this.#waiters)) waiter()
  }
}

const portOf = (event: Event | undefined): number => Number(/:(\d+)$/.exec(String(event?.["at"]))?.[1])

const running = new Set<RunningServer>()

/** A configuration in which a handshake may take an hour, unless it says otherwise: clients of a test may have to wait for a CPU. */
const patient = (config: string): string =>
  /\bhandshake:/.test(config)
    ? config
    : /^limits: \{/m.test(config)
    ? config.replace(/^limits: \{/m, "limits: { handshake: 1 h,")
    : `limits: { handshake: 1 h }\n${config}`

/**
 * Starts a server with a configuration and waits until it is ready. Added are a log, and unless the configuration says
 * otherwise a free port and a long time for handshakes.
 */
export const startServer = async (
  config: string,
  options: { readonly stdio?: StdioOptions; readonly shell?: (command: string) => string } = {}
): Promise<RunningServer> => {
  if (!existsSync(commandFile)) throw new Error(`${commandFile} is missing: run npm run build first`)
  const listen = /^listen:/m.test(config) ? "" : "listen: [\"127.0.0.1:0\"]\n"
  const file = fileWith(`log: json\n${listen}${patient(config)}`)
  const stdio = options.stdio ?? ["ignore", "ignore", "pipe"]
  const command = [process.execPath, commandFile, "--config", file]
  const [program, ...args] = options.shell === undefined
    ? command
    : ["sh", "-c", options.shell(command.map((word) => `'${word}'`).join(" "))]
  const server = new RunningServer(spawn(program, args, { env: environment(), stdio }))
  running.add(server)
  await server.event("ready")
  return server
}

const peers = new Set<ChildProcess>()

/** Starts a program that runs until it is killed, at the latest by `stopAll`. */
export const spawnPeer = (program: string, args: ReadonlyArray<string>): ChildProcess => {
  const child = spawn(program, args, {
    env: { ...environment(), PATH: `/usr/bin:${PATH}` },
    stdio: ["pipe", "pipe", "pipe"]
  })
  peers.add(child)
  return child
}

/** Stops what a test left running, and removes its folders. */
export const stopAll = async (): Promise<void> => {
  for (const peer of peers) peer.kill("SIGKILL")
  peers.clear()
  for (const server of running) await server.stop("SIGKILL")
  running.clear()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** What a program that ended left. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Both, in the order in which they came. */
  readonly output: string
}

/** Runs any program to its end. */
export const execute = (program: string, args: ReadonlyArray<string>, input = ""): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment(), stdio: ["pipe", "pipe", "pipe"] })
    const ended = { stdout: "", stderr: "", output: "" }
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        ended[stream] += text
        ended.output += text
      })
    }
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, ...ended }))
    // a program that ends without reading its input closes the pipe under us
    child.stdin.on("error", () => {})
    child.stdin.end(input)
  })

/** What a program prints that must succeed, on a machine of a room: behind `on`, "ip netns exec ...". */
export const runOn = async (on: string, program: string, args: ReadonlyArray<string>): Promise<string> => {
  const [first, ...more] = on.split(" ")
  const { code, output, stdout } = await execute(first, [...more, "env", `PATH=/usr/bin:${PATH}`, program, ...args])
  if (code !== 0) throw new Error(`${program}: ${output}`)
  return stdout
}

/** Runs the command to its end. */
export const runCommand = (...args: ReadonlyArray<string>): Promise<Ended> =>
  execute(process.execPath, [commandFile, ...args])

/** The first line that the command says when it serves; the command is stopped then. */
export const logOf = async (...args: ReadonlyArray<string>): Promise<string> => {
  const server = new RunningServer(spawn(process.execPath, [commandFile, ...args], {
    env: environment(),
    stdio: ["ignore", "ignore", "pipe"]
  }))
  running.add(server)
  return String((await server.until(() => server.events[0]))["event"])
}

/** What the server says of itself at its probes. */
export interface Status {
  readonly connections: number
  readonly handshakes: number
  readonly clients: ReadonlyArray<
    {
      readonly client: string
      readonly connections: number
      readonly requests: number
      readonly heldBytes: number
      readonly p99Us: number
    }
  >
  readonly stores: ReadonlyArray<
    { readonly name: string; readonly allocatedBytes: number; readonly connections: number }
  >
}

/** The text behind a path of the probes. */
export const probe = async (server: RunningServer, path: string): Promise<string> =>
  await (await fetch(`http://127.0.0.1:${server.probes}${path}`)).text()

/** Asks for the status until it is as wanted; returns it. */
export const statusWhen = async (server: RunningServer, wanted: (status: Status) => boolean): Promise<Status> => {
  for (;;) {
    const status = JSON.parse(await probe(server, "/status")) as Status
    if (wanted(status)) return status
    await aWhile()
  }
}

/** Sends a line to a control socket; resolves to the answer. */
export const control = (path: string, request: object): Promise<unknown> =>
  new Promise((resolve, reject) => {
    let text = ""
    const socket = connect(path)
    socket.setEncoding("utf8").on("data", (data: string) => (text += data))
    socket.on("error", reject)
    socket.on("end", () => resolve(JSON.parse(text)))
    socket.write(`${JSON.stringify(request)}\n`)
  })

/** True when a program is there to be run. */
export const has = (program: string): boolean =>
  PATH.split(":").some((folder) => folder !== "" && existsSync(join(folder, program)))
