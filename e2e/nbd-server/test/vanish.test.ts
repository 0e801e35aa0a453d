// Clients that are gone without a FIN, in network namespaces whose wire is cut.
import { expect } from "vitest"
import { Reconnecting } from "../src/reconnecting.ts"
import { type Room, withRoom } from "../src/room.ts"
import { type RunningServer, spawnPeer, startServer } from "../src/server.ts"

const there = withRoom("nbdsh", "python3")

const serve = (room: Room): Promise<RunningServer> =>
  startServer(
    `
listen: ["10.99.0.1:10809"]
limits: { deadAfter: 3 s }
exports: { disk: { memory: 64 MiB } }
swap: { swap-*: { size: 64 MiB, grace: 1 ms }, kept-*: { size: 64 MiB, grace: 1 h } }
`,
    room.there
  )

const uri = (name: string): string => `nbd://10.99.0.1:10809/${name}`

/** A client that is attached, and does what the statements say. */
const shell = (namespace: string, name: string, statements: string) =>
  spawnPeer("ip", [
    "netns",
    "exec",
    namespace,
    "nbdsh",
    "-c",
    [`h.connect_uri("${uri(name)}")`, statements, "import signal", "signal.pause()"].join("\n")
  ])

/** The server says that a client attached, or left. */
const said = (server: RunningServer, event: string, name: string) =>
  server.event(event, (one) => one["export"] === name)

there("who lost the power is dropped within deadAfter, busy or idle; who does not read stays", async (room) => {
  const server = await serve(room)
  const busy = new Reconnecting(uri("swap-busy"), 1, 16, 256, 16, { netns: room.plug(11) })
  shell(room.plug(12), "swap-idle", "")
  const slow = room.plug(13)
  const sleeper = new Reconnecting(uri("disk"), 1, 0, 1024, 1000, { netns: slow })
  await Promise.all([busy.ready, sleeper.ready, said(server, "attached", "swap-idle")])
  sleeper.signal("SIGSTOP")
  room.cut(11)
  room.cut(12)
  const [gone] = await Promise.all([said(server, "detached", "swap-busy"), said(server, "removed", "swap-busy")])
  // the cut nearly always finds replies on their way; where it finds none, the connection is an idle one at that moment
  expect(gone["reason"]).toMatch(/^no answer for [23] s, \d+ bytes are not acknowledged$|ETIMEDOUT/)
  const [idle] = await Promise.all([said(server, "detached", "swap-idle"), said(server, "removed", "swap-idle")])
  expect(idle["reason"]).toMatch(/ETIMEDOUT/)
  // it was not read for as long as an idle one is tolerated
  expect(server.events.some(({ event, export: name }) => event === "detached" && name === "disk")).toBe(false)
  sleeper.signal("SIGCONT")
  expect(await sleeper.finish()).toMatchObject({ errors: [], wrong: [], connections: 1 })
})

there("a store that is let go after a power cut is not kept by the connection from before it", async (room) => {
  const server = await serve(room)
  shell(room.plug(11), "kept-a", "h.pwrite(b'x' * 4096, 1 << 20)")
  await said(server, "attached", "kept-a")
  room.cut(11)
  const seen = server.events.length
  // the same machine, started anew: it finds its pages, and does not need them any more
  const again = room.plug(11)
  shell(again, "kept-a", "assert h.pread(4096, 1 << 20) == b'x' * 4096; h.shutdown()")
  await server.until(() => server.events.slice(seen).find(({ clean, event }) => event === "detached" && clean === true))
  await said(server, "removed", "kept-a")
})
