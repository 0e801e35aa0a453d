// Clients that come in thousands, go without a word, or ask and never read: the others are served meanwhile, and nothing is
// left of them.
import { encodeClientFlags, encodeOption, encodeRequest, Option } from "@swaplab/nbd"
import { readFileSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { attach, goOption, TestClient } from "../src/client.ts"
import { type RunningServer, scratch, startServer, type Status, statusWhen, stopAll } from "../src/server.ts"

/**
 * A client that is there before `meanwhile` begins, and works on while that runs: each page that it reads is the one it
 * wrote. `meanwhile` may wait for its next page.
 */
const working = async (
  port: number,
  meanwhile: (nextPage: () => Promise<void>) => Promise<unknown>
): Promise<void> => {
  const client = await attach(port, "swap-bystander")
  let over = false
  const waiting: Array<() => void> = []
  const end = meanwhile(() => new Promise((resolve) => waiting.push(resolve))).finally(() => (over = true))
  for (let i = 0; !over || i < 50; i++) {
    const page = Buffer.alloc(4096, i % 250 + 1)
    const offset = 40_960 + i % 100 * 4096
    expect((await client.write(offset, page)).error).toBe(0)
    expect((await client.read(offset, 4096)).data.equals(page)).toBe(true)
    for (const go of waiting.splice(0)) go()
  }
  await end
  await client.disconnect()
}

const nothing = () => Promise.resolve()

/** A connection that reads nothing; the greeting stays where it is. */
const mute = (port: number): Promise<TestClient> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("error", reject)
    socket.on("connect", () => resolve(new TestClient(socket.pause())))
  })

describe("handshakes that go nowhere", () => {
  afterEach(stopAll)

  const half = Buffer.concat([encodeClientFlags(3), goOption("swap-half")])

  it("four thousand: as many as the limit are kept, the rest is refused, who is in goes on, all places come back", async () => {
    const server = await startServer(`
metrics: 127.0.0.1:0
limits: { handshake: 1 h, handshakes: 3000, handshakesPerAddress: 3000, connections: 6000, connectionsPerAddress: 6000 }
swap: { swap-*: { size: 1 MiB } }
`)
    const sockets: Array<TestClient> = []
    await working(
      server.port,
      async () => {
        for (let i = 0; i < 4000; i += 100) {
          sockets.push(...await Promise.all(Array.from({ length: 100 }, () => mute(server.port))))
          // each stops at another place
          for (let k = i; k < i + 100; k++) sockets[k].socket.write(half.subarray(0, k % half.length))
        }
        // a connection that the kernel has taken may still be on its way to the server
        const refused = () => server.events.filter(({ why }) => why === "too many handshakes").length
        await server.until(() => refused() === 1000 || undefined)
        await statusWhen(server, ({ handshakes }) => handshakes === 3000)
      }
    )
    await expect(attach(server.port, "swap-late")).rejects.toThrow("closed")
    for (const [i, client] of sockets.entries()) {
      if (i % 2 === 0) client.reset()
      else client.socket.destroy()
    }
    await statusWhen(server, ({ connections, handshakes }) => connections === 0 && handshakes === 0)
    await working(server.port, nothing)
  })

  it("five hundred that send a byte now and then are ended by the server, who is in goes on", async () => {
    const server = await startServer(`
metrics: 127.0.0.1:0
limits: { handshake: 1 h, handshakes: 600, handshakesPerAddress: 600 }
swap: { swap-*: { size: 1 MiB } }
`)
    const ended = () => server.events.filter(({ reason }) => reason === "the handshake took too long")
    await working(
      server.port,
      async (nextPage) => {
        // from now on it is a second: whoever works has his handshake behind him
        const file = String(server.child.spawnargs.at(-1))
        writeFileSync(file, readFileSync(file, "utf8").replace("1 h", "1 s"))
        server.child.kill("SIGHUP")
        await server.event("reloaded")
        const slow = await Promise.all(Array.from({ length: 500 }, () => mute(server.port)))
        for (const { socket } of slow) socket.resume()
        // an option that takes them a million pages of the client that works
        const endless = Buffer.concat([encodeClientFlags(3), encodeOption(99, new Uint8Array(1 << 20))])
        for (let i = 0; slow.some(({ closed }) => !closed); i++) {
          for (const { closed, socket } of slow) if (!closed) socket.write(endless.subarray(i, i + 1))
          await nextPage()
        }
        await server.until(() => ended().length >= 500 || undefined)
      }
    )
    expect(ended()).toHaveLength(500)
    await statusWhen(server, ({ connections, handshakes }) => connections === 0 && handshakes === 0)
  })

  it("who asks for lists without end and reads none is not answered without end", async () => {
    const server = await startServer(
      "limits: { handshake: 1 h }\nexports: { a: { memory: 1 MiB, description: "
        + `${"x".repeat(4000)} } }\nswap: { swap-*: { size: 1 MiB } }`
    )
    const before = server.residentBytes
    const lists = Buffer.concat([encodeClientFlags(3), ...Array<Uint8Array>(2000).fill(encodeOption(Option.List))])
    const greedy = await Promise.all(Array.from({ length: 100 }, () => mute(server.port)))
    await working(server.port, () => Promise.all(greedy.map(({ socket }) => socket.write(lists))))
    // 800 MB were asked for
    expect(server.residentBytes - before).toBeLessThan(100 << 20)
  })
})

