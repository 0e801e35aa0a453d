// In which order the server answers, whatever the time it takes: it is stopped, gets everything that all clients ask for,
// and goes on. Its transaction log has the order.
import { encodeRequest, getU32 } from "@swaplab/nbd"
import { readFileSync } from "node:fs"
import { aWhile } from "./a-while.ts"
import type { TestClient } from "./client.ts"
import type { RunningServer } from "./server.ts"

/** One client's backlog: `requests` requests of `type` on each of its connections, each at a place of its own while there is one. */
export interface Backlog {
  readonly clients: ReadonlyArray<TestClient>
  readonly type: number
  readonly length: number
  readonly requests: number
}

const REPLY_MAGIC = 0x67446698

/** The high half of a cookie from here on: a request of a backlog. What was asked before has 0 there. */
const MARK = 1 << 16

/** Bytes of the exports. */
export const EXPORT_BYTES = 4 << 20

/** For each answer, in the order of the server, whose it was: the index of the backlog. */
export const serviceOrder = async (
  server: RunningServer,
  log: string,
  backlogs: ReadonlyArray<Backlog>
): Promise<ReadonlyArray<number>> => {
  // a connection that is served once has its handshake behind it
  for (const { clients } of backlogs) for (const client of clients) await client.flush()
  process.kill(server.pid, "SIGSTOP")
  const written: Array<Promise<void>> = []
  for (const [owner, { clients, length, requests, type }] of backlogs.entries()) {
    for (const [first, { socket }] of clients.entries()) {
      const bytes = Buffer.alloc(28 * requests)
      for (let i = 0; i < requests; i++) {
        const offset = length * (first * requests + i) % EXPORT_BYTES
        encodeRequest(bytes, i * 28, 0, type, MARK + owner, i, offset, length)
      }
      // replies are thrown away as they come
      socket.removeAllListeners("data").resume()
      written.push(new Promise((resolve) => socket.write(bytes, () => resolve())))
    }
  }
  await Promise.all(written)
  while (!arrived(server.port)) await aWhile()
  process.kill(server.pid, "SIGCONT")
  const wanted = backlogs.reduce((sum, { clients, requests }) => sum + clients.length * requests, 0)
  for (;;) {
    const order = ownersIn(readFileSync(log))
    if (order.length >= wanted) return order
    await aWhile()
  }
}

/** The kernel has brought everything that was sent to a port to its receiver. */
const arrived = (port: number): boolean =>
  readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1).every((line) => {
    const [, , remote, , queues] = line.trim().split(/\s+/)
    return remote === undefined || Number.parseInt(remote.split(":")[1], 16) !== port || queues.startsWith("00000000:")
  })

/** The backlogs, by the high halves of the cookies, that the replies in a transaction log belong to. */
const ownersIn = (log: Buffer): ReadonlyArray<number> => {
  const owners: Array<number> = []
  for (let at = 0; at + 28 <= log.length || at + 16 === log.length;) {
    const reply = getU32(log, at) === REPLY_MAGIC
    if (reply && getU32(log, at + 8) >= MARK) owners.push(getU32(log, at + 8) - MARK)
    at += reply ? 16 : 28
  }
  return owners
}
