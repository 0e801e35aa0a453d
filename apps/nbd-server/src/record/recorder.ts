// Records what goes over the connections: the transaction log of nbd-server, and the traffic as pcapng.
import { Effect, type Scope } from "effect"
import { createWriteStream, type WriteStream } from "node:fs"
import type { Config } from "../config/schema.ts"
import { UserError } from "../exit.ts"
import type { Tap } from "../net/engine.ts"
import { PcapConnection, pcapngHeader } from "./pcapng.ts"
import { logReply, logRequest } from "./transaction-log.ts"

/** Bytes that may wait for the disk. */
const MAX_WAITING = 64 * 2 ** 20

/** A file that grows, until it cannot: with a gap in it, it would be no recording. */
class Sink {
  #open = true
  readonly #stream: WriteStream
  readonly #ended: (why: string) => void

  constructor(stream: WriteStream, ended: (why: string) => void) {
    this.#stream = stream
    this.#ended = ended
    stream.on("error", (error) => this.#end(error.message))
  }

  write(bytes: Uint8Array): void {
    if (!this.#open) return
    if (this.#stream.writableLength > MAX_WAITING) this.#end(`${MAX_WAITING} bytes wait for the disk`)
    else this.#stream.write(bytes)
  }

  #end(why: string): void {
    if (!this.#open) return
    this.#open = false
    this.#ended(why)
  }
}

const openSink = (
  key: string,
  path: string | null,
  ended: (why: string) => void
): Effect.Effect<Sink | null, UserError, Scope.Scope> =>
  path === null ? Effect.succeed(null) : Effect.acquireRelease(
    Effect.async<WriteStream, UserError>((resume) => {
      const stream = createWriteStream(path, { mode: 0o600 })
      stream.once("open", () => resume(Effect.succeed(stream)))
      stream.once("error", (error) => resume(new UserError({ message: `record.${key}: ${error.message}` })))
    }),
    (stream) =>
      Effect.async<void>((resume) => {
        stream.on("error", () => resume(Effect.void))
        stream.end(() => resume(Effect.void))
      })
  ).pipe(Effect.map((stream) => new Sink(stream, (why) => ended(`record.${key}: ${why}`))))

/** What makes the tap of a connection; null: nothing is recorded. */
export const makeRecorder = (
  record: Config["record"],
  /** Told why a recording ended before the server. */
  ended: (why: string) => void
): Effect.Effect<(address: string, name: string) => Tap | null, UserError, Scope.Scope> =>
  Effect.gen(function*() {
    const transactions = yield* openSink("transactions", record?.transactions ?? null, ended)
    const traffic = yield* openSink("pcapng", record?.pcapng ?? null, ended)
    if (transactions === null && traffic === null) return () => null
    traffic?.write(pcapngHeader())
    let connections = 0
    return (address: string): Tap => {
      const pcap = traffic === null
        ? null
        : new PcapConnection(address, connections++, () => Date.now() * 1000, (bytes) => traffic.write(bytes))
      return {
        request: (request) => transactions?.write(logRequest(request)),
        reply: (request, error) => transactions?.write(logReply(request, error)),
        received: (bytes, from, to) => pcap?.received(bytes.subarray(from, to)),
        sent: (pieces) => {
          for (const piece of pieces) pcap?.sent(piece)
        },
        closed: () => pcap?.closed()
      }
    }
  })
