// A memory store block by block: which memory it holds, what is a hole, where its limits are.
import { MEMORY_BLOCK as BLOCK } from "#src/server/memory-store.ts"
import { CommandFlag, MemoryStore, NbdError } from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const SPAN = 4 * BLOCK
const GROUP = 256 * BLOCK

/** Writes ones to [block, block + n) one by one, so that no span is made. */
const fillBlocks = (store: MemoryStore, ...blocks: ReadonlyArray<number>): void => {
  for (const block of blocks) store.write(block * BLOCK, BLOCK, new Uint8Array(BLOCK).fill(1))
}
const holes = (store: MemoryStore, blocks: number): string =>
  Array.from({ length: blocks }, (_, i) => store.isHole(i * BLOCK, BLOCK) ? "." : "#").join("")
const read = (store: MemoryStore, offset: number, length: number): Uint8Array => {
  const into = new Uint8Array(length).fill(99)
  expect(store.read(offset, length, into)).toBe(NbdError.Ok)
  return into
}

describe("memory of a write", () => {
  it.each([
    { what: "a whole span", used: [], offset: 0, length: SPAN, room: SPAN, held: 4 },
    { what: "more than a span", used: [], offset: SPAN, length: SPAN + 1, room: SPAN, held: 4 },
    { what: "less than a span", used: [], offset: 0, length: SPAN - 1, room: BLOCK, held: 1 },
    { what: "a span that begins elsewhere", used: [], offset: BLOCK, length: SPAN, room: BLOCK, held: 1 },
    { what: "a span whose second block is used", used: [1], offset: 0, length: SPAN, room: BLOCK, held: 2 },
    { what: "a span whose last block is used", used: [3], offset: 0, length: SPAN, room: BLOCK, held: 2 },
    { what: "a span behind which a block is used", used: [4], offset: 0, length: SPAN, room: SPAN, held: 5 },
    { what: "a span before which a block is used", used: [3], offset: SPAN, length: SPAN, room: SPAN, held: 5 },
    { what: "a part of a block", used: [], offset: 100, length: 50, room: 50, held: 1 },
    { what: "the end of a block", used: [], offset: BLOCK - 10, length: 50, room: 10, held: 1 },
    { what: "a used block", used: [0], offset: 0, length: SPAN, room: BLOCK, held: 1 },
    { what: "the next group", used: [], offset: GROUP, length: SPAN, room: SPAN, held: 4 },
    { what: "the end of a group", used: [], offset: GROUP - 1, length: 2, room: 1, held: 1 }
  ])("$what: $room bytes, $held blocks", ({ held, length, offset, room, used }) => {
    const store = new MemoryStore(3 * GROUP)
    fillBlocks(store, ...used)
    expect(store.room(offset, length)?.length).toBe(room)
    expect(store.allocatedBytes).toBe(held * BLOCK)
  })

  it("in a span is the rest of it", () => {
    const store = new MemoryStore(GROUP)
    store.write(0, SPAN, new Uint8Array(SPAN).fill(1))
    expect(store.room(BLOCK + 5, SPAN)?.length).toBe(SPAN - BLOCK - 5)
    expect(store.view(BLOCK + 5, SPAN).length).toBe(SPAN - BLOCK - 5)
    expect(store.view(0, 10).length).toBe(10)
  })

  it("that is lent counts as written, up to its last byte", () => {
    const store = new MemoryStore(GROUP)
    store.write(0, SPAN, new Uint8Array(SPAN))
    store.writeZeroes(0, 3 * BLOCK)
    expect(holes(store, 5)).toBe("...#.")
    store.room(0, BLOCK)
    expect(holes(store, 5)).toBe("#..#.")
    store.room(BLOCK + 1, BLOCK)
    expect(holes(store, 5)).toBe("####.")
  })

  it.each([
    { limit: 4, length: SPAN, error: NbdError.Ok, held: 4, room: SPAN },
    { limit: 3, length: SPAN, error: NbdError.ENOSPC, held: 3, room: BLOCK },
    { limit: 1, length: BLOCK, error: NbdError.Ok, held: 1, room: BLOCK },
    { limit: 0.999, length: BLOCK, error: NbdError.ENOSPC, held: 0, room: undefined }
  ])("within $limit blocks: $held blocks for $length bytes", ({ error, held, length, limit, room }) => {
    expect(new MemoryStore(GROUP, () => limit * BLOCK).room(0, length)?.length).toBe(room)
    const store = new MemoryStore(GROUP, () => limit * BLOCK)
    expect(store.write(0, length, new Uint8Array(length))).toBe(error)
    expect(store.allocatedBytes).toBe(held * BLOCK)
  })

  it("counts what is held already", () => {
    const store = new MemoryStore(GROUP, () => 6 * BLOCK)
    fillBlocks(store, 9, 10)
    expect(store.room(0, SPAN)?.length).toBe(SPAN)
    expect(store.room(SPAN, BLOCK)).toBe(null)
    const full = new MemoryStore(GROUP, () => 6 * BLOCK)
    fillBlocks(full, 9, 10, 11)
    expect(full.room(0, SPAN)?.length).toBe(BLOCK)
  })
})

