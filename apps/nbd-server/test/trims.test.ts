// TRIM and WRITE_ZEROES against writes, over a disk of this test whose calls and punches end when the test says so.
import { Command, CommandFlag } from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { FileStore } from "../src/stores/file-store.ts"
import { Pace } from "../src/stores/pace.ts"
import { PAGE } from "../src/stores/page-set.ts"
import { Puncher, type PunchRange } from "../src/stores/puncher.ts"
import { PUNCH_PAGES } from "../src/stores/zeroes.ts"
import { asker } from "./asker.ts"

const PAGES = 2 * PUNCH_PAGES
const SIZE = PAGES * PAGE

/** A disk in memory, a puncher and a store. What has begun ends in any order, by `step`. */
const rig = (fails = false) => {
  const bytes = Buffer.alloc(SIZE)
  const onDisk = new Set<number>()
  const steps: Array<() => void> = []
  const punches: Array<PunchRange> = []
  const timers: Array<() => void> = []
  const clock = { nowMs: 0 }
  const room = { isFull: false }
  const touch = (position: number, length: number): void => {
    for (let page = Math.floor(position / PAGE); page * PAGE < position + length; page++) onDisk.add(page)
  }
  const store: FileStore = new FileStore({
    fd: -1,
    size: SIZE,
    written: 0,
    room: { mayTake: () => !room.isFull },
    nowMs: () => clock.nowMs,
    readPace: new Pace(() => 0),
    writePace: new Pace(() => 0),
    countBlocks: () => onDisk.size * (PAGE / 512),
    puncher: new Puncher(
      (_fd, range, done) => {
        punches.push(range)
        steps.push(() => {
          if (fails) return done("Operation not supported")
          bytes.fill(0, range.offset, range.offset + range.length)
          for (let at = 0; at < range.length; at += PAGE) onDisk.delete((range.offset + at) / PAGE)
          done(null)
        })
      },
      (run) => void timers.push(run),
      () => clock.nowMs
    ),
    calls: {
      read: (_fd, into, at, length, position, ended) =>
        void steps.push(() => ended(null, bytes.copy(into, at, position, position + length))),
      write: (_fd, from, at, length, position, ended) =>
        void steps.push(() => {
          bytes.set(from.subarray(at, at + length), position)
          touch(position, length)
          ended(null, length)
        }),
      readSync: (_fd, into, at, length, position) => bytes.copy(into, at, position, position + length),
      writeSync: (_fd, from, at, length, position) => {
        bytes.set(from.subarray(at, at + length), position)
        touch(position, length)
        return length
      },
      sync: (_fd, ended) => void steps.push(() => ended(null))
    }
  })
  return {
    store,
    onDisk,
    punches,
    room,
    clock,
    steps,
    step: (which = 0) => void steps.splice(which % Math.max(1, steps.length), 1)[0]?.(),
    wait: (ms: number) => {
      clock.nowMs += ms
      for (const run of timers.splice(0)) run()
    },
    /** Lets everything end. */
    settle: async () => {
      for (let i = 0; i < 200; i++) {
        clock.nowMs += 1000
        for (const run of timers.splice(0)) run()
        steps.shift()?.()
        await Promise.resolve()
      }
    },
    asker: () => asker(store, SIZE)
  }
}

const page = (fill: number, pages = 1): Uint8Array<ArrayBuffer> => new Uint8Array(pages * PAGE).fill(fill)

