// Who may come, how many, how fast.
import { encodeClientFlags } from "@swaplab/nbd"
import { connect } from "node:net"
import { afterEach, expect, it } from "vitest"
import { attach, TestClient } from "../src/client.ts"
import { startServer, stopAll } from "../src/server.ts"

afterEach(stopAll)

it("lets in only who is in the allow-list, for the server and for an export", async () => {
  const server = await startServer(
    "allow: [127.0.0.0/30]\nexports: { a: { memory: 1 MiB }, b: { memory: 1 MiB, allow: [127.0.0.2] } }"
  )
  await attach(server.port, "a")
  await expect(attach(server.port, "b")).rejects.toThrow("80000006")
  await attach(server.port, "b", "127.0.0.2")
  await expect(attach(server.port, "a", "127.0.0.9")).rejects.toThrow("closed")
})

it("gives slots back after RST, DISC and FIN", async () => {
  const server = await startServer("limits: { connections: 2 }\nexports: { a: { memory: 1 MiB } }")
  for (let i = 0; i < 6; i++) {
    const [one, two] = [await attach(server.port, "a"), await attach(server.port, "a")]
    await expect(attach(server.port, "a")).rejects.toThrow("closed")
    if (i % 2 === 0) one.reset()
    else await one.disconnect()
    two.socket.destroy()
    const count = (i + 1) * 2
    await server.until(() => server.events.filter(({ event }) => event === "detached").length === count || undefined)
  }
})

it("holds an export to its rate, all its connections together, and not the others", async () => {
  // one request passes and leaves a debt of an hour: what is answered after it does not depend on a clock
  const server = await startServer(
    "exports: { a: { memory: 1 MiB, bytesPerSecond: 1 B/s }, b: { memory: 1 MiB } }"
  )
  const slow = [await attach(server.port, "a"), await attach(server.port, "a", "127.0.0.3")]
  const fast = await attach(server.port, "b", "127.0.0.2")
  expect((await slow[0].read(0, 4096)).error).toBe(0)
  let answered = 0
  const held = slow.map((client) => client.read(0, 4096).then(() => answered++, () => "closed"))
  for (let i = 0; i < 500; i++) expect((await fast.read(0, 4096)).error).toBe(0)
  expect(answered).toBe(0)
  for (const client of slow) client.reset()
  expect(await Promise.all(held)).toEqual(["closed", "closed"])
})

it("holds a client to its rate over all its connections and exports", async () => {
  const server = await startServer(
    "limits: { bytesPerSecond: 1 B/s }\nexports: { a: { memory: 1 MiB }, b: { memory: 1 MiB } }"
  )
  const [a, b] = [await attach(server.port, "a"), await attach(server.port, "b")]
  expect((await a.write(0, Buffer.alloc(4096, 1))).error).toBe(0)
  let answered = 0
  const held = b.read(0, 4096).then(() => answered++, () => "closed")
  // others have a rate of their own
  for (let i = 2; i < 20; i++) {
    const other = await attach(server.port, "b", `127.0.0.${i}`)
    expect((await other.read(0, 4096)).error).toBe(0)
  }
  expect(answered).toBe(0)
  b.reset()
  expect(await held).toBe("closed")
})

it("goes on by itself when the time for the next request has come", async () => {
  const server = await startServer("exports: { a: { memory: 1 MiB, requestsPerSecond: 100 } }")
  const client = await attach(server.port, "a")
  const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => client.read(i * 4096, 4096)))
  expect(answers.map(({ error }) => error)).toEqual(Array(30).fill(0))
})

it("ends a handshake that takes too long", async () => {
  const server = await startServer("limits: { handshake: 200 ms }\nexports: { a: { memory: 1 MiB } }")
  // on a busy machine the server may end it before the client has written anything
  const client = new TestClient(connect(server.port, "127.0.0.1"))
  client.socket.write(encodeClientFlags(3))
  await client.rest()
  await server.event("handshake failed", ({ reason }) => String(reason).includes("too long"))
})