describe("zeroes", () => {
  it.each([
    { offset: 0, length: BLOCK, map: ".###" },
    { offset: 1, length: BLOCK, map: "####" },
    { offset: 0, length: BLOCK - 1, map: "####" },
    { offset: BLOCK, length: 2 * BLOCK, map: "#..#" },
    { offset: BLOCK - 1, length: 2 * BLOCK + 2, map: "#..#" },
    { offset: 0, length: 0, map: "####" }
  ])("from $offset, $length bytes: $map, in blocks and in a span", ({ length, map, offset }) => {
    for (const span of [false, true]) {
      for (const trim of [false, true]) {
        const store = new MemoryStore(SPAN)
        if (span) store.write(0, SPAN, new Uint8Array(SPAN).fill(1))
        else fillBlocks(store, 0, 1, 2, 3)
        expect(trim ? store.trim(offset, length) : store.writeZeroes(offset, length)).toBe(NbdError.Ok)
        expect(holes(store, 4)).toBe(map)
        const expected = new Uint8Array(SPAN).fill(1).fill(0, offset, offset + length)
        expect(Buffer.compare(read(store, 0, SPAN), expected)).toBe(0)
        const left = map.replaceAll(".", "").length
        expect(store.allocatedBytes).toBe((span ? 4 : left) * BLOCK)
      }
    }
  })

  it("over a whole span free it with its last block", () => {
    const store = new MemoryStore(2 * SPAN)
    store.write(SPAN, SPAN, new Uint8Array(SPAN).fill(1))
    store.writeZeroes(SPAN, BLOCK)
    store.writeZeroes(SPAN + 2 * BLOCK, 2 * BLOCK)
    expect([store.allocatedBytes, holes(store, 8)]).toEqual([SPAN, ".....#.."])
    store.writeZeroes(SPAN + BLOCK, BLOCK)
    expect([store.allocatedBytes, holes(store, 8)]).toEqual([0, "........"])
    // and it can be one again
    expect(store.room(SPAN, SPAN)?.length).toBe(SPAN)
  })

  it("over holes hold nothing", () => {
    const store = new MemoryStore(GROUP)
    expect([store.writeZeroes(0, GROUP), store.trim(5, 9), store.allocatedBytes]).toEqual([0, 0, 0])
  })

  it("leave the memory of a block that is on its way to a client as it was", () => {
    const store = new MemoryStore(GROUP)
    fillBlocks(store, 0)
    const view = store.view(0, BLOCK)
    store.writeZeroes(0, BLOCK)
    expect([view[0], view[BLOCK - 1], read(store, 0, 1)[0]]).toEqual([1, 1, 0])
  })

  it("with NO_HOLE take memory, or there is none", () => {
    const store = new MemoryStore(GROUP, () => 2 * BLOCK)
    fillBlocks(store, 0)
    expect(store.writeZeroes(10, BLOCK, CommandFlag.NoHole)).toBe(NbdError.Ok)
    expect([holes(store, 3), read(store, 9, 2)]).toEqual(["##.", Uint8Array.of(1, 0)])
    expect(store.writeZeroes(2 * BLOCK, 1, CommandFlag.NoHole)).toBe(NbdError.ENOSPC)
    // what is behind them stays
    const other = new MemoryStore(GROUP)
    fillBlocks(other, 0, 1, 2)
    other.writeZeroes(0, BLOCK + 10, CommandFlag.NoHole)
    expect(read(other, BLOCK + 9, 2)).toEqual(Uint8Array.of(0, 1))
  })
})

