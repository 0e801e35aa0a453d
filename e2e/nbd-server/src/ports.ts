// Ports and sockets of peers that cannot be asked where they listen.
import { connect, createServer } from "node:net"
import { aWhile } from "./a-while.ts"

/** A port of this machine that nobody listens at. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

/** Resolves when somebody listens at a port of this machine, or at a socket. */
export const listening = async (place: number | string): Promise<void> => {
  const tried = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = typeof place === "number" ? connect(place, "127.0.0.1") : connect(place)
      socket.on("connect", () => {
        socket.destroy()
        resolve(true)
      })
      socket.on("error", () => resolve(false))
    })
  while (!(await tried())) await aWhile()
}
