import { PageTableEntries } from "#src/mm/entries.ts"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("the entries of page tables", () => {
  it("are what an array of them is", () => {
    const write = fc.tuple(fc.nat(1999), fc.nat(), fc.boolean())
    fc.assert(fc.property(fc.array(write), (writes) => {
      const entries = new PageTableEntries(2000)
      const naive = new Uint32Array(2000)
      for (const [index, value, mark] of writes) {
        if (mark) {
          entries.mark(index, value)
          naive[index] |= value
        } else {
          entries.set(index, value)
          naive[index] = value
        }
      }
      expect([...entries]).toEqual([...naive])
      expect(entries.findIndex((entry) => entry !== 0)).toBe(naive.findIndex((entry) => entry !== 0))
    }))
  })

  it("take memory where they were written, and one column knows nothing of another", () => {
    const [entries, other] = [new PageTableEntries(100_000), new PageTableEntries(100_000)]
    expect(entries.byteLength).toBe(0)
    entries.mark(70_000, 1)
    expect(entries.byteLength).toBe(2048)
    expect([entries.at(70_000), other.at(70_000), other.at(112)]).toEqual([1, 0, 0])
  })
})