describe("extents", () => {
  const store = new MemoryStore(2 * GROUP)
  fillBlocks(store, 1, 2, 5, 256)
  const of = (offset: number, length: number, most?: number) =>
    store.extents(offset, length, most).map(({ flags, length }) => `${length.hi},${length.lo}:${flags.hi},${flags.lo}`)

  it.each([
    { offset: 0, length: 8 * BLOCK, extents: [[1, 3], [2, 0], [2, 3], [1, 0], [2, 3]] },
    { offset: 0, length: 8 * BLOCK, most: 2, extents: [[1, 3], [2, 0]] },
    { offset: BLOCK, length: BLOCK, most: 1, extents: [[1, 0]] },
    { offset: BLOCK / 2, length: BLOCK, extents: [[0.5, 3], [0.5, 0]] },
    { offset: 1.5 * BLOCK, length: BLOCK, extents: [[1, 0]] },
    { offset: 255 * BLOCK, length: 3 * BLOCK, extents: [[1, 3], [1, 0], [1, 3]] }
  ])("from $offset, $length bytes, at most $most", ({ extents, length, most, offset }) => {
    expect(of(offset, length, most)).toEqual(extents.map(([blocks, flags]) => `0,${blocks * BLOCK}:0,${flags}`))
  })

  it.each([
    { offset: 0, length: BLOCK, hole: true },
    { offset: 0, length: BLOCK + 1, hole: false },
    { offset: BLOCK - 1, length: 1, hole: true },
    { offset: 3 * BLOCK, length: 2 * BLOCK, hole: true },
    { offset: 3 * BLOCK - 1, length: 2, hole: false },
    { offset: 6 * BLOCK, length: 250 * BLOCK, hole: true },
    { offset: 6 * BLOCK, length: 250 * BLOCK + 1, hole: false },
    { offset: GROUP, length: 1, hole: false },
    { offset: GROUP + BLOCK, length: 255 * BLOCK, hole: true }
  ])("from $offset, $length bytes: a hole $hole", ({ hole, length, offset }) => {
    expect(store.isHole(offset, length)).toBe(hole)
  })
})

it("what needs no work is done at once", () => {
  const store = new MemoryStore(5)
  expect([store.size, store.flush(), store.cache(), store.allocatedBytes]).toEqual([5, 0, 0, 0])
  expect(store.view(0, 5)).toEqual(new Uint8Array(5))
})

it("a memory store is what a file would be, and holds the blocks that are in use", () => {
  const size = 16 * BLOCK
  const step = fc.record({
    write: fc.boolean(),
    // half of them are whole blocks, so that spans come and go
    from: fc.oneof(fc.nat(size - 1), fc.nat(15).map((block) => block * BLOCK)),
    length: fc.oneof(fc.nat(200_000), fc.integer({ min: 1, max: 8 }).map((blocks) => blocks * BLOCK)),
    fill: fc.integer({ min: 1, max: 255 })
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const store = new MemoryStore(size)
      const model = new Uint8Array(size)
      const used = new Set<number>()
      for (const { fill, from, length: wanted, write } of steps) {
        const length = Math.min(wanted, size - from)
        model.fill(write ? fill : 0, from, from + length)
        if (write) store.write(from, length, new Uint8Array(length).fill(fill))
        else store.writeZeroes(from, length)
        for (let block = Math.floor(from / BLOCK); block * BLOCK < from + length; block++) {
          const whole = block * BLOCK >= from && (block + 1) * BLOCK <= from + length
          if (write && length > 0) used.add(block)
          else if (whole) used.delete(block)
        }
        // a span is held for its last block
        expect(store.allocatedBytes).toBeGreaterThanOrEqual(used.size * BLOCK)
        expect(store.allocatedBytes).toBeLessThanOrEqual(4 * used.size * BLOCK)
      }
      for (let block = 0; block < 16; block++) {
        expect(store.isHole(block * BLOCK, 1)).toBe(!used.has(block))
      }
      const read = new Uint8Array(size)
      store.read(0, size, read)
      expect(Buffer.compare(read, model)).toBe(0)
    }),
    { seed: 20120731, numRuns: 150 }
  )
})
