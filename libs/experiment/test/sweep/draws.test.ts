import { drawnValue } from "#src/sweep/draws.ts"
import { parseDrawn } from "@swaplab/experiment"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

const drawn = (range: string) => Either.getOrThrowWith(parseDrawn("--y", `a.b=${range}`), (error) => error)

const values = (range: string, seeds = 400): ReadonlyArray<string | number> =>
  Array.from({ length: seeds }, (_, i) => drawnValue(drawn(range), i + 1))

const numbers = (range: string): ReadonlyArray<number> => values(range).map((value) => Number.parseFloat(String(value)))

const mean = (list: ReadonlyArray<number>): number => list.reduce((a, b) => a + b, 0) / list.length

describe("a parameter by chance", () => {
  it("is the same for the same seed and path, and another for another", () => {
    expect(values("uniform(1.0, 4.0)", 5)).toEqual(values("uniform(1.0, 4.0)", 5))
    expect(new Set(values("uniform(1.0, 4.0)", 50)).size).toBe(50)
    const other = Either.getOrThrow(parseDrawn("--y", "a.c=uniform(1.0, 4.0)"))
    expect(drawnValue(other, 1)).not.toBe(drawnValue(drawn("uniform(1.0, 4.0)"), 1))
  })

  it("is whole where its parameters are, the ends as often as the rest", () => {
    const counts = new Map<string | number, number>()
    for (const value of values("uniform(1, 4)")) counts.set(value, (counts.get(value) ?? 0) + 1)
    expect([...counts.keys()].toSorted()).toEqual([1, 2, 3, 4])
    for (const n of counts.values()) expect(Math.abs(n - 100)).toBeLessThan(45)
  })

  it.each([
    ["uniform(1.0, 4.0)", 2.5, 0.15],
    ["triangular(0.0, 3.0, 3.0)", 2, 0.1],
    ["normal(20.0, 5.0)", 20, 0.9],
    ["loguniform(1.0, 100.0)", 99 / Math.log(100), 3]
  ])("%s has the mean %d", (range, expected, tolerance) => {
    expect(Math.abs(mean(numbers(range)) - expected)).toBeLessThan(tolerance)
  })

  it("has the unit of its parameters, and whole pages where they have", () => {
    for (const value of values("uniform(1, 4 MiB)", 20)) {
      const [, number, unit] = /^([\d.]+) (\w+)$/.exec(String(value)) ?? []
      expect(Number(number) * (unit === "MiB" ? 256 : 0.25) % 1, String(value)).toBe(0)
    }
    expect(values("normal(20 us, 5 us)", 3).every((value) => /^[\d.]+ (us|ns)$/.test(String(value)))).toBe(true)
  })

  it.each([
    ["uniform(4, 1)", "its parameters go down"],
    ["uniform(1)", "expected uniform(from, to), such as uniform(1, 4)"],
    ["uniform(a, b)", "expected uniform(from, to)"],
    ["loguniform(0, 5)", "a logarithm cannot start at 0"],
    ["poisson(3)", "expected PATH= and a distribution such as uniform(1, 4)"],
    ["uniform(1, 4 furlong)", "furlong is no unit"]
  ])("%s is a mistake: %s", (range, message) => {
    const parsed = parseDrawn("--y", `a.b=${range}`)
    expect(Either.isLeft(parsed) ? parsed.left.message : "none").toContain(`--y a.b=${range}: ${message}`)
  })
})