describe("TRIM of a file", () => {
  it("gives the room of whole pages back after a moment, neighbours together, and reads as zeroes then", async () => {
    const { asker, onDisk, punches, step, store, wait } = rig()
    const ask = asker()
    await ask(Command.Write, 0, 8 * PAGE, page(7, 8))
    // a part of a page stays
    for (const [first, length] of [[0, 2 * PAGE], [2 * PAGE, 2 * PAGE], [6 * PAGE, PAGE + 1]]) {
      expect((await ask(Command.Trim, first, length)).error).toBe(0)
    }
    expect([store.allocatedBytes, punches]).toEqual([8 * PAGE, []])
    wait(50)
    step()
    wait(50)
    step()
    expect(punches).toEqual([{ offset: 0, length: 4 * PAGE }, { offset: 6 * PAGE, length: PAGE }])
    expect([store.allocatedBytes, onDisk.size]).toEqual([3 * PAGE, 3])
    expect([store.isHole(0, 4 * PAGE), store.isHole(4 * PAGE, PAGE)]).toEqual([true, false])
    expect((await ask(Command.Read, 6 * PAGE, PAGE)).data.every((byte) => byte === 0)).toBe(true)
    // holes are not punched again
    await ask(Command.Trim, 0, 4 * PAGE)
    wait(50)
    expect(punches.length).toBe(2)
  })

  it("never takes a write away that came after it: not one before the punch, nor one during it", async () => {
    const { asker, punches, step, store, wait } = rig()
    const [one, other] = [asker(), asker()]
    await one(Command.Write, 0, 4 * PAGE, page(7, 4))
    await one(Command.Trim, 0, 4 * PAGE)
    await one(Command.Write, PAGE, PAGE, page(8))
    wait(50)
    expect(punches).toEqual([{ offset: 0, length: PAGE }])
    // a write of what is being punched waits, one beside it does not
    let written = false
    const held = one(Command.Write, 0, PAGE, page(9)).then(() => (written = true))
    const beside = other(Command.Write, 3 * PAGE, PAGE, page(5))
    step(1)
    await beside
    expect(written).toBe(false)
    step()
    step()
    await held
    for (const [at, fill] of [[0, 9], [1, 8], [3, 5]]) {
      const reading = one(Command.Read, at * PAGE, PAGE)
      step()
      expect((await reading).data.every((byte) => byte === fill)).toBe(true)
    }
    expect(store.isHole(0, PAGE)).toBe(false)
  })

  it("does not punch what is being written, and leaves what was written when the TRIM was under way at the same time", async () => {
    const { asker, punches, settle, step, wait } = rig()
    const [one, other] = [asker(), asker()]
    await one(Command.Write, 0, 3 * PAGE, page(7, 3))
    const writing = one(Command.Write, PAGE, PAGE, page(8), CommandFlag.Fua)
    await other(Command.Trim, 0, 3 * PAGE)
    wait(50)
    expect(punches).toEqual([{ offset: 0, length: PAGE }])
    step(1)
    wait(50)
    step()
    wait(50)
    await settle()
    expect((await writing).error).toBe(0)
    expect(punches).toEqual([{ offset: 0, length: PAGE }, { offset: 2 * PAGE, length: PAGE }])
    expect((await one(Command.Read, PAGE, PAGE)).data.every((byte) => byte === 8)).toBe(true)
  })

  it("rests between punches, so that a client that trims page by page gets a fifth of a processor", async () => {
    const { asker, clock, punches, step, wait } = rig()
    const ask = asker()
    for (const at of [0, 32]) await ask(Command.Write, at * PAGE, 32 * PAGE, page(7, 32))
    for (let at = 0; at < 64; at += 2) await ask(Command.Trim, at * PAGE, PAGE)
    wait(50)
    for (let i = 1; i < 10; i++) {
      clock.nowMs += 10
      step()
      wait(39)
      expect(punches.length).toBe(i)
      wait(1)
      expect(punches.length).toBe(i + 1)
    }
  })
})

