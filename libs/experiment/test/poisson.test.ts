import { poissonInterval } from "#src/poisson.ts"
import { expect, it } from "vitest"

// Garwood's table for 95 %, to three digits behind the point
it.each([
  [0, 0, 3.689],
  [1, 0.025, 5.572],
  [2, 0.242, 7.225],
  [3, 0.619, 8.767],
  [10, 4.795, 18.39],
  [100, 81.364, 121.627]
])("%d events: %d to %d", (count, low, high) => {
  const [from, to] = poissonInterval(count)
  expect(from).toBeCloseTo(low, 3)
  expect(to).toBeCloseTo(high, 3)
})

it("holds the count of 1,000 events, and is narrower with less confidence", () => {
  const [low, high] = poissonInterval(1000)
  const [from, to] = poissonInterval(1000, 0.5)
  expect([low < from, from < 1000, 1000 < to, to < high]).toEqual([true, true, true, true])
})
