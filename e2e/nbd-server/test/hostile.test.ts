// Clients that mean harm or lost their minds: the server answers or drops them, serves the others, and leaks nothing.
import { encodeClientFlags, encodeRequest } from "@swaplab/nbd"
import fc from "fast-check"
import { connect } from "node:net"
import { afterAll, beforeAll, expect, it } from "vitest"
import { attach, goOption, greet, type TestClient } from "../src/client.ts"
import { type RunningServer, startServer, stopAll } from "../src/server.ts"

let server: RunningServer
beforeAll(async () => {
  server = await startServer(`
metrics: 127.0.0.1:0
limits: { handshake: 60 s, handshakes: 3000 }
exports: { disk: { memory: 64 MiB } }
swap: { swap-*: { size: 1 MiB } }
`)
})
afterAll(stopAll)

/** All is well: a bystander reads back what he writes. */
const bystander = async (): Promise<void> => {
  const client = await attach(server.port, "disk")
  const data = Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 251))
  expect((await client.write(1 << 20, data)).error).toBe(0)
  expect((await client.read(1 << 20, 4096)).data.equals(data)).toBe(true)
  await client.disconnect()
}

/** Waits until no connection is left. */
const quiet = async (): Promise<void> => {
  for (;;) {
    const status = await (await fetch(`http://127.0.0.1:${server.probes}/status`)).json() as { connections: number }
    if (status.connections === 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Sends bytes and ends; the server must end, too. */
const sendAndEnd = async (bytes: Uint8Array, how: "end" | "reset" = "end"): Promise<void> => {
  const client = await greet(server.port)
  client.socket.write(bytes)
  if (how === "reset") return client.reset()
  client.socket.end()
  await client.rest()
}

const session = (): Buffer => {
  const write = Buffer.alloc(28 + 64, 1)
  encodeRequest(write, 0, 0, 1, 0, 1, 512, 64)
  const read = new Uint8Array(28)
  encodeRequest(read, 0, 0, 0, 0, 2, 512, 64)
  return Buffer.concat([encodeClientFlags(3), goOption("disk"), write, read])
}

it("a session that is cut at any byte", async () => {
  const whole = session()
  for (let at = 0; at <= whole.length; at += 16) {
    await Promise.all(
      Array.from({ length: 16 }, (_, i) => i).filter((i) => at + i <= whole.length).map((i) =>
        sendAndEnd(whole.subarray(0, at + i), i % 2 === 0 ? "end" : "reset")
      )
    )
  }
  await bystander()
})

it("options and requests of nonsense, two thousand of them", async () => {
  const option = fc.record({
    magic: fc.oneof({ weight: 9, arbitrary: fc.constant("49484156454f5054") }, {
      weight: 1,
      arbitrary: fc.hexaString({ minLength: 16, maxLength: 16 })
    }),
    code: fc.nat(15),
    length: fc.oneof(fc.nat(40), fc.constantFrom(0, 65536, 0x2000000, 0x2000001, 0xffffffff)),
    data: fc.uint8Array({ maxLength: 60 })
  }).map(({ code, data, length, magic }) => {
    const head = Buffer.alloc(16)
    head.write(magic, "hex")
    head.writeUInt32BE(code, 8)
    head.writeUInt32BE(length, 12)
    return Buffer.concat([head, data])
  })
  const request = fc.record({
    magic: fc.oneof({ weight: 9, arbitrary: fc.constant(0x25609513) }, { weight: 1, arbitrary: fc.nat() }),
    flags: fc.nat(0xffff),
    type: fc.nat(12),
    offset: fc.bigUintN(64),
    length: fc.oneof(fc.nat(70_000), fc.nat(0xffffffff), fc.constantFrom(0, 0x2000000, 0x2000001, 0xffffffff)),
    data: fc.uint8Array({ maxLength: 60 })
  }).map(({ data, flags, length, magic, offset, type }) => {
    const head = Buffer.alloc(28)
    head.writeUInt32BE(magic, 0)
    head.writeUInt16BE(flags, 4)
    head.writeUInt16BE(type, 6)
    head.writeBigUInt64BE(offset, 16)
    head.writeUInt32BE(length, 24)
    return Buffer.concat([head, data])
  })
  const lunatic = fc.record({
    flags: fc.constantFrom(3, 3, 3, 1, 0, 0xffffffff),
    options: fc.array(option, { maxLength: 4 }),
    go: fc.boolean(),
    requests: fc.array(request, { maxLength: 8 }),
    reset: fc.boolean()
  })
  await fc.assert(
    fc.asyncProperty(fc.array(lunatic, { minLength: 20, maxLength: 20 }), async (crowd) => {
      await Promise.all(crowd.map(({ flags, go, options, requests, reset }) =>
        sendAndEnd(
          Buffer.concat([
            encodeClientFlags(flags),
            ...options,
            ...(go ? [goOption("swap-lunatic")] : []),
            ...requests
          ]),
          reset ? "reset" : "end"
        )
      ))
    }),
    { seed: 20120731, numRuns: 100 }
  )
  await bystander()
  await quiet()
})

it("offsets that wrap and lengths of giants get an error, and the connection goes on", async () => {
  const client = await attach(server.port, "disk")
  const ask = async (type: number, hi: number, lo: number, length: number): Promise<number> => {
    const header = new Uint8Array(28)
    encodeRequest(header, 0, 0, type, 0, 77, 0, length)
    const view = new DataView(header.buffer)
    view.setUint32(16, hi)
    view.setUint32(20, lo)
    client.socket.write(header)
    return (await client.take(16)).readUInt32BE(4)
  }
  expect(await ask(0, 0xffffffff, 0xffffffff, 16)).toBe(22)
  expect(await ask(0, 0x80000000, 0, 16)).toBe(22)
  expect(await ask(0, 0xffffffff, 0xfffffff0, 0x20)).toBe(22)
  expect(await ask(6, 0xffffffff, 0xffffffff, 0xffffffff)).toBe(28)
  expect(await ask(0, 0, 0, 0xffffffff)).toBe(22)
  expect((await client.read(0, 512)).error).toBe(0)
  // a WRITE of more than 32 MiB is an attack
  const header = new Uint8Array(28)
  encodeRequest(header, 0, 0, 1, 0, 1, 0, 0xffffffff)
  client.socket.write(header)
  await client.rest()
})

it("clients that ask and never read hold a bounded piece of memory, and the others are served", async () => {
  const before = server.residentBytes
  const greedy: Array<TestClient> = []
  const requests = Buffer.alloc(28 * 4096)
  for (let i = 0; i < 4096; i++) encodeRequest(requests, i * 28, 0, 0, 0, i, i * 4096 % (32 << 20), 1 << 20)
  for (let i = 0; i < 20; i++) {
    const client = await attach(server.port, "disk")
    client.socket.pause()
    client.socket.write(requests)
    greedy.push(client)
  }
  for (let i = 0; i < 3; i++) await bystander()
  // 4 GiB were asked for by each
  expect(server.residentBytes - before).toBeLessThan(150 * 2 ** 20)
  for (const client of greedy) client.reset()
  await quiet()
})

it("thousands of handshakes that go nowhere", async () => {
  const sockets = await Promise.all(Array.from({ length: 1000 }, () => greet(server.port)))
  await bystander()
  for (const { socket } of sockets) socket.write(encodeClientFlags(3).subarray(0, 2))
  await bystander()
  for (const client of sockets) client.reset()
  await quiet()
})

it("ten thousand connections leave no descriptor and no memory behind", async () => {
  const round = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 50) {
      await Promise.all(Array.from({ length: 50 }, async (_, k) => {
        if (k % 5 === 0) {
          const socket = connect(server.port, "127.0.0.1")
          await new Promise((resolve) => socket.once("connect", resolve))
          socket.resetAndDestroy()
          return
        }
        const client = await attach(server.port, k % 5 === 1 ? `swap-${i + k}` : "disk")
        await client.write(0, Buffer.alloc(512, 1))
        if (k % 5 === 2) client.reset()
        else await client.disconnect()
      }))
    }
    await quiet()
  }
  await round(2000)
  const descriptors = server.descriptors
  const resident = server.residentBytes
  await round(10_000)
  // the probe that asked whether all is quiet may still hold its own
  expect(server.descriptors).toBeLessThanOrEqual(descriptors + 4)
  // the collector may not have run yet; a leak of 4 KiB a connection would show
  expect(server.residentBytes - resident).toBeLessThan(40 * 2 ** 20)
  await bystander()
})
