import { compareNatural } from "@swaplab/config"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("natural order", () => {
  it("puts client-2 before client-10", () => {
    const names = ["client-10", "client-2", "client-1", "a", "client", "client-2b", "b1"]
    expect([...names].sort(compareNatural)).toEqual([
      "a",
      "b1",
      "client",
      "client-1",
      "client-2",
      "client-2b",
      "client-10"
    ])
  })

  it("is an order", () => {
    const name = fc.stringMatching(/^[a-c0-2-]{0,6}$/)
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(compareNatural(a, b)) + Math.sign(compareNatural(b, a))).toBe(0)
        if (compareNatural(a, b) === 0) expect(a).toBe(b)
        if (compareNatural(a, b) < 0 && compareNatural(b, c) < 0) expect(compareNatural(a, c)).toBeLessThan(0)
      }),
      { seed: 2012, numRuns: 2000 }
    )
  })
})
