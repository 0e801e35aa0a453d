// A room of machines as network namespaces: a server at 10.99.0.1 and clients behind a switch, each on a wire of its own that
// can be cut. Needs root.
import { spawnSync } from "node:child_process"
import { leftOutIf } from "./peers.ts"
import { has, PATH, stopAll } from "./server.ts"

const ip = (...words: ReadonlyArray<string | number>): string => {
  const { status, stderr, stdout } = spawnSync("ip", words.map(String), { env: { PATH }, encoding: "utf8" })
  if (status !== 0) throw new Error(`ip ${words.join(" ")}: ${stderr}`)
  return stdout
}

let made = 0

export class Room {
  readonly server: string
  readonly #clients = new Set<string>()
  readonly #name: string

  constructor() {
    this.#name = `swaplab-${process.pid}-${++made}`
    this.server = `${this.#name}-s`
    ip("netns", "add", this.server)
    ip("-n", this.server, "link", "set", "lo", "up")
    ip("-n", this.server, "link", "add", "switch", "type", "bridge")
    ip("-n", this.server, "addr", "add", "10.99.0.1/24", "dev", "switch")
    ip("-n", this.server, "link", "set", "switch", "up")
  }

  /** For `startServer`: runs the command on the server's machine. */
  get there(): { readonly shell: (command: string) => string } {
    return { shell: (command) => `exec ${this.on(this.server)} ${command}` }
  }

  /** A command's beginning that has it run on a machine. */
  on(machine: string): string {
    return `ip netns exec ${machine}`
  }

  /** Switches a machine on, at 10.99.0.`host`; its namespace. */
  plug(host: number): string {
    const client = `${this.#name}-${host}-${++made}`
    ip("netns", "add", client)
    this.#clients.add(client)
    ip("link", "add", `v${host}`, "netns", this.server, "type", "veth", "peer", "name", "eth0", "netns", client)
    ip("-n", this.server, "link", "set", `v${host}`, "master", "switch", "up")
    ip("-n", client, "link", "set", "lo", "up")
    ip("-n", client, "addr", "add", `10.99.0.${host}/24`, "dev", "eth0")
    ip("-n", client, "link", "set", "eth0", "up")
    return client
  }

  /** Takes the wire of a machine away: nothing that it still says is heard. */
  cut(host: number): void {
    ip("-n", this.server, "link", "del", `v${host}`)
  }

  remove(): void {
    for (const name of [...this.#clients, this.server]) spawnSync("ip", ["netns", "del", name], { env: { PATH } })
  }
}

/** `it` for a test with a room of machines, and programs that run in it. */
export const withRoom =
  (...programs: ReadonlyArray<string>) => (title: string, test: (room: Room) => Promise<void>): void => {
    const missing = ["ip", ...programs].filter((program) => !has(program))
    const why = missing.length > 0
      ? `not installed: ${missing.join(", ")}`
      : process.getuid?.() !== 0 && "network namespaces need root"
    leftOutIf(why)(title, async () => {
      const room = new Room()
      try {
        await test(room)
      } finally {
        await stopAll()
        room.remove()
      }
    })
  }
