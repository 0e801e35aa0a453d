// Requests that do not come whole: what is held for them, where their data goes, and what cannot be understood.
import * as sizes from "#src/server/sizes.ts"
import { Command, type PromptStore, SIMPLE_MODE } from "@swaplab/nbd"
import { describe, expect, it } from "vitest"
import { hex } from "./golden.ts"
import { bytesOf, EXTENDED, Keeper, memory, one, rig, SIZE } from "./rig.ts"

const { Flush, Write } = Command

describe("a cut WRITE", () => {
  const cut = (length: number, arrived: number, store?: Keeper) => {
    const served = store === undefined ? memory() : { info: memory().info, store, extents: null }
    const made = rig(served)
    made.transmission.receive(bytesOf([one(Write, length)]), 0, 28 + arrived)
    return made
  }

  it.each([
    { length: sizes.PLACED_BYTES - 1, arrived: 10, placed: false },
    { length: sizes.PLACED_BYTES, arrived: 10, placed: true }
  ])("of $length bytes goes to its place: $placed", ({ arrived, length, placed }) => {
    const { transmission } = cut(length, arrived)
    expect([transmission.place !== null, transmission.cutRequest === null, transmission.absorbing]).toEqual([
      placed,
      placed,
      true
    ])
    expect([transmission.absorbed, transmission.heldBytes > 0]).toEqual([arrived, !placed])
  })

  it.each([{ left: sizes.DIRECT_BYTES, direct: true }, { left: sizes.DIRECT_BYTES - 1, direct: false }])(
    "with $left bytes to come is read to its place: $direct",
    ({ direct, left }) => {
      const { transmission } = cut(65_536, 65_536 - left)
      expect(transmission.place?.length ?? 0).toBe(direct ? Math.min(left, 32_768) : 0)
    }
  )

  it("ends where it is placed, and is answered then", () => {
    const { answered, sends, transmission } = cut(65_536, 65_536 - 10_000)
    transmission.placed(9999)
    expect([answered, sends()]).toEqual([[], 0])
    transmission.receive(new Uint8Array(1))
    expect([answered, sends(), transmission.absorbing]).toEqual([[[Write, 0, 65_536]], 1, false])
    const whole = cut(65_536, 65_536 - 10_000)
    whole.transmission.placed(10_000)
    expect([whole.answered, whole.sends(), whole.transmission.absorbed]).toEqual([[[Write, 0, 65_536]], 1, 65_536])
    expect(() => whole.transmission.placed(1)).toThrow("nothing is to be placed")
  })

  // what is held for it: 64 KiB at first, doubled as bytes come, not more than the whole, not less than 4 KiB
  it.each([
    { length: 100, arrived: 1, held: 4096 },
    { length: 5000, arrived: 1, held: 5000 },
    { length: 200_000, arrived: 1, held: 65_536 },
    { length: 200_000, arrived: 65_536, held: 65_536 },
    { length: 200_000, arrived: 65_537, held: 131_072 },
    { length: 200_000, arrived: 131_073, held: 200_000 },
    { length: 5000, arrived: 0, held: 0 }
  ])("of $length bytes, of which $arrived came: $held held", ({ arrived, held, length }) => {
    expect(cut(length, arrived, new Keeper(SIZE)).transmission.heldBytes).toBe(held)
  })

  it.each([{ length: 4096, kept: 4096 }, { length: 4097, kept: 0 }])(
    "of $length bytes for a store that waits leaves $kept held",
    ({ kept, length }) => {
      const keeper = new Keeper(SIZE)
      const { transmission } = cut(length, 1, keeper)
      transmission.receive(new Uint8Array(length - 1).fill(9))
      expect([transmission.heldBytes, keeper.jobs.length, keeper.jobs[0].bytes.length]).toEqual([kept, 1, length])
      expect([keeper.jobs[0].bytes[0], keeper.jobs[0].bytes[length - 1]]).toEqual([7, 9])
    }
  )

  it.each([{ length: 131_072, kept: 131_072 }, { length: 131_073, kept: 0 }])(
    "of $length bytes that a prompt store takes leaves $kept held",
    ({ kept, length }) => {
      const store = new Keeper(SIZE, true)
      store.prompt = { ...(store.prompt as PromptStore), mayRun: () => true }
      const { answered, transmission } = cut(length, 1, store)
      transmission.receive(new Uint8Array(length - 1).fill(9))
      expect([transmission.heldBytes, store.jobs.length, answered]).toEqual([kept, 0, [[Write, 0, length]]])
      const back = new Uint8Array(length)
      store.memory.read(0, length, back)
      expect([back[0], back[1], back[length - 1]]).toEqual([7, 9, 9])
    }
  )

  it("whose turn has not come keeps what came, and the rest of the line", () => {
    const { gate, transmission } = cut(1000, 10)
    gate.open = false
    transmission.receive(new Uint8Array(995))
    expect([transmission.stopped, transmission.heldBytes]).toEqual([true, 4096 + 262_144])
    transmission.receive(new Uint8Array(5))
    expect(transmission.resume()).toBe(false)
    gate.open = true
    // what is left is the beginning of a header, a wrong one
    expect([transmission.resume(), transmission.ended]).toEqual([true, "bad magic"])
    expect([transmission.heldBytes, transmission.done]).toEqual([0, true])
  })
})

describe("a stream that cannot be understood", () => {
  it.each([
    { mode: SIMPLE_MODE, bytes: "256095", ended: null },
    { mode: SIMPLE_MODE, bytes: "25609514", ended: "bad magic" },
    { mode: SIMPLE_MODE, bytes: "21e41c71", ended: "bad magic" },
    { mode: EXTENDED, bytes: "25609513", ended: "bad magic" },
    { mode: EXTENDED, bytes: "21e41c71", ended: null },
    { mode: SIMPLE_MODE, bytes: `25609514${"00".repeat(24)}`, ended: "bad magic" },
    { mode: SIMPLE_MODE, bytes: `2560951300000001${"00".repeat(16)}02000000`, ended: null },
    { mode: SIMPLE_MODE, bytes: `2560951300000001${"00".repeat(16)}02000001`, ended: "payload too long" },
    { mode: EXTENDED, bytes: `21e41c7100000001${"00".repeat(16)}0000000100000000`, ended: "payload too long" }
  ])("$bytes: $ended", ({ bytes, ended, mode }) => {
    for (const step of [99, 1, 27]) {
      const { output, transmission } = rig(memory(), mode)
      const all = hex(bytes)
      for (let at = 0; at < all.length; at += step) transmission.receive(all, at, Math.min(all.length, at + step))
      expect([transmission.ended, output()]).toEqual([ended, ""])
      transmission.receive(bytesOf([one(Flush)]))
      if (ended !== null) expect([output(), transmission.done]).toEqual(["", true])
    }
  })
})
