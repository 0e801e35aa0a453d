import { MEMORY_BLOCK } from "#src/server/memory-store.ts"
import { REPLY_BUFFER_BYTES } from "#src/server/reply-buffer.ts"
import {
  Command,
  CommandFlag,
  encodeRequest,
  exportInfo,
  MemoryStore,
  NbdError,
  ReplyBuffer,
  SIMPLE_MODE,
  TransmissionFlag
} from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Asked, bytesOf, contents, Keeper, memory, rig, SIZE, STRUCTURED } from "./rig.ts"

const asked = fc.record({
  type: fc.constantFrom<number>(
    Command.Read,
    Command.Write,
    Command.WriteZeroes,
    Command.Trim,
    Command.Flush,
    Command.BlockStatus,
    9
  ),
  offset: fc.oneof(fc.nat(SIZE), fc.nat(SIZE / 4096).map((page) => page * 4096)),
  length: fc.oneof(fc.nat(200), fc.constantFrom(4096, 32_768, 65_536, 131_072), fc.nat(300_000)),
  flags: fc.constantFrom<number>(0, 0, 0, CommandFlag.Fua, CommandFlag.Df, 0x8000),
  fill: fc.nat(255)
})

describe.each([["simple", SIMPLE_MODE], ["structured", STRUCTURED]] as const)("%s replies", (_name, mode) => {
  it("are the same however the bytes arrive, and wherever the gate stops them", () => {
    fc.assert(
      fc.property(
        fc.array(asked, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.nat(12),
        (requests, places, stopAt) => {
          const bytes = bytesOf(requests)
          const whole = rig(memory(), mode)
          whole.transmission.receive(bytes)
          const cut = rig(memory(), mode)
          cut.gate.stopAt = stopAt
          const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
          at.slice(1).forEach((end, i) => {
            // the memory is used again as soon as receive returns
            const chunk = bytes.slice(at[i], end)
            cut.transmission.receive(chunk, 0, chunk.length)
            chunk.fill(0xdd)
          })
          cut.transmission.resume()
          expect(cut.output()).toBe(whole.output())
          expect(cut.answered).toEqual(whole.answered)
          expect(cut.transmission.stopped).toBe(false)
          if (cut.transmission.ended === null) expect(cut.transmission.absorbed).toBe(cut.apart())
        }
      ),
      { seed: 20120731, numRuns: 150 }
    )
  })

  it("of a store that waits are those of one that does not, when its jobs end in order", () => {
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 12 }), fc.boolean(), fc.boolean(), (requests, atOnce, isPrompt) => {
        const bytes = bytesOf(requests)
        const direct = memory()
        const whole = rig(direct, mode)
        const keeper = new Keeper(SIZE, isPrompt)
        const waiting = rig({ info: direct.info, store: keeper, extents: keeper.memory }, mode)
        for (const request of requests) {
          const one = bytesOf([request])
          whole.transmission.receive(one)
          waiting.transmission.receive(one)
          while (atOnce && keeper.jobs.length > 0) keeper.finish(0)
          if (atOnce) waiting.flush()
          while (keeper.jobs.length > 0) keeper.finish(0)
          waiting.flush()
        }
        expect(bytes.length).toBeGreaterThanOrEqual(0)
        expect(waiting.output()).toBe(whole.output())
        expect(waiting.transmission.inFlight).toBe(0)
      }),
      { seed: 20120731, numRuns: 100 }
    )
  })
})

it("a prompt store gets what it may run at once, from wherever it is cut, and jobs for the rest", () => {
  const keeper = new Keeper(SIZE, true)
  const { answered, apart, flush, output, transmission } = rig({
    info: exportInfo({ name: "disk", size: SIZE }),
    store: keeper,
    extents: null
  })
  const requests: ReadonlyArray<Asked> = [
    { type: Command.Write, offset: 0, length: 131_072, flags: 0, fill: 7 },
    { type: Command.Write, offset: 4096, length: 4096, flags: CommandFlag.Fua, fill: 8 },
    { type: Command.Read, offset: 0, length: 8192, flags: 0, fill: 0 },
    // past the end: refused without asking the store
    { type: Command.Write, offset: SIZE, length: 4096, flags: 0, fill: 9 }
  ]
  const bytes = bytesOf(requests)
  for (let at = 0; at < bytes.length; at += 1000) {
    const chunk = bytes.slice(at, at + 1000)
    transmission.receive(chunk)
    chunk.fill(0xdd)
  }
  expect(answered).toEqual([[Command.Write, 0, 131_072], [Command.Read, 0, 8192], [Command.Write, NbdError.ENOSPC, 0]])
  expect([keeper.jobs.length, transmission.inFlight, apart()]).toEqual([1, 1, 131_072 + 4096 * 2])
  keeper.finish(0)
  flush()
  expect(output().slice(32, 32 + 32 + 16384)).toMatch(/^67446698.{24}(07){8192}$/)
  expect([...contents(keeper.memory, 0).subarray(4090, 4100)]).toEqual([7, 7, 7, 7, 7, 7, 8, 8, 8, 8])
})