describe("WRITE_ZEROES of a file", () => {
  it("punches a long range before it answers, and writes zeroes to the rest of the pages at its ends", async () => {
    const { asker, onDisk, punches, settle, store } = rig()
    const ask = asker()
    for (let at = 0; at < PAGES; at += 32) await ask(Command.Write, at * PAGE, 32 * PAGE, page(7, 32))
    const zeroed = ask(Command.WriteZeroes, 100, SIZE - 200)
    await settle()
    expect((await zeroed).error).toBe(0)
    expect(punches).toEqual([{ offset: PAGE, length: SIZE - 2 * PAGE }])
    expect([...onDisk]).toEqual([0, PAGES - 1])
    const first = await ask(Command.Read, 0, PAGE)
    expect([...first.data.subarray(98, 102)]).toEqual([7, 7, 0, 0])
    expect(store.allocatedBytes).toBe(2 * PAGE)
  })

  it("is fast where it is punched, and not where it is written; what was written is punched later", async () => {
    const { asker, onDisk, settle } = rig()
    const ask = asker()
    for (let at = 0; at < PAGES; at += 32) await ask(Command.Write, at * PAGE, 32 * PAGE, page(7, 32))
    const zero = async (offset: number, length: number, flags: number): Promise<number> => {
      const answer = ask(Command.WriteZeroes, offset, length, undefined, flags)
      await settle()
      return (await answer).error
    }
    expect(await zero(0, PAGE, CommandFlag.FastZero)).toBe(95)
    expect(await zero(0, PUNCH_PAGES * PAGE, CommandFlag.FastZero)).toBe(0)
    expect(onDisk.size).toBe(PAGES - PUNCH_PAGES)
    expect(await zero(PUNCH_PAGES * PAGE, PAGE, 0)).toBe(0)
    expect(onDisk.has(PUNCH_PAGES)).toBe(false)
    expect(await zero(0, PAGE, CommandFlag.NoHole)).toBe(0)
    expect(onDisk.has(0)).toBe(true)
  })

  it("needs no room for pages that become a hole while it waits for them", async () => {
    const { asker, onDisk, punches, room, settle, store, wait } = rig()
    const [one, other] = [asker(), asker()]
    await one(Command.Write, 0, 8 * PAGE, page(7, 8))
    await one(Command.Trim, 0, 4 * PAGE)
    wait(50)
    expect(punches).toEqual([{ offset: 0, length: 4 * PAGE }])
    room.isFull = true
    // from a part of the first page to a part of one that stays
    const zeroed = other(Command.WriteZeroes, 100, 5 * PAGE)
    await settle()
    expect((await zeroed).error).toBe(0)
    expect([...onDisk]).toEqual([5, 6, 7])
    const read = async (at: number, length: number, fill: number): Promise<boolean> => {
      const reading = one(Command.Read, at, length)
      await settle()
      return (await reading).data.every((byte) => byte === fill)
    }
    expect(await read(0, 5 * PAGE + 100, 0)).toBe(true)
    expect(await read(5 * PAGE + 100, 3 * PAGE - 100, 7)).toBe(true)
    expect(store.isHole(0, 4 * PAGE)).toBe(true)
  })

  it("writes zeroes where the program fails", async () => {
    const { asker, onDisk, settle } = rig(true)
    const ask = asker()
    for (let at = 0; at < PAGES; at += 32) await ask(Command.Write, at * PAGE, 32 * PAGE, page(7, 32))
    const zeroed = ask(Command.WriteZeroes, 0, SIZE)
    await settle()
    expect((await zeroed).error).toBe(0)
    expect(onDisk.size).toBe(PAGES)
    const read = ask(Command.Read, 0, 2 * PAGE)
    await settle()
    expect((await read).data.every((byte) => byte === 0)).toBe(true)
  })
})

/** Command and flags. */
const KINDS = { write: [1, 0], fua: [1, 1], trim: [4, 0], zero: [6, 0], read: [0, 0] } as const

it("whatever is under way at once, a page reads as what was answered last", async () => {
  const step = fc.record({
    client: fc.nat(3),
    kind: fc.constantFrom<keyof typeof KINDS>("write", "fua", "trim", "zero", "read"),
    pages: fc.constantFrom(1, 1, 1, 2, 3),
    at: fc.nat(7),
    ends: fc.array(fc.nat(5), { maxLength: 3 }),
    ms: fc.constantFrom(0, 0, 60)
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const { asker, settle, step: end, wait } = rig()
      const clients = Array.from({ length: 4 }, asker)
      /** What a page may read as. */
      const may = Array.from({ length: 12 }, () => new Set([0]))
      const busy = new Uint8Array(12)
      const clientBusy = new Uint8Array(4)
      const under: Array<Promise<void>> = []
      let version = 0
      for (const { at, client, ends, kind, ms, pages } of steps) {
        const all = Array.from({ length: pages }, (_, i) => at + i)
        if (clientBusy[client] === 0 && all.every((one) => busy[one] === 0)) {
          clientBusy[client] = 1
          for (const one of all) busy[one] = 1
          const mine = version++ % 250 + 1
          const [type, flags] = KINDS[kind]
          const answer = clients[client](
            type,
            at * PAGE,
            pages * PAGE,
            type === 1 ? page(mine, pages) : undefined,
            flags
          )
          under.push(answer.then(({ data, error }) => {
            expect(error).toBe(0)
            all.forEach((one, i) => {
              if (kind === "trim") may[one].add(0)
              else if (kind !== "read") may[one] = new Set([type === 1 ? mine : 0])
              else {
                const found = data[i * PAGE]
                expect([...may[one]]).toContain(found)
                expect(data.subarray(i * PAGE, (i + 1) * PAGE).every((byte) => byte === found)).toBe(true)
              }
              busy[one] = 0
            })
            clientBusy[client] = 0
          }))
        }
        if (ms > 0) wait(ms)
        for (const which of ends) end(which)
        await Promise.resolve()
        await Promise.resolve()
        await Promise.resolve()
      }
      await settle()
      await Promise.all(under)
    }),
    { seed: 20120731, numRuns: 300 }
  )
})
