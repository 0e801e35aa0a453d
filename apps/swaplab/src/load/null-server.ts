// An NBD server that does nothing: it answers at once, and what it reads is whatever was in memory. What a load generator is late
// by against it is the generator's own error.
import { type ByteStore, exportInfo, ServerSession } from "@swaplab/nbd"
import { createServer, type Server } from "node:net"

const DONE = (): number => 0

const STORE: ByteStore = { read: DONE, write: DONE, flush: DONE, trim: DONE, writeZeroes: DONE, cache: DONE }

/** Serves one export of so many bytes, with any name, until the server is closed. */
export const serveStore = (
  bytes: number,
  store: ByteStore
): Promise<{ readonly server: Server; readonly port: number }> => {
  const info = exportInfo({ name: "", size: bytes })
  const server = createServer({ noDelay: true }, (socket) => {
    const session = new ServerSession([{ info, store, extents: null }])
    socket.on("error", () => {})
    socket.write(session.greeting())
    socket.on("data", (data) => {
      const out = session.push(data)
      if (out.length > 0) socket.write(out)
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

/** The same, of a store that does nothing. */
export const serveNothing = (bytes: number) => serveStore(bytes, STORE)
