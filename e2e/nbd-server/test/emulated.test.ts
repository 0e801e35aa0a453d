// One session, recorded by the real server on a real socket, through the emulated server: the same replies, byte for byte.
import {
  Command,
  CommandFlag,
  encodeRequest,
  exportInfo,
  MemoryStore,
  putTokenBlock,
  ServerSession
} from "@swaplab/nbd"
import { replayEmulated } from "@swaplab/server-model"
import fc from "fast-check"
import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { sessionOf } from "../src/recording.ts"
import { scratch, startServer, stopAll } from "../src/server.ts"

afterEach(stopAll)

const PAGES = 1024
const SIZE = PAGES * 4096

interface Asked {
  readonly type: number
  readonly page: number
  readonly count: number
  readonly flags: number
  /** Bytes more than whole pages, in front of the range or in it. */
  readonly off: number
  readonly extra: number
  readonly version: number
}

const { Fua, NoHole, Df, FastZero } = CommandFlag
const asked: fc.Arbitrary<Asked> = fc.record({
  type: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<number>(Command.Read, Command.Write) },
    { weight: 3, arbitrary: fc.constantFrom<number>(Command.Flush, Command.Trim, Command.Cache, Command.WriteZeroes) },
    { weight: 1, arbitrary: fc.constantFrom<number>(Command.BlockStatus, Command.Resize, 9, 0xffff) }
  ),
  // some reach past the end
  page: fc.nat(PAGES + 8),
  count: fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 0, max: 8 }) },
    { weight: 3, arbitrary: fc.constantFrom(31, 32) },
    { weight: 1, arbitrary: fc.constant(600) }
  ),
  flags: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constantFrom<number>(Fua, NoHole, FastZero, Fua | NoHole) },
    { weight: 1, arbitrary: fc.constantFrom<number>(Df, 0x8000) }
  ),
  off: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(1, 512) }),
  extra: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(8, 512) }),
  version: fc.nat(0xffffffff)
})

const bytesOf = ({ count, extra, flags, off, page, type, version }: Asked, cookie: number): Uint8Array => {
  const length = count * 4096 + extra
  const out = new Uint8Array(28 + (type === Command.Write ? length : 0)).fill(0xee, 28)
  encodeRequest(out, 0, flags, type, 0xfeedface, cookie, page * 4096 + off, length)
  if (type === Command.Write) {
    for (let i = 0; i < count; i++) {
      putTokenBlock(out, 28 + i * 4096, cookie + 1, version + i)
    }
  }
  return out
}

/** The session: requests that look like chance, then DISC. */
const session = (): Uint8Array => {
  const requests = fc.sample(asked, { seed: 20120731, numRuns: 500 }).map(bytesOf)
  const disc = new Uint8Array(28)
  encodeRequest(disc, 0, 0, Command.Disc, 0, 0, 0, 0)
  return Buffer.concat([...requests, disc])
}

/** Flags of the client, then EXPORT_NAME "swap". */
const HANDSHAKE = Buffer.from("0000000349484156454f5054000000010000000473776170", "hex")

/** Runs the server with its recorder, and gives it a session behind the handshake. */
const record = async (pcapng: string, bytes: Uint8Array): Promise<void> => {
  const server = await startServer(`exports: { swap: { tokens: ${SIZE} B } }\nrecord: { pcapng: ${pcapng} }`)
  await new Promise<void>((resolve) => {
    const socket = connect(server.port, "127.0.0.1")
    socket.on("data", () => {})
    socket.on("close", () => resolve())
    // greeting and options are not waited for
    socket.write(Buffer.concat([HANDSHAKE, bytes]))
  })
  await server.stop()
}

it("a recorded session has the same replies from the emulated server", async () => {
  const pcapng = join(scratch(), "session.pcapng")
  const bytes = session()
  await record(pcapng, bytes)
  const { client, server } = sessionOf(readFileSync(pcapng))
  // the recording begins behind the handshake, and has every byte of the client
  expect(client.equals(bytes)).toBe(true)
  const emulated = Buffer.from(replayEmulated(SIZE, client))
  const differs = server.findIndex((byte, at) => byte !== emulated[at])
  expect([emulated.length, differs]).toEqual([server.length, -1])
  // it was worth it: data and errors of each kind are among the replies
  expect(server.length).toBeGreaterThan(2 ** 20)
  const text = server.toString("latin1")
  for (const error of [0, 22, 28]) expect(text).toContain(`\x67\x44\x66\x98\0\0\0${String.fromCharCode(error)}\xfe\xed`)
})

it("and so has one that is cut anywhere", () => {
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 8 }), fc.nat(), (requests, place) => {
      const whole = Buffer.concat(requests.map(bytesOf))
      const bytes = whole.subarray(0, whole.length - place % (whole.length + 1) % 10_000)
      const info = exportInfo({ name: "swap", size: SIZE, minimumBlock: 4096 })
      const real = new ServerSession([{ info, store: new MemoryStore(SIZE), extents: null }])
      real.push(HANDSHAKE)
      expect(Buffer.compare(real.push(bytes), replayEmulated(SIZE, bytes))).toBe(0)
    }),
    { seed: 20120731, numRuns: 60 }
  )
})
