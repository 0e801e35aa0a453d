import { LatencyHistogram } from "#src/run/latency.ts"
import { describe, expect, it } from "vitest"

describe("latencies", () => {
  it("gives percentiles within 0.1 %, and an exact mean and maximum", () => {
    const histogram = new LatencyHistogram()
    for (let i = 1; i <= 100_000; i++) histogram.record(i * 1000)
    const summary = histogram.summary()
    expect(summary.count).toBe(100_000)
    expect(summary.meanNs).toBe(50_000_500)
    expect(summary.maxNs).toBe(100_000_000)
    const known = [[summary.p50Ns, 50e6], [summary.p99Ns, 99e6], [summary.p999Ns, 99.9e6]] as const
    for (const [value, expected] of known) {
      expect(Math.abs((value ?? 0) / expected - 1)).toBeLessThan(0.001)
    }
  })

  it("counts what took longer than 1 s and longer than 10 s, and merges", () => {
    const one = new LatencyHistogram()
    const other = new LatencyHistogram()
    for (const ns of [5e8, 1e9, 1e9 + 1]) one.record(ns)
    for (const ns of [10e9, 10e9 + 1, 20e9]) other.record(ns)
    one.merge(other)
    const { count, maxNs, over10s, over1s } = one.summary()
    expect({ count, maxNs, over10s, over1s }).toEqual({ count: 6, maxNs: 20e9, over10s: 2, over1s: 4 })
    expect(other.summary().count).toBe(3)
  })

  it("has no mean, no percentile and no maximum without any", () => {
    const { count, over10s, over1s, ...statistics } = new LatencyHistogram().summary()
    expect([count, over1s, over10s]).toEqual([0, 0, 0])
    expect(new Set(Object.values(statistics))).toEqual(new Set([null]))
  })
})
