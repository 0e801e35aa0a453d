// A small NBD server that lies, made of the engine of the real one: it damages a read, forgets a write although it has flushed
// it, or answers twice.
import { Command, dispatch, exportInfo, type Job, MemoryStore, ServerSession, type WaitingStore } from "@swaplab/nbd"
import { createServer, type Server } from "node:net"

/** What it does wrong. */
export type LieAbout = "read" | "write" | "reply"

/** Requests of the kind that it answers truly before it begins. */
const TRUE_ONES = 20

class LyingStore implements WaitingStore {
  readonly waits = true as const
  readonly #store: MemoryStore
  readonly #about: LieAbout
  #count = 0

  constructor(store: MemoryStore, about: LieAbout) {
    this.#store = store
    this.#about = about
  }

  perform(job: Job): void {
    const { type } = job.request
    const lies = this.#liesAbout(type)
    // what was written last there stays, and the client is told otherwise
    if (lies && type === Command.Write) return job.finish(0)
    const error = dispatch(this.#store, job.request, job.bytes)
    if (lies && type === Command.Read) job.bytes[1234] = (job.bytes[1234] ?? 0) ^ 0x10
    job.finish(error)
  }

  #liesAbout(type: number): boolean {
    const mine = this.#about === "write" ? Command.Write : Command.Read
    return this.#about !== "reply" && type === mine && ++this.#count > TRUE_ONES
  }
}

/** Serves one export of so many bytes, called swap, at a free port. */
export const serveLies = (
  bytes: number,
  about: LieAbout
): Promise<{ readonly server: Server; readonly port: number }> => {
  const memory = new MemoryStore(bytes)
  const store = new LyingStore(memory, about)
  const info = exportInfo({ name: "swap", size: bytes })
  const server = createServer((socket) => {
    const session = new ServerSession([{ info, store: about === "reply" ? memory : store, extents: null }])
    let replies = 0
    socket.on("error", () => {})
    socket.write(session.greeting())
    socket.on("data", (data) => {
      const out = session.push(data)
      if (out.length > 0) socket.write(out)
      // a reply to a WRITE is 16 bytes; the last of them once more
      const last = out.subarray(out.length - 16)
      if (about === "reply" && last.length === 16 && last[0] === 0x67 && ++replies > TRUE_ONES) socket.write(last)
      if (session.closed) socket.end()
    })
  })
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve({ server, port: typeof address === "object" && address !== null ? address.port : 0 })
    })
  })
}
