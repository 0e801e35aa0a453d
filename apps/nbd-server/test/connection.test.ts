// A connection whose payloads are longer than a socket brings at once, that is sent something after its end, or is lost.
import {
  Command,
  encodeRequest,
  exportInfo,
  type Job,
  MemoryStore,
  ReplyBuffer,
  SIMPLE_MODE,
  type WaitingStore
} from "@swaplab/nbd"
import { Socket } from "node:net"
import { expect, it } from "vitest"
import { DiskSlots } from "../src/limits/disk-slots.ts"
import { RateLimit } from "../src/limits/rate-limit.ts"
import { TURN_UNITS, Turns } from "../src/limits/turns.ts"
import { BusyPoll } from "../src/net/busy-poll.ts"
import { Client } from "../src/net/client.ts"
import { Connection } from "../src/net/connection.ts"
import { type Engine, SendLater } from "../src/net/engine.ts"
import { Refusals } from "../src/stores/refusals.ts"

const UNLIMITED = { requestsPerSecond: null, bytesPerSecond: null }
const CHUNK = Buffer.alloc(TURN_UNITS)
const HEADER_BYTES = 28
/** Reads of one socket in one round of the event loop: libuv's. */
const READS = 32
/** A time that the clock of this process does not come to: a rate that begins then is not paid back during a test. */
const FAR_MS = 1e15

const header = (type: number, length: number): Buffer => {
  const bytes = Buffer.alloc(HEADER_BYTES)
  encodeRequest(bytes, 0, 0, type, 0, 0, 0, length)
  return bytes
}

/** What connections share, and the rounds of an event loop. */
const rig = () => {
  const later: Array<() => void> = []
  const clock = { ms: 0 }
  const engine: Engine = {
    replies: new ReplyBuffer(),
    turns: new Turns((run) => later.push(run), () => clock.ms),
    busyPoll: new BusyPoll(() => {}, () => 0),
    disk: new DiskSlots(64),
    inFlight: 64,
    inFlightBytes: 2 ** 26,
    lease: null,
    toSend: new SendLater()
  }
  return {
    client: (key: string) => new Client(key, UNLIMITED, 0),
    round: () => {
      for (const run of later.splice(0)) run()
    },
    disk: engine.disk,
    clock,
    connect: (client: Client, size: number, socket = new Socket(), onLeave = () => {}, own?: WaitingStore) => {
      const memory = new MemoryStore(size)
      const store = own ?? memory
      const connection = new Connection({
        socket,
        plain: false,
        served: { info: exportInfo({ name: "disk", size }), store, extents: memory },
        mode: SIMPLE_MODE,
        client,
        engine,
        exportRate: new RateLimit(UNLIMITED, 0),
        usesDisk: own !== undefined,
        counted: false,
        faults: null,
        refusals: new Refusals({ memoryBytes: null, nowMs: () => 0, refused: () => {}, served: () => {} }),
        address: "::1",
        tap: null,
        onLeave,
        onClosed: () => {}
      })
      connection.start(new Uint8Array(0))
      return { socket, connection }
    }
  }
}

it.each([["stored", 2 ** 25], ["refused, and thrown away", 4096]])(
  "a payload that is %s is read in turns, whatever the connections of the client",
  (_what, size) => {
    const { client, connect, round } = rig()
    const [hog, modest] = [client("hog"), client("modest")]
    const hogs = [connect(hog, size), connect(hog, size), connect(hog, size)]
    const { socket: single } = connect(modest, 4096)
    for (const { socket } of hogs) socket.emit("data", header(1, 2 ** 25))
    let chunks = 0
    const rounds = 40
    for (let i = 0; i < rounds; i++) {
      for (const { socket } of hogs) {
        for (let read = 0; read < READS && !socket.isPaused(); read++) {
          socket.emit("data", CHUNK)
          chunks++
        }
      }
      single.emit("data", header(0, 4096))
      round()
    }
    expect(chunks).toBeGreaterThan(rounds / 2)
    expect(chunks).toBeLessThanOrEqual(rounds + 1)
  }
)

it("a connection that has ended is closed on a client who goes on sending", () => {
  const { client, connect } = rig()
  const { connection, socket } = connect(client("hog"), 4096)
  socket.emit("data", header(1, 2 ** 32 - 4096))
  expect(connection.transmission.ended).toBe("payload too long")
  expect(socket.destroyed).toBe(false)
  for (let i = 0; i < 5; i++) socket.emit("data", CHUNK)
  expect(socket.destroyed).toBe(true)
})