it("puts large writes where they belong, and answers as if it had gathered them", () => {
  fc.assert(
    fc.property(
      fc.array(asked, { maxLength: 8 }),
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 60_000 })), { minLength: 1, maxLength: 20 }),
      fc.constantFrom(Number.POSITIVE_INFINITY, 2 * MEMORY_BLOCK),
      (requests, steps, limit) => {
        const bytes = bytesOf(requests)
        const [one, other] = [memory(SIZE, limit), memory(SIZE, limit)]
        const whole = rig(one)
        whole.transmission.receive(bytes)
        const { answered, apart, output, transmission } = rig(other)
        for (let at = 0, step = 0; at < bytes.length; step++) {
          const [direct, most] = steps[step % steps.length]
          const place = direct ? transmission.place : null
          const chunk = bytes.slice(at, at + Math.min(most, place?.length ?? most))
          if (place === null) transmission.receive(chunk)
          else {
            place.set(chunk)
            transmission.placed(chunk.length)
          }
          chunk.fill(0xdd)
          at += chunk.length
        }
        expect(output()).toBe(whole.output())
        expect(answered).toEqual(whole.answered)
        expect(transmission.absorbed).toBe(apart())
        if (limit > SIZE) {
          for (let at = 0; at < SIZE; at += MEMORY_BLOCK) {
            expect(Buffer.compare(contents(other.store, at), contents(one.store, at))).toBe(0)
          }
        }
      }
    ),
    { seed: 20120731, numRuns: 150 }
  )
})

it("what is on its way to its place gets there, whatever becomes of the blocks beside it", () => {
  const { store } = memory()
  store.write(0, 4 * MEMORY_BLOCK, new Uint8Array(4 * MEMORY_BLOCK).fill(1))
  const served = { info: memory().info, store, extents: store }
  const { transmission } = rig(served)
  const bytes = bytesOf([{ type: Command.Write, offset: 0, length: MEMORY_BLOCK, flags: 0, fill: 7 }])
  transmission.receive(bytes, 0, 28)
  const { place } = transmission
  expect(place?.length).toBe(MEMORY_BLOCK)
  store.writeZeroes(MEMORY_BLOCK, 3 * MEMORY_BLOCK)
  place?.fill(7)
  transmission.placed(MEMORY_BLOCK)
  expect(contents(store, 0)).toEqual(new Uint8Array(MEMORY_BLOCK).fill(7))
  expect(store.isHole(MEMORY_BLOCK, 3 * MEMORY_BLOCK)).toBe(true)
})

it("throws away what a refused large write brings, and goes on behind it", () => {
  const served = memory()
  const { answered, transmission } = rig({ ...served, info: { ...served.info, flags: TransmissionFlag.ReadOnly } })
  const bytes = bytesOf([
    { type: Command.Write, offset: 0, length: 100_000, flags: 0, fill: 7 },
    { type: Command.Read, offset: 0, length: 1, flags: 0, fill: 0 }
  ])
  transmission.receive(bytes, 0, 50_000)
  expect(transmission.place).toBe(null)
  transmission.receive(bytes, 50_000)
  expect(answered).toEqual([[Command.Write, NbdError.EPERM, 0], [Command.Read, NbdError.Ok, 1]])
  expect(served.store.allocatedBytes).toBe(0)
})

it("asks for the buffer before a job that ends later writes to it", () => {
  const keeper = new Keeper(SIZE)
  const { flush, output, ready, transmission } = rig({ info: memory().info, store: keeper, extents: null })
  transmission.receive(bytesOf([{ type: Command.Read, offset: 0, length: 8, flags: 0, fill: 0 }]))
  expect([ready(), transmission.inFlight]).toEqual([0, 1])
  keeper.finish(0)
  expect([ready(), transmission.inFlight]).toEqual([1, 0])
  flush()
  expect(output()).toBe(`67446698000000000000abcd00000000${"00".repeat(8)}`)
})

it("answers what is in flight after DISC, and nothing else", () => {
  const keeper = new Keeper(SIZE)
  const { flush, output, transmission } = rig({ info: memory().info, store: keeper, extents: null })
  const flushRequest = { type: Command.Flush, offset: 0, length: 0, flags: 0, fill: 0 }
  transmission.receive(bytesOf([flushRequest, { ...flushRequest, type: Command.Disc }, flushRequest]))
  expect([transmission.ended, transmission.done, keeper.jobs.length]).toEqual(["disc", false, 1])
  keeper.finish(0)
  flush()
  expect(transmission.done).toBe(true)
  expect(output()).toBe("67446698000000000000abcd00000000")
})

it("writes no answer for a connection that is gone", () => {
  const keeper = new Keeper(SIZE)
  const { answered, replies, transmission } = rig({ info: memory().info, store: keeper, extents: null })
  transmission.receive(bytesOf([{ type: Command.Read, offset: 0, length: 4096, flags: 0, fill: 0 }]))
  transmission.abandoned = true
  keeper.finish(0)
  expect([replies.length, answered.length, transmission.inFlight]).toEqual([0, 1, 0])
})

