import { ArrivalMerge } from "#src/arrival-merge.ts"
import fc from "fast-check"
import { expect, it } from "vitest"

it("the first link is the one with the earliest arrival, at equal times the one of the lowest number", () => {
  const change = fc.record({
    link: fc.nat(40),
    at: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(Number.POSITIVE_INFINITY))
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const merge = new ArrivalMerge()
      const known = new Map<number, number>()
      for (const { at, link } of changes) {
        merge.set(link, at)
        if (at === Number.POSITIVE_INFINITY) known.delete(link)
        else known.set(link, at)
        const sorted = [...known].sort(([a, x], [b, y]) => x - y || a - b)
        expect(merge.size).toBe(sorted.length)
        expect(merge.nextAt).toBe(sorted[0]?.[1] ?? Number.POSITIVE_INFINITY)
        if (sorted.length > 0) expect(merge.first).toBe(sorted[0][0])
        const inside = Array.from({ length: merge.size }, (_, place) => merge.linkAt(place))
        expect(inside.sort((a, b) => a - b)).toEqual([...known.keys()].sort((a, b) => a - b))
      }
    }),
    { seed: 20120731, numRuns: 300 }
  )
})