describe("clients in transmission", () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer(`
metrics: 127.0.0.1:0
exports: { disk: { memory: 64 MiB }, file: { file: ${scratch()}/disk.img, size: 64 MiB } }
swap: { swap-*: { size: 1 MiB, grace: 1 ms } }
`)
    for (const name of ["disk", "file"]) {
      const client = await attach(server.port, name)
      for (let at = 0; at < 32; at++) {
        expect((await client.write(at << 20, Buffer.alloc(1 << 20, at + 1))).error).toBe(0)
      }
      await client.disconnect()
    }
  })
  afterAll(stopAll)

  const quiet = () => statusWhen(server, ({ connections }) => connections === 0)

  const reads = (count: number, length: number): Buffer => {
    const requests = Buffer.alloc(28 * count)
    for (let i = 0; i < count; i++) encodeRequest(requests, i * 28, 0, 0, 0, i, i * 4096 % (16 << 20), length)
    return requests
  }

  it("a thousand resets with replies under way", async () => {
    const burst = reads(64, 131_072)
    await working(
      server.port,
      async () => {
        for (let round = 0; round < 50; round++) {
          await Promise.all(Array.from({ length: 20 }, async (_, i) => {
            const client = await attach(server.port, i % 2 === 0 ? "disk" : "file", `127.0.0.${i + 2}`)
            client.socket.write(burst)
            // some before the first reply, some in the middle of one, some later
            await client.take([0, 1, 16, 5000, 131_072, 400_000][i % 6])
            client.reset()
          }))
        }
      }
    )
    await quiet()
  })

  it("twenty that ask for 4 GiB each and read nothing hold a bounded piece of memory", async () => {
    const before = server.residentBytes
    const requests = reads(4096, 1 << 20)
    const greedy: Array<TestClient> = []
    for (let i = 0; i < 20; i++) {
      const client = await attach(server.port, i % 2 === 0 ? "disk" : "file")
      client.socket.pause()
      client.socket.write(requests)
      greedy.push(client)
    }
    await working(server.port, nothing)
    const held = ({ clients }: Status) => clients.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
    // an output of 1 MiB, a reply that was begun, jobs of 8 MiB on the way to the file, the requests themselves
    expect(held(await statusWhen(server, (status) => held(status) > 0))).toBeLessThan(20 * (11 << 20))
    expect(server.residentBytes - before).toBeLessThan(300 << 20)
    for (const client of greedy) client.reset()
    await quiet()
  })

  it("ten thousand connections leave no descriptor and no memory behind", async () => {
    const round = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 50) {
        await Promise.all(Array.from({ length: 50 }, async (_, k) => {
          if (k % 5 === 0) return (await mute(server.port)).reset()
          const client = await attach(server.port, k % 5 === 1 ? `swap-${i + k}` : "disk")
          expect((await client.write(0, Buffer.alloc(512, 1))).error).toBe(0)
          if (k % 5 === 2) client.reset()
          else if (k % 5 === 3) client.socket.end()
          else await client.disconnect()
        }))
      }
      await statusWhen(server, ({ connections, stores }) => connections === 0 && stores.length === 2)
    }
    await round(2000)
    const descriptors = server.descriptors
    const grown: Array<number> = []
    // a leak of 4 KiB a connection would be 40 MiB each time; what the collector has not come to yet is not
    do {
      const before = server.residentBytes
      await round(10_000)
      grown.push((server.residentBytes - before) / (1 << 20))
      // the probe that asked whether all is quiet may still hold its own
      expect(server.descriptors).toBeLessThanOrEqual(descriptors + 4)
    } while (Math.min(...grown) > 20 && grown.length < 3)
    expect(Math.min(...grown)).toBeLessThan(20)
    await working(server.port, nothing)
  })
})
