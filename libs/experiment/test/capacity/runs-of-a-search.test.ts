// How many runs a search takes: a ladder like that of class-start, 1 to 120 clients, and seeds whose capacities differ by some percent.
import { describe, expect, it } from "vitest"
import { searchesOf } from "./searches.ts"

describe("the runs of a search over 120 levels, 200 searches", () => {
  it.each([[12, 0.05], [24, 0.05], [40, 0.05], [24, 0.1], [80, 0.05]])(
    "are at most 700 for 4 of 5, 80 %% sure, with N* near %i and a spread of %d",
    (middle, spread) => {
      const { most, p95, within } = searchesOf({ middle, spread, holds: 0.8, sure: 0.8, searches: 200 })
      expect(p95).toBeLessThanOrEqual(700)
      expect(most).toBeLessThanOrEqual(2000)
      expect(within).toBe(200)
    }
  )
})
