// Bytes that no client should send: the server answers or drops that client, and serves the others.
import { Command, encodeClientFlags, encodeInfoRequest, encodeOption, Option } from "@swaplab/nbd"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { attach, goOption, greet } from "../src/client.ts"
import { type RunningServer, startServer, statusWhen, stopAll } from "../src/server.ts"
import { expectedAnswer, requestBytes, SESSION_EXPORT, sessions } from "../src/sessions.ts"
import { malformed } from "../src/well-formed.ts"

const SEED = 20120731
const DISK_BYTES = 64n << 20n
let server: RunningServer
beforeAll(async () => {
  server = await startServer(`
metrics: 127.0.0.1:0
limits: { handshake: 1 h }
exports: { ${SESSION_EXPORT.name}: { memory: 1 MiB } }
swap: { swap-*: { size: 1 MiB, allow: [127.0.0.1] }, disk-*: { size: 64 MiB, allow: [127.0.0.1] } }
`)
})
afterAll(stopAll)

/** All is well: a bystander reads back what he writes, and nobody's connection is left. */
const allIsWell = async (): Promise<void> => {
  const client = await attach(server.port, "disk-1")
  const data = Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 251))
  expect((await client.write(1 << 20, data)).error).toBe(0)
  expect((await client.read(1 << 20, 4096)).data.equals(data)).toBe(true)
  await client.disconnect()
  await statusWhen(server, ({ connections, handshakes }) => connections === 0 && handshakes === 0)
}

/** Where clients come from that see one export only, as those of the emulator's engine do. */
const ELSEWHERE = "127.0.0.2"

/** Sends bytes and ends; resolves to the answer when the server has ended, too. */
const sayAndEnd = async (bytes: Uint8Array): Promise<Buffer> => {
  const client = await greet(server.port, ELSEWHERE)
  client.socket.end(bytes)
  return client.rest()
}

/** Sends bytes and resets the connection when the kernel has taken them. */
const sayAndReset = async (bytes: Uint8Array): Promise<void> => {
  const client = await greet(server.port, ELSEWHERE)
  await new Promise<void>((resolve) => client.socket.write(bytes, () => resolve()))
  client.reset()
}

describe.each(Object.entries(sessions))("a session cut at every byte: %s", (_name, whole) => {
  it("what was whole is answered, what was not changes nothing", async () => {
    expect((await sayAndEnd(whole)).equals(expectedAnswer(whole))).toBe(true)
    for (let at = 0; at < whole.length; at += 32) {
      await Promise.all(Array.from({ length: Math.min(32, whole.length - at) }, async (_, i) => {
        const cut = whole.subarray(0, at + i)
        await sayAndReset(cut)
        const [answer, expected] = [await sayAndEnd(cut), expectedAnswer(cut)]
        if (!answer.equals(expected)) {
          expect.fail(`cut at ${at + i}: ${answer.toString("hex")}, expected ${expected.toString("hex")}`)
        }
      }))
    }
    await allIsWell()
  })
})

