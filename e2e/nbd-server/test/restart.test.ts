// Restarts under clients that connect again: no request of theirs fails, and every page is what they were answered for.
import { join } from "node:path"
import { afterEach, expect } from "vitest"
import { withPrograms } from "../src/peers.ts"
import { managed, Reconnecting } from "../src/reconnecting.ts"
import { type RunningServer, scratch, spawnPeer, startServer, stopAll } from "../src/server.ts"

afterEach(stopAll)

const PAGES = 256
const NOTHING_LOST = { errors: [], wrong: [], checked: PAGES }

/** One restart, until so many clients are back. */
const restart = async (server: RunningServer, signal: NodeJS.Signals, clients: number): Promise<void> => {
  const seen = server.events.length
  server.child.kill(signal)
  const back = () => server.events.slice(seen).filter(({ event }) => event === "attached").length >= clients
  await server.until(() => back() || undefined)
}

const config = (folder: string): string => `
exports: { disk: { file: ${folder}/disk.img, size: 8 MiB } }
swap: { swap-*: { size: 8 MiB, store: file, directory: ${folder} } }
`

withPrograms("nbdsh", "python3")(
  "clients of libnbd: three planned restarts and a kill -9, the port kept open by a manager",
  async () => {
    const server = await startServer(config(scratch()), managed)
    const uri = (name: string) => `nbd://127.0.0.1:${server.port}/${name}`
    const clients = ["disk", "swap-a", "swap-b"].map((name, i) => new Reconnecting(uri(name), i + 1, 16, PAGES, 16))
    await Promise.all(clients.map(({ ready }) => ready))
    for (const signal of ["SIGHUP", "SIGHUP", "SIGUSR1", "SIGHUP"] as const) {
      await restart(server, signal, clients.length)
    }
    for (const client of clients) {
      const seen = await client.finish()
      expect(seen).toMatchObject(NOTHING_LOST)
      expect(seen.connections).toBe(5)
    }
    expect(await server.stop()).toEqual({ code: 0, signal: null })
  }
)

withPrograms("nbdsh", "python3", "qemu-nbd")(
  "qemu's driver with reconnect-delay: its client sees no restart at all",
  async () => {
    const folder = scratch()
    const server = await startServer(config(folder), managed)
    const path = join(folder, "relay")
    const image = Object.entries({
      driver: "nbd",
      "server.type": "inet",
      "server.host": "127.0.0.1",
      "server.port": server.port,
      export: "disk",
      "reconnect-delay": 3600
    }).map((option) => option.join("=")).join(",")
    const relay = spawnPeer("qemu-nbd", ["-k", path, "-t", "-e", "4", "-x", "disk", "--image-opts", image])
    await server.event("attached")
    const client = new Reconnecting(`nbd+unix:///disk?socket=${path}`, 1, 0, PAGES, 16)
    await client.ready
    for (let i = 0; i < 3; i++) await restart(server, "SIGHUP", 1)
    const seen = await client.finish()
    expect(seen).toMatchObject({ ...NOTHING_LOST, gapsMs: [] })
    relay.kill()
    expect(await server.stop()).toEqual({ code: 0, signal: null })
  }
)
