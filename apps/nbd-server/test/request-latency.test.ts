import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { RequestLatency } from "../src/ops/request-latency.ts"

const latencyOf = (us: ReadonlyArray<number>): RequestLatency => {
  const latency = new RequestLatency()
  for (const one of us) latency.add(one)
  return latency
}

describe("latencies of requests", () => {
  it("have percentiles that are at most a quarter too large", () => {
    const latency = latencyOf(Array.from({ length: 10_000 }, (_, i) => i + 1))
    for (const percent of [50, 90, 99]) {
      expect(latency.percentileUs(percent)).toBeGreaterThanOrEqual(percent * 100)
      expect(latency.percentileUs(percent)).toBeLessThanOrEqual(percent * 100 * 1.25)
    }
  })

  it.each([
    [0, 1.25],
    [0.3, 1.25],
    [1, 1.25],
    [1.25, 1.5],
    [1.9, 2],
    [2, 2.5],
    [3.99, 4],
    [100, 112],
    [112, 128],
    [1_000_000, 1_048_576],
    [3.7e9, 3_758_096_384]
  ])("are four buckets a power of two from 1 µs up: %d is printed as %d", (us, printed) => {
    expect(latencyOf([us]).percentileUs(50)).toBe(printed)
  })

  it("are counted below each power of two, and their sum is exact", () => {
    const us = fc.double({ min: 0, max: 1e8, noNaN: true })
    fc.assert(fc.property(fc.array(us), fc.integer({ min: 0, max: 24 }), (latencies, power) => {
      const latency = latencyOf(latencies)
      expect(latency.countBelow(2 ** power)).toBe(latencies.filter((one) => one < 2 ** power).length)
      expect(latency.sumUs).toBe(latencies.reduce((a, b) => a + b, 0))
      expect(latency.count).toBe(latencies.length)
    }))
  })

  it("may come many at once, and are 0 without any", () => {
    const latency = new RequestLatency()
    expect(latency.percentileUs(50)).toBe(0)
    latency.add(10, 99)
    latency.add(1000)
    expect([latency.count, latency.sumUs, latency.percentileUs(99), latency.percentileUs(100)])
      .toEqual([100, 1990, 12, 1024])
  })
})