describe.each([["compact", false], ["extended", true]])("%s requests with giant numbers", (_kind, extended) => {
  const begin = async () => {
    const client = await greet(server.port)
    client.socket.write(Buffer.concat([
      encodeClientFlags(3),
      ...(extended ? [encodeOption(Option.ExtendedHeaders)] : []),
      goOption("disk-1")
    ]))
    if (extended) expect(await client.optionReply()).toBe(1)
    expect(await client.optionReply()).toBe(1)
    return client
  }
  const offsets = [0n, 1n, DISK_BYTES - 1n, DISK_BYTES, 0xffffffffn, 1n << 32n, (1n << 53n) - 1n, 1n << 53n]
  offsets.push((1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 4096n, (1n << 64n) - 1n)
  const lengths = [1n, 4096n, (1n << 25n) + 1n, DISK_BYTES, DISK_BYTES + 1n, 0x7fffffffn, 0xffffffffn]
  if (extended) lengths.push(1n << 32n, (1n << 53n) + 1n, 1n << 63n, (1n << 64n) - 4096n, (1n << 64n) - 1n)

  it.each([
    ["READ", Command.Read, 22],
    ["WRITE_ZEROES", Command.WriteZeroes, 28],
    ["TRIM", Command.Trim, 22],
    ["CACHE", Command.Cache, 22]
  ])("%s: the error of the rules for each, and the connection goes on", async (_command, type, pastEnd) => {
    const client = await begin()
    const cases = offsets.flatMap((offset) => lengths.map((length) => ({ offset, length })))
    const errors: Array<number> = []
    for (const [i, { length, offset }] of cases.entries()) {
      client.socket.write(requestBytes({ type, offset, length }, i, extended))
      const header = await client.take(extended ? 32 : 16)
      if (!extended) {
        errors.push(header.readUInt32BE(4))
        if (type === Command.Read && errors[i] === 0) await client.take(Number(length))
        continue
      }
      const payload = await client.take(header.readUInt32BE(28))
      errors.push(header.readUInt16BE(6) === 0x8001 ? payload.readUInt32BE(0) : 0)
    }
    const expected = cases.map(({ length, offset }) =>
      offset + length > DISK_BYTES ? pastEnd : type === Command.Read && length > 1n << 25n ? 22 : 0
    )
    expect(errors).toEqual(expected)
    client.reset()
  })

  it("WRITE of more than 32 MiB is an attack: dropped, and nothing is set aside for it", async () => {
    const before = server.residentBytes
    for (const length of lengths.filter((bytes) => bytes > 1n << 25n)) {
      const client = await begin()
      client.socket.write(
        requestBytes({ type: Command.Write, offset: 0n, length, flags: extended ? 0x20 : 0 }, 1, extended)
      )
      expect(await client.rest()).toHaveLength(0)
    }
    expect(server.residentBytes - before).toBeLessThan(32 << 20)
    await allIsWell()
  })
})

describe("three thousand clients of nonsense", () => {
  const number = fc.oneof(fc.nat(40), fc.constantFrom(0, 65_536, 0x2000000, 0x2000001, 0xffffffff), fc.nat(0xffffffff))
  const option = fc.record({
    magic: fc.oneof({ weight: 19, arbitrary: fc.constant("49484156454f5054") }, {
      weight: 1,
      arbitrary: fc.stringMatching(/^[0-9a-f]{16}$/)
    }),
    code: fc.nat(15),
    /** Null: the length of the data. */
    length: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: number }),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(encodeInfoRequest({ name: "disk-1", infos: [3, 1, 700] }), goOption("disk-1").subarray(16))
    )
  }).map(({ code, data, length, magic }) => {
    const head = Buffer.alloc(16)
    head.write(magic, "hex")
    head.writeUInt32BE(code, 8)
    head.writeUInt32BE(length ?? data.length, 12)
    return Buffer.concat([head, data])
  })
  const request = fc.record({
    extended: fc.boolean(),
    magic: fc.integer({ min: 0, max: 19 }),
    flags: fc.oneof(fc.constantFrom(0, 0, 1, 4, 8, 0x20), fc.nat(0xffff)),
    type: fc.nat(12),
    offset: fc.oneof(fc.bigUintN(21), fc.bigUintN(64)),
    length: fc.oneof(fc.bigUintN(16), fc.bigUintN(32), fc.bigUintN(64)),
    data: fc.uint8Array({ maxLength: 60 })
  })
  const lunatic = fc.record({
    flags: fc.constantFrom(3, 3, 3, 3, 1, 0, 0xffffffff),
    kind: fc.constantFrom("simple", "structured", "extended"),
    before: fc.array(option, { maxLength: 3 }),
    go: fc.boolean(),
    requests: fc.array(request, { maxLength: 8 }),
    reset: fc.nat(3)
  }).map(({ before, flags, go, kind, requests, reset }) => {
    const asked = new Map<number, number>()
    const sent = requests.map(({ data, extended, flags: bits, length, magic, offset, type }, i) => {
      // mostly in the form that was agreed upon
      const form = magic > 1 ? kind === "extended" : extended
      const short = form ? length : length & 0xffffffffn
      const bytes = requestBytes({ type, offset, length: short, flags: bits }, i + 1, form, data)
      if (type === Command.Read) asked.set(i + 1, Number(short))
      if (magic === 0) bytes.writeUInt32BE(0x12345678)
      return bytes
    })
    const agreed = kind === "simple"
      ? []
      : [encodeOption(kind === "structured" ? Option.StructuredReply : Option.ExtendedHeaders)]
    const name = go ? [goOption("swap-lunatic")] : []
    return {
      bytes: Buffer.concat([encodeClientFlags(flags), ...before, ...agreed, ...name, ...sent]),
      reset: reset === 0,
      // EXPORT_NAME is answered without a header, and requests behind data that was cut are no requests
      dataBytes: (cookie: number) => asked.get(cookie) ?? null,
      plain: !before.some((bytes) => bytes.readUInt32BE(8) === Option.ExportName)
    }
  })

  it("get messages of the protocol or the end, and never hold up the others", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lunatic, { minLength: 20, maxLength: 20 }), async (crowd) => {
        await Promise.all(crowd.map(async ({ bytes, dataBytes, plain, reset }) => {
          if (reset) return sayAndReset(bytes)
          const answer = await sayAndEnd(bytes)
          if (plain) expect(malformed(answer, dataBytes)).toBe(null)
        }))
      }),
      { seed: SEED, numRuns: 150 }
    )
    await allIsWell()
  })
})
