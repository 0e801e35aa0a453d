// The end of all connections when the server ends, such that a client which connects again to the next one misses nothing:
// what is in flight is answered, the rest is not touched, and nobody is told by an error what will be right in a second.
import { Effect } from "effect"
import type { Socket } from "node:net"
import { performance } from "node:perf_hooks"
import type { Connection } from "./connection.ts"
import { readTcpTable } from "./tcp-table.ts"

/** How often it looks whether all is done. */
const LOOK_MS = 5

/** Clients in the handshake have so long to ask once more, and to be told. */
const HAGGLING_MS = 50

/** True: of every connection, the kernel of the client has all that was sent, and the end of it. */
const allArrived = (open: ReadonlyMap<Connection, string | null>): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    for (const connection of open.keys()) if (!connection.saidAll) return false
    // a Unix socket hands over at once
    const keys = [...open.values()].filter((key) => key !== null)
    const table = yield* Effect.promise(() => readTcpTable(new Set(keys)))
    return keys.every((key) => table?.get(key)?.unacknowledged === 0)
  })

/**
 * Stops all connections, waits until the replies have arrived, and closes them. `open`: those behind the handshake, with their
 * names in the kernel's table (null: a socket of this machine); `sockets`: of all, those in the handshake, too.
 */
export const endAll = (
  open: ReadonlyMap<Connection, string | null>,
  sockets: ReadonlySet<Socket>,
  why: string,
  withinMs: number
): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (const connection of open.keys()) connection.stop(why)
    const begin = performance.now()
    for (let late = false; !late && sockets.size > 0;) {
      yield* Effect.sleep(Math.min(LOOK_MS, withinMs))
      const now = performance.now() - begin
      if (now >= HAGGLING_MS && (yield* allArrived(open))) break
      late = now >= withinMs
    }
    for (const connection of open.keys()) connection.destroy(why)
    for (const socket of sockets) socket.destroy()
  })
