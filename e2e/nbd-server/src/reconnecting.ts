// Clients that connect again (reconnecting.py), and a manager that keeps the port open while the server restarts
// (listen-fds.py), as processes.
import type { ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import { spawnPeer } from "./server.ts"

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** For `startServer`: the port is listened at by a manager, whose SIGHUP is a planned restart, SIGUSR1 a kill -9 and SIGUSR2 a SIGHUP. */
export const managedAt = (address: string, port: number) => ({
  shell: (command: string): string =>
    `PATH=/usr/bin:$PATH exec python3 '${script("listen-fds.py")}' ${address} ${port} ${command}`
})

export const managed = managedAt("127.0.0.1", 0)

/** What a client saw. */
export interface Seen {
  readonly requests: number
  /** Requests that were answered by an error: command, page, error. */
  readonly errors: ReadonlyArray<readonly [string, number, string]>
  /** Pages that were not what was last answered for: page, version, what it began with. */
  readonly wrong: ReadonlyArray<readonly [number, number, string]>
  readonly connections: number
  /** Writes that found the disk full. */
  readonly full: number
  /** From the last answer before a connection was lost to the first one after it. */
  readonly gapsMs: ReadonlyArray<number>
  /** Pages read again at the end. */
  readonly checked: number
}

/** A client that keeps `depth` requests in flight, on pages of its own. */
export class Reconnecting {
  readonly #child: ChildProcess
  readonly #ended: Promise<string>
  /** It has been answered once. */
  readonly ready: Promise<void>

  constructor(
    uri: string,
    owner: number,
    firstPage: number,
    pages: number,
    depth: number,
    { book = "", netns = null, pauseMs = 0 }: {
      /** A file that tells the next client of the same pages what this one was answered for. */
      readonly book?: string
      readonly netns?: string | null
      readonly pauseMs?: number
    } = {}
  ) {
    const numbers = [owner, firstPage, pages, depth, pauseMs].map(String)
    const words = ["python3", script("reconnecting.py"), uri, ...numbers, book]
    const [program, ...args] = netns === null ? words : ["ip", "netns", "exec", netns, ...words]
    const child = spawnPeer(program, args)
    this.#child = child
    let text = ""
    let said: () => void = () => {}
    this.ready = new Promise((resolve) => (said = resolve))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (more: string) => {
        text += more
        said()
      })
    }
    this.#ended = new Promise((resolve, reject) => {
      child.on("error", reject)
      child.on("close", () => resolve(text))
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends its load, lets it read everything again, and resolves to what it saw. */
  async finish(): Promise<Seen> {
    this.#child.stdin?.end()
    const text = await this.#ended
    const line = text.split("\n").find((one) => one.startsWith("{"))
    if (line === undefined) throw new Error(`the client ended: ${text}`)
    return JSON.parse(line) as Seen
  }
}
