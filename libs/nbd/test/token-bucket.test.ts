import { TokenBucket } from "@swaplab/nbd"
import { describe, expect, it } from "vitest"

describe.each([{ clock: "milliseconds", ms: 1 }, { clock: "nanoseconds", ms: 1e6 }])("a bucket by $clock", ({ ms }) => {
  const rate = { perSecond: 100, burst: 10, second: 1000 * ms }

  it("gives its burst at once, then its rate, and lets a large one pass into debt", () => {
    const bucket = new TokenBucket(rate, 0)
    expect(bucket.wait(0)).toBe(0)
    bucket.take(10)
    expect(bucket.wait(0)).toBe(0)
    bucket.take(50)
    expect(bucket.wait(0)).toBe(500 * ms)
    expect(bucket.wait(250 * ms)).toBe(250 * ms)
    expect(bucket.wait(500 * ms)).toBe(0)
    expect(bucket.wait(60_000 * ms)).toBe(0)
    bucket.take(11)
    expect(bucket.wait(60_000 * ms) / ms).toBeCloseTo(10)
  })

  it("does not earn while the clock goes back", () => {
    const bucket = new TokenBucket(rate, 1000 * ms)
    bucket.take(20)
    expect(bucket.wait(500 * ms)).toBe(100 * ms)
    expect(bucket.wait(1000 * ms)).toBe(100 * ms)
  })
})