it("a stop starts nothing more, whether it waits, is cut or comes later, and answers what is in flight", () => {
  const keeper = new Keeper(SIZE)
  const { answered, gate, replies, transmission } = rig({ info: memory().info, store: keeper, extents: null })
  const write = (fill: number) => bytesOf([{ type: Command.Write, offset: 0, length: 512, flags: 0, fill }])
  transmission.receive(write(1))
  gate.open = false
  transmission.receive(write(2))
  transmission.stop()
  gate.open = true
  expect(transmission.resume()).toBe(true)
  transmission.receive(write(3))
  expect([transmission.ended, transmission.done, transmission.heldBytes]).toEqual(["stopped", false, 0])
  expect([keeper.jobs.length, answered.length]).toEqual([1, 0])
  keeper.finish(0)
  expect([transmission.done, replies.length, answered]).toEqual([
    true,
    16,
    [[Command.Write, NbdError.Ok, 512]]
  ])
  const cut = rig(memory())
  cut.transmission.receive(write(1).subarray(0, 100))
  cut.transmission.stop()
  cut.transmission.receive(write(1).subarray(100))
  expect([cut.transmission.done, cut.transmission.heldBytes, cut.answered]).toEqual([true, 0, []])
})

it("a stop in the middle of a WRITE that goes to its place gives it no more of it", () => {
  const { transmission } = rig(memory())
  const header = new Uint8Array(28)
  encodeRequest(header, 0, 0, Command.Write, 0, 0, 0, 2 ** 20)
  transmission.receive(header)
  expect(transmission.place).not.toBeNull()
  transmission.stop()
  expect([transmission.place, transmission.done]).toEqual([null, true])
})

it("a stop after DISC is none", () => {
  const { transmission } = rig(memory())
  const header = new Uint8Array(28)
  encodeRequest(header, 0, 0, Command.Disc, 0, 0, 0, 0)
  transmission.receive(header)
  transmission.stop()
  expect(transmission.ended).toBe("disc")
})

it("holds memory for what arrived, not for what was announced", () => {
  const { transmission } = rig(memory())
  const header = new Uint8Array(28)
  encodeRequest(header, 0, 0, Command.Write, 0, 0, 0, 0x2000000)
  transmission.receive(header)
  transmission.receive(new Uint8Array(100))
  expect(transmission.heldBytes).toBeLessThanOrEqual(65_536)
  const over = rig(memory()).transmission
  encodeRequest(header, 0, 0, Command.Write, 0, 0, 0, 0x2000001)
  over.receive(header)
  expect(over.ended).toBe("payload too long")
})

it("sends before the buffer runs over, and large data from where it is", () => {
  const served = memory()
  served.store.write(0, SIZE, new Uint8Array(SIZE).fill(7))
  const { largestSend, transmission } = rig(served)
  transmission.receive(bytesOf(Array.from({ length: 400 }, () => ({
    type: Command.Read,
    offset: 0,
    length: 20_000,
    flags: 0,
    fill: 0
  }))))
  expect(largestSend()).toBeLessThanOrEqual(REPLY_BUFFER_BYTES)
})

it("a buffer that was lent comes back", () => {
  const replies = new ReplyBuffer()
  replies.append(new Uint8Array(10))
  const first = replies.bytes
  expect(replies.pieces().map(({ length }) => length)).toEqual([10])
  const lent = replies.renew(true)
  expect(lent).toBe(first)
  expect(replies.bytes).not.toBe(first)
  if (lent !== null) replies.giveBack(lent)
  replies.append(new Uint8Array(3))
  replies.renew(true)
  expect(replies.bytes).toBe(first)
})

it("a memory store keeps to its limit", () => {
  const store = new MemoryStore(SIZE, () => 65_536)
  expect(store.write(0, 65_536, new Uint8Array(65_536))).toBe(NbdError.Ok)
  expect(store.write(65_536, 1, new Uint8Array(1))).toBe(NbdError.ENOSPC)
  expect(store.writeZeroes(0, 32_768)).toBe(NbdError.Ok)
  expect(store.write(65_536, 1, new Uint8Array(1))).toBe(NbdError.Ok)
})

it("zeroes that must not be holes take their room, or get ENOSPC", () => {
  const store = new MemoryStore(SIZE, () => 4 * MEMORY_BLOCK)
  expect(store.write(0, 8, new Uint8Array(8).fill(1))).toBe(NbdError.Ok)
  expect(store.writeZeroes(0, 2 * MEMORY_BLOCK, CommandFlag.NoHole)).toBe(NbdError.Ok)
  expect([store.isHole(0, 1), store.isHole(MEMORY_BLOCK, 1), store.allocatedBytes]).toEqual([false, false, 65_536])
  expect(contents(store, 0)).toEqual(new Uint8Array(MEMORY_BLOCK))
  expect(store.writeZeroes(0, 5 * MEMORY_BLOCK, CommandFlag.NoHole | CommandFlag.FastZero)).toBe(NbdError.ENOSPC)
  expect(store.writeZeroes(0, 5 * MEMORY_BLOCK)).toBe(NbdError.Ok)
  expect(store.allocatedBytes).toBe(0)
})
