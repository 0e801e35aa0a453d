// kill -9 of each real server in the middle of a run, under each thing that a client can do about it. The server starts again with
// the same file, and everything that it had acknowledged is there.
import { readFileSync, statSync, truncateSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { afterEach, describe, expect } from "vitest"
import { aWhile } from "../src/a-while.ts"
import { ok, withPrograms } from "../src/peers.ts"
import { freePort, listening } from "../src/ports.ts"
import { fileWith, scratch, spawnPeer, startServer, statusWhen, stopAll } from "../src/server.ts"
import { type GatewayRun, runAgainst, small } from "../src/swaplab.ts"

afterEach(stopAll)

const SIZE = 48 << 20
/** What has to be in the file before the server is killed. */
const WRITTEN = 1 << 20

/** A server that is under way. */
interface Victim {
  readonly uri: string
  /** Resolves when it has served some requests. */
  readonly busy: () => Promise<void>
  readonly kill: () => Promise<void>
  /** Starts another one that has the same export at the same place. */
  readonly again: () => Promise<void>
}

const ours = async (): Promise<Victim> => {
  const [folder, port, probes] = [scratch(), await freePort(), await freePort()]
  const config = `
listen: ["127.0.0.1:${port}"]
metrics: 127.0.0.1:${probes}
swap: { swap-*: { size: 48 MiB, store: file, directory: ${folder}, keep: true } }
`
  const server = await startServer(config)
  return {
    uri: `nbd://127.0.0.1:${port}/swap-{client}`,
    busy: async () => void await statusWhen(server, ({ clients }) => clients.some(({ requests }) => requests > 60)),
    kill: async () => void await server.stop("SIGKILL"),
    again: async () => void await startServer(config)
  }
}

/** A sparse file, and when something has been written to it. */
const sparse = () => {
  const file = fileWith("", "disk")
  truncateSync(file, SIZE)
  const busy = async (): Promise<void> => {
    while (statSync(file).blocks * 512 < WRITTEN) await aWhile()
  }
  return { file, busy }
}

/** A program in the foreground at a Unix socket. */
const atSocket = async (
  program: string,
  name: string,
  args: (socket: string, file: string) => ReadonlyArray<string>
): Promise<Victim> => {
  const { busy, file } = sparse()
  const socket = join(scratch(), "nbd")
  const start = async () => {
    await rm(socket, { force: true })
    const child = spawnPeer(program, args(socket, file))
    await listening(socket)
    return child
  }
  const child = await start()
  return {
    uri: `nbd+unix:///${name}?socket=${socket}`,
    busy,
    kill: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve())
        child.kill("SIGKILL")
      }),
    again: async () => void await start()
  }
}

const nbdServers: Array<() => void> = []
afterEach(() => {
  for (const end of nbdServers.splice(0)) end()
})

/** It has a process for each connection, all of one group. */
const nbdServer = async (): Promise<Victim> => {
  const { busy, file } = sparse()
  const port = await freePort()
  const config = fileWith(
    `[generic]\nport = ${port}\nlistenaddr = 127.0.0.1\n[swap]\nexportname = ${file}\n`,
    "config"
  )
  const start = async (): Promise<() => void> => {
    const pid = join(scratch(), "pid")
    await ok("nbd-server", "-C", config, "-p", pid)
    await listening(port)
    const group = Number(readFileSync(pid, "utf8"))
    let over = false
    const end = (): void => {
      if (!over) process.kill(-group, "SIGKILL")
      over = true
    }
    nbdServers.push(end)
    return end
  }
  const end = await start()
  return {
    uri: `nbd://127.0.0.1:${port}/swap`,
    busy,
    kill: () => Promise.resolve(end()),
    again: async () => void await start()
  }
}

const SERVERS: ReadonlyArray<readonly [string, ReadonlyArray<string>, () => Promise<Victim>]> = [
  ["swaplab-nbd-server", [], ours],
  ["nbdkit", ["nbdkit"], () => atSocket("nbdkit", "", (socket, file) => ["-f", "-U", socket, "file", file])],
  [
    "qemu-nbd",
    ["qemu-nbd"],
    () => atSocket("qemu-nbd", "swap", (socket, file) => ["-f", "raw", "-k", socket, "-t", "-x", "swap", file])
  ],
  ["nbd-server", ["nbd-server"], nbdServer]
]

const POLICIES = [["exit", "sigbus"], ["reconnect", "completed"], ["reboot", null]] as const

/** A run whose server is killed when it has served some requests. */
const killed = async (victim: Victim, whenLost: string): Promise<GatewayRun> => {
  const running = runAgainst(small(whenLost), victim.uri)
  await Promise.race([victim.busy(), running])
  await victim.kill()
  await victim.again()
  return (await running).run
}

describe.each(SERVERS)("kill -9 of %s", (_, programs, start) => {
  for (const [whenLost, outcome] of POLICIES) {
    withPrograms(...programs)(`whenLost: ${whenLost}`, async () => {
      const run = await killed(await start(), whenLost)
      expect(run.gateway).toMatchObject({ connectionsLost: 1, lies: {}, lostPages: 0 })
      expect(run.laws.filter(({ holds }) => !holds)).toEqual([])
      if (outcome !== null) expect(run.outcome).toBe(outcome)
      expect(run.clients[0]?.boots).toBe(whenLost === "reboot" ? 2 : 1)
      expect(run.gateway.connectionsOpened).toBe(whenLost === "exit" ? 1 : 2)
    })
  }
})