it("a connection whose socket was lost while its handshake waited ends", async () => {
  const { client, connect } = rig()
  const socket = new Socket()
  await new Promise((resolve) => socket.once("close", resolve).destroy())
  await new Promise<void>((resolve) => connect(client("lost"), 4096, socket, resolve))
})

it("a refused READ of any length takes no more from a rate than the longest that is served", () => {
  const { client, connect } = rig()
  const limited = new Client("limited", { requestsPerSecond: null, bytesPerSecond: 2 ** 25 }, FAR_MS)
  const { socket } = connect(limited, 4096)
  socket.emit("data", header(0, 2 ** 32 - 1))
  // the longest READ, less the tenth of a second that may come at once
  expect(limited.rate.waitMs(FAR_MS)).toBeCloseTo(900)
  expect(client("other").rate.limits).toBe(false)
})

it("zeroes cost turns by their number", () => {
  const { client, connect } = rig()
  const hog = client("hog")
  const { socket } = connect(hog, 2 ** 24)
  socket.emit("data", header(6, 2 ** 23))
  expect(hog.turns.deficit).toBeLessThanOrEqual(TURN_UNITS - 2 ** 23)
})

it("what a store does at once passes those whose disk stands still: it needs no slot and no room in flight", () => {
  const { client, connect, disk } = rig()
  disk.slots = 2
  const stalled: Array<Job> = []
  const slow: WaitingStore = { waits: true, perform: (job) => void stalled.push(job) }
  let reads = 0
  const fast: WaitingStore = {
    ...slow,
    prompt: {
      mayRun: ({ type }) => type === Command.Read,
      read: () => {
        reads++
        return 0
      },
      write: () => 5
    }
  }
  const hog = connect(client("hog"), 2 ** 20, new Socket(), () => {}, slow)
  for (let i = 0; i < 4; i++) hog.socket.emit("data", header(Command.Read, 4096))
  expect([stalled.length, disk.used, disk.queue.length]).toEqual([2, 2, 1])
  const modest = connect(client("modest"), 2 ** 20, new Socket(), () => {}, fast)
  for (let i = 0; i < 100; i++) modest.socket.emit("data", header(Command.Read, 4096))
  expect(reads).toBeGreaterThanOrEqual(8)
  expect([modest.connection.transmission.inFlight, disk.used, disk.queue.length]).toEqual([0, 2, 1])
  // who is served beside it shares the disks
  expect(disk.limit).toBe(1)
  // a job of it waits for its slot like all jobs
  const writer = connect(client("writer"), 2 ** 20, new Socket(), () => {}, fast)
  writer.socket.emit("data", Buffer.concat([header(Command.Write, 512), Buffer.alloc(512)]))
  expect([writer.connection.transmission.stopped, disk.queue.length]).toEqual([true, 2])
})

it("lets its store go at DISC, however long the client keeps the socket", () => {
  const { client, connect } = rig()
  let left = 0
  const { socket } = connect(client("a"), 4096, new Socket(), () => left++)
  socket.emit("data", header(2, 0))
  expect([left, socket.destroyed]).toEqual([1, false])
  socket.destroy()
})

it("what a store does at once is paid for by its time, too: slow calls make short turns", () => {
  const { client, clock, connect, round } = rig()
  const done: Array<string> = []
  const store = (name: string, ms: number): WaitingStore => ({
    waits: true,
    perform: () => {},
    prompt: {
      mayRun: () => true,
      read: () => {
        done.push(name)
        clock.ms += ms
        return 0
      },
      write: () => 5
    }
  })
  const slow = connect(client("slow"), 2 ** 20, new Socket(), () => {}, store("slow", 0.1))
  const fast = connect(client("fast"), 2 ** 20, new Socket(), () => {}, store("fast", 0.001))
  const many = Buffer.concat(Array<Buffer>(64).fill(header(Command.Read, 4096)))
  for (const { socket } of [slow, fast]) socket.emit("data", many)
  done.length = 0
  for (let i = 0; i < 6; i++) round()
  // a call of two turns' time in two rounds; of the others as many as have the bytes of a turn
  expect([done.filter((name) => name === "slow").length, done.filter((name) => name === "fast").length]).toEqual([
    3,
    48
  ])
})
