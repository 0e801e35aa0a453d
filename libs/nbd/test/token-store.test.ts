import {
  CHUNK_PAGES,
  getU32,
  isTokenBlock,
  putTokenBlock,
  putU32,
  TOKEN_BLOCK,
  TOKEN_BYTES,
  tokenised,
  TokenStore
} from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("token store", () => {
  it("allocates chunks on first write, and is what a map would be", () => {
    const operation = fc.record({
      what: fc.constantFrom("read", "write", "zero"),
      page: fc.nat(2999),
      count: fc.integer({ min: 1, max: 600 }),
      version: fc.nat(1000)
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const store = new TokenStore(3000)
        const model = new Map<number, number>()
        const tokens = new Uint8Array(600 * TOKEN_BYTES)
        for (const { what, page, count: wanted, version } of operations) {
          const count = Math.min(wanted, 3000 - page)
          for (let i = 0; i < count; i++) {
            putU32(tokens, i * TOKEN_BYTES, 1)
            putU32(tokens, i * TOKEN_BYTES + 4, version + i)
          }
          if (what === "write") {
            store.write(page, count, tokens)
            for (let i = 0; i < count; i++) model.set(page + i, version + i)
          } else if (what === "zero") {
            store.zero(page, count)
            for (let i = 0; i < count; i++) model.delete(page + i)
          } else {
            store.read(page, count, tokens)
            for (let i = 0; i < count; i++) {
              expect(getU32(tokens, i * TOKEN_BYTES + 4)).toBe(model.get(page + i) ?? 0)
              if (model.has(page + i)) expect(store.isHole(page + i)).toBe(false)
            }
            const held = Array.from({ length: count }, (_, i) => model.has(page + i)).filter(Boolean).length
            expect(store.missing(page, count)).toBe(count - held)
          }
          expect(store.allocatedPages % 512).toBe(0)
        }
      }),
      { seed: 20120731, numRuns: 60 }
    )
  })
})

it("a block that repeats a token is known by its first 8 bytes, and any other byte breaks it", () => {
  const block = new Uint8Array(TOKEN_BLOCK + 16)
  putTokenBlock(block, 8, 0xfedcba98, 7)
  expect([getU32(block, 8), getU32(block, 12), block[7], block[8 + TOKEN_BLOCK]]).toEqual([0xfedcba98, 7, 0, 0])
  expect(isTokenBlock(block, 8)).toBe(true)
  for (const at of [8, 15, 16, 2000, 8 + TOKEN_BLOCK - 1]) {
    block[at] ^= 1
    expect(isTokenBlock(block, 8)).toBe(false)
    block[at] ^= 1
  }
})

it.each([[0, 0], [1, 1], [4095, 4095], [4096, 8], [4097, 9], [8191, 4103], [8192, 16], [12_388, 124]])(
  "%i bytes of data are carried by %i where contents are tokens",
  (bytes, carriedBy) => expect(tokenised(bytes)).toBe(carriedBy)
)

describe("chunks of a token store", () => {
  const tokens = Uint8Array.from({ length: 3 * CHUNK_PAGES * TOKEN_BYTES }, (_, i) => i % 8 === 0 ? 1 : i & 255)
  const store = () => new TokenStore(2 * CHUNK_PAGES + 10)

  it.each([
    { page: 0, count: 1, chunks: 1 },
    { page: CHUNK_PAGES - 1, count: 1, chunks: 1 },
    { page: CHUNK_PAGES - 1, count: 2, chunks: 2 },
    { page: 2 * CHUNK_PAGES, count: 10, chunks: 1 },
    { page: 0, count: 2 * CHUNK_PAGES + 10, chunks: 3 }
  ])("$count pages from $page are in $chunks", ({ chunks, count, page }) => {
    const one = store()
    one.write(page, count, tokens)
    const back = new Uint8Array(count * TOKEN_BYTES)
    one.read(page, count, back)
    expect(Buffer.compare(back, tokens.subarray(0, back.length))).toBe(0)
    expect(one.allocatedPages).toBe(chunks * CHUNK_PAGES)
    expect([one.isHole(page), one.isHole(page + count - 1), one.missing(page, count)]).toEqual([false, false, 0])
  })

  it.each([
    { page: 0, count: CHUNK_PAGES, left: 2 },
    { page: 0, count: CHUNK_PAGES - 1, left: 3 },
    { page: 1, count: CHUNK_PAGES - 1, left: 3 },
    { page: 1, count: CHUNK_PAGES, left: 3 },
    { page: 2 * CHUNK_PAGES, count: 10, left: 2 },
    { page: 2 * CHUNK_PAGES, count: 9, left: 3 },
    { page: 1, count: 2 * CHUNK_PAGES + 9, left: 1 },
    { page: 0, count: 2 * CHUNK_PAGES + 10, left: 0 },
    { page: 7, count: 0, left: 3 }
  ])("$count pages zeroed from $page leave $left", ({ count, left, page }) => {
    const one = store()
    one.write(0, one.pages, tokens)
    one.zero(page, count)
    expect([one.allocatedPages, one.missing(0, one.pages)]).toEqual([left * CHUNK_PAGES, count])
    if (count > 0) expect([one.missing(page, 1), one.missing(page + count - 1, 1)]).toEqual([1, 1])
    if (page > 0) expect(one.missing(page - 1, 1)).toBe(0)
    if (page + count < one.pages) expect(one.missing(page + count, 1)).toBe(0)
    // a hole reads as zeroes
    const back = new Uint8Array(TOKEN_BYTES).fill(9)
    one.read(page, count > 0 ? 1 : 0, back)
    expect(back).toEqual(new Uint8Array(TOKEN_BYTES).fill(count > 0 ? 0 : 9))
  })

  it("a page holds something when its writer or its version is not 0", () => {
    const one = store()
    for (const [page, writer, version] of [[0, 0, 0], [1, 0, 5], [2, 5, 0]]) {
      const token = new Uint8Array(8)
      putU32(token, 0, writer)
      putU32(token, 4, version)
      one.write(page, 1, token)
    }
    expect([0, 1, 2].map((page) => one.missing(page, 1))).toEqual([1, 0, 0])
  })

  it("the end is the end", () => {
    const one = store()
    const back = new Uint8Array(16)
    expect(() => one.read(one.pages - 1, 2, back)).toThrow("past the end")
    expect(() => one.write(one.pages - 1, 2, back)).toThrow("past the end")
    expect(() => one.zero(one.pages - 1, 2)).toThrow("past the end")
    expect(() => one.read(-1, 1, back)).toThrow("past the end")
  })
})
