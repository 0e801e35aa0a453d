// Connections between the processes of a server, for a client whose TLS ends in one and whose export is in another. The
// first line says whose connection it is; behind it is what the client says, and the answers come back.
import { Effect, type Scope } from "effect"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import type { Duplex } from "node:stream"
import { UserError } from "../exit.ts"
import type { GivenAway } from "../net/elsewhere.ts"
import { listenAt } from "../net/listen.ts"
import type { Arriving } from "./messages.ts"

const pathOf = (folder: string, place: number): string => join(folder, `${place}.socket`)

/** An option may have 64 KiB of data, which are a third longer in base64, and as much may follow it. */
const MAX_LINE = 2 ** 20

/** Carries bytes both ways until both have ended; the effect ends then. */
const spliced = (one: Duplex, other: Duplex): Effect.Effect<void> =>
  Effect.async((resume) => {
    let open = 2
    for (const [from, to] of [[one, other], [other, one]] as const) {
      from.on("error", () => {})
      from.on("close", () => {
        // cut off in the middle: the other end has to see that, too
        if (!to.writableEnded) to.destroy()
        if (--open === 0) resume(Effect.void)
      })
      from.pipe(to)
    }
    return Effect.sync(() => {
      one.destroy()
      other.destroy()
    })
  })

/** Carries a connection to the process of its export. */
export const relay = (folder: string, { address, handshake, place, socket }: GivenAway): Effect.Effect<void> =>
  Effect.suspend(() => {
    const inner = connect({ path: pathOf(folder, place), allowHalfOpen: true })
    const arriving: Arriving = { address, handshake }
    inner.write(`${JSON.stringify(arriving)}\n`)
    return spliced(socket, inner)
  })

/** Reads the first line of a relayed connection. */
const arrival = (socket: Socket, arrived: (arriving: Arriving) => void): void => {
  const chunks: Array<Buffer> = []
  let bytes = 0
  socket.on("error", () => {})
  const read = (chunk: Buffer): void => {
    chunks.push(chunk)
    bytes += chunk.length
    const end = chunk.indexOf(10)
    if (end < 0) {
      if (bytes > MAX_LINE) socket.destroy()
      return
    }
    socket.pause()
    socket.off("data", read)
    const all = Buffer.concat(chunks)
    const line = bytes - chunk.length + end
    const rest = all.subarray(line + 1)
    if (rest.length > 0) socket.unshift(rest)
    arrived(JSON.parse(all.toString("utf8", 0, line)) as Arriving)
  }
  socket.on("data", read)
  socket.resume()
}

/** Takes what other processes relay to this one, for as long as the scope lasts. */
export const listenForRelayed = (
  folder: string,
  place: number,
  arrived: (socket: Socket, arriving: Arriving) => void
): Effect.Effect<string, UserError, Scope.Scope> =>
  listenAt(
    { kind: "unix", path: pathOf(folder, place) },
    (socket) => arrival(socket, (arriving) => arrived(socket, arriving)),
    () => {}
  )
