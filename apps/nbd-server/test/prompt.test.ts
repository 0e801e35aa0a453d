// What a file store does by itself at once, what it leaves to the thread pool, and for how long the event loop may stand still.
import { Command, CommandFlag, Request } from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { FileStore } from "../src/stores/file-store.ts"
import { MOST_PAUSE_MS, Pace, PROVEN_CALLS } from "../src/stores/pace.ts"
import { PAGE } from "../src/stores/page-set.ts"
import { asker } from "./asker.ts"

const SIZE = 64 * PAGE

/** A store over a disk of this test: its calls, and how long those that the loop makes take. */
const rig = () => {
  const disk = { nowMs: 1e6, callMs: 0.01, calls: [] as Array<string>, ends: [] as Array<() => void> }
  const pooled = (name: string) =>
  (
    _fd: number,
    _bytes: Uint8Array,
    _at: number,
    length: number,
    _position: number,
    ended: (error: null, count: number) => void
  ) => {
    disk.calls.push(name)
    disk.ends.push(() => ended(null, length))
    queueMicrotask(() => disk.ends.shift()?.())
  }
  const inLoop = (name: string) => (_fd: number, _bytes: Uint8Array, _at: number, length: number) => {
    disk.calls.push(name)
    disk.nowMs += disk.callMs
    return length
  }
  const writePace = new Pace(() => 0)
  const store = new FileStore({
    fd: -1,
    size: SIZE,
    written: SIZE,
    room: { mayTake: () => true },
    countBlocks: () => 0,
    readPace: new Pace(() => 0),
    writePace,
    nowMs: () => disk.nowMs,
    calls: {
      read: pooled("pool read"),
      write: pooled("pool write"),
      readSync: inLoop("read"),
      writeSync: inLoop("write"),
      sync: (_fd, ended) => {
        disk.calls.push("sync")
        disk.ends.push(() => ended(null))
      }
    }
  })
  const ask = asker(store, SIZE)
  const calls = async (type: number, offset: number, length: number, flags = 0): Promise<ReadonlyArray<string>> => {
    await ask(type, offset, length, type === Command.Write ? new Uint8Array(length) : undefined, flags)
    return disk.calls.splice(0)
  }
  return { disk, calls, store, ask }
}

describe("a file store", () => {
  it("reads at once what it has moved before, and lets the pool fetch everything else", async () => {
    const { calls } = rig()
    expect(await calls(Command.Read, 0, PAGE)).toEqual(["pool read"])
    expect(await calls(Command.Read, 0, PAGE)).toEqual(["read"])
    expect(await calls(Command.Read, 0, 2 * PAGE)).toEqual(["pool read"])
    expect(await calls(Command.Write, 8 * PAGE, PAGE)).toEqual(["write"])
    expect(await calls(Command.Read, 8 * PAGE, PAGE)).toEqual(["read"])
    // a part of a page is written into what the disk has
    expect(await calls(Command.Write, 9 * PAGE, 100)).toEqual(["pool write"])
    expect(await calls(Command.Write, 9 * PAGE, 100)).toEqual(["write"])
    // two minutes later the kernel may have dropped it
    const { calls: later, disk } = rig()
    await later(Command.Read, 0, PAGE)
    disk.nowMs += 130_000
    await later(Command.Read, PAGE, PAGE)
    expect(await later(Command.Read, 0, PAGE)).toEqual(["pool read"])
  })

  it("never syncs at once, and writes through the pool with FUA and while a sync runs", async () => {
    const { ask, calls, disk, store } = rig()
    const request = Object.assign(new Request(), { type: Command.Write, lengthLo: PAGE })
    expect(store.mayRun(request)).toBe(true)
    const fua = ask(Command.Write, 0, PAGE, new Uint8Array(PAGE), CommandFlag.Fua)
    while (!disk.calls.includes("sync")) await Promise.resolve()
    expect(disk.calls.splice(0)).toEqual(["pool write", "sync"])
    expect(store.mayRun(request)).toBe(false)
    disk.ends.shift()?.()
    expect((await fua).error).toBe(0)
    expect(await calls(Command.Write, 0, PAGE)).toEqual(["write"])
  })

  it.each([["Read", Command.Read, "read"], ["Write", Command.Write, "write"]] as const)(
    "after a slow %s the pool does them for nine times as long",
    async (_name, type, name) => {
      const { calls, disk } = rig()
      await calls(Command.Read, 0, PAGE)
      disk.callMs = 30
      expect(await calls(type, 0, PAGE)).toEqual([name])
      disk.callMs = 0.01
      disk.nowMs += 9 * 30 - 1
      expect(await calls(type, 0, PAGE)).toEqual([`pool ${name}`])
      disk.nowMs += 2
      expect(await calls(type, 0, PAGE)).toEqual([name])
    }
  )
})

describe("the pace of calls in the event loop", () => {
  it("lets the loop stand still for a tenth of the time and one call, whatever the calls take", () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1 }), (calls) => {
      const pace = new Pace(() => 0)
      let [now, still, longest] = [0, 0, 0]
      for (const ms of calls) {
        while (!pace.mayCall(now)) now += 1
        pace.calls(now)
        pace.called(now, now + ms)
        now += ms
        if (ms >= 1) {
          still += ms
          longest = Math.max(longest, ms)
        }
      }
      while (!pace.mayCall(now)) now += 1
      expect(still).toBeLessThanOrEqual(now / 10 + 1e-6)
    }))
  })

  it("doubles its pause while calls after it are slow again, to ten seconds, and forgets that after many fast ones", () => {
    const pace = new Pace(() => 0)
    let now = 0
    const pause = (): number => {
      pace.called(now, now + 1)
      now += 1
      const from = now
      while (!pace.mayCall(now)) now++
      return now - from
    }
    expect(Array.from({ length: 12 }, pause)).toEqual([
      20,
      40,
      80,
      160,
      320,
      640,
      1280,
      2560,
      5120,
      MOST_PAUSE_MS,
      MOST_PAUSE_MS,
      MOST_PAUSE_MS
    ])
    for (let i = 0; i < PROVEN_CALLS; i++) pace.called(now, now)
    expect(pause()).toBe(20)
  })

  it("does not take a busy processor for a slow disk", () => {
    let delayMs = 0
    const pace = new Pace(() => delayMs)
    pace.calls(0)
    delayMs = 6
    pace.called(0, 6.5)
    expect([pace.mayCall(7), pace.stalls]).toEqual([true, 0])
    pace.calls(8)
    pace.called(8, 14)
    expect([pace.mayCall(15), pace.stalls]).toEqual([false, 1])
  })
})
