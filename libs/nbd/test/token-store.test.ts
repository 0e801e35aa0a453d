import { getU32, isTokenBlock, putTokenBlock, putU32, TOKEN_BLOCK, TOKEN_BYTES, TokenStore } from "@swaplab/nbd"
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
