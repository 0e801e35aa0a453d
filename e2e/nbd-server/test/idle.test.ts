// What clients cost that are connected and ask for nothing, as most machines with swap do most of the time.
import { afterAll, expect, it } from "vitest"
import { attach } from "../src/client.ts"
import { startServer, stopAll } from "../src/server.ts"

afterAll(stopAll)

it("a thousand idle clients, each with its swap, take less than 200 MB with the server itself", async () => {
  const server = await startServer("swap: { swap-*: { size: 512 MiB } }")
  const clients = []
  for (let i = 0; i < 1000; i++) clients.push(await attach(server.port, `swap-${i}`))
  expect(server.residentBytes).toBeLessThan(200e6)
  // and half a request of each does not change that
  for (const { socket } of clients) {
    const write = Buffer.alloc(2000)
    write.writeUInt32BE(0x25609513, 0)
    write.writeUInt16BE(1, 6)
    write.writeUInt32BE(4096, 20)
    write.writeUInt32BE(4096, 24)
    socket.write(write)
  }
  const last = await attach(server.port, "swap-0")
  expect((await last.read(0, 4096)).error).toBe(0)
  expect(server.residentBytes).toBeLessThan(200e6)
  for (const { socket } of [...clients, last]) socket.destroy()
})
