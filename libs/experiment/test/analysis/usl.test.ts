import { fitUsl } from "#src/analysis/usl.ts"
import { type UslFit } from "@swaplab/experiment"
import { Random } from "@swaplab/sim"
import { describe, expect, it } from "vitest"

const NS = [1, 2, 4, 8, 12, 16, 24, 32]

const law = (gamma: number, sigma: number, kappa: number) => (n: number): number =>
  gamma * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))

const fit = (of: (n: number) => number, noise = 0, ns = NS): UslFit => {
  const random = new Random(3, "usl test")
  const found = fitUsl(ns.map((n) => ({
    n,
    values: Array.from({ length: 8 }, () => of(n) * (1 + noise * random.normal()))
  })))
  if (typeof found === "string") throw new Error(found)
  return found
}

describe("the Universal Scalability Law", () => {
  it.each([[1000, 0.05, 0.002], [200, 0.02, 0], [50, 0, 0.01], [500, 0, 0], [995.6, 0.02671, 0.0007690]])(
    "is found again without noise: %d, %d, %d",
    (gamma, sigma, kappa) => {
      const found = fit(law(gamma, sigma, kappa))
      expect(found.gamma).toBeCloseTo(gamma, 3)
      expect(found.sigma).toBeCloseTo(sigma, 6)
      expect(found.kappa).toBeCloseTo(kappa, 7)
      expect(found.worst).toBeLessThan(1e-6)
      expect(found.fits).toBe(true)
      if (kappa > 0) expect(found.peak).toBeCloseTo(Math.sqrt((1 - sigma) / kappa), 2)
      else expect(found.peak).toBeNull()
    }
  )

  it("has the peak in its interval with noise", () => {
    const found = fit(law(1000, 0.05, 0.002), 0.03)
    const peak = Math.sqrt(0.95 / 0.002)
    expect(found.peakInterval?.low).toBeLessThan(peak)
    expect(found.peakInterval?.high).toBeGreaterThan(peak)
    expect((found.peakInterval?.high ?? 0) - (found.peakInterval?.low ?? 0)).toBeLessThan(peak / 3)
  })

  it("does not fit a cliff, and says so", () => {
    const found = fit((n) => n <= 12 ? 100 * n : 200)
    expect(found.fits).toBe(false)
    expect(found.worst).toBeGreaterThan(0.1)
  })

  it("is not fitted to three points", () => {
    expect(fitUsl([1, 2, 4].map((n) => ({ n, values: [n] })))).toContain("3 points with a throughput, 4 are the least")
  })
})
