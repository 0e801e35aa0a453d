import { BYTE_RATE } from "#src/units.ts"
import { formatQuantity, parseQuantity, RATE, SHARE, SIZE, TIME, type UnitKind } from "@swaplab/config"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("quantities", () => {
  it.each<[UnitKind, string, number | null]>([
    [SIZE, "64 MiB", 67_108_864],
    [SIZE, "64MiB", 67_108_864],
    [SIZE, "1.5 KiB", 1536],
    [SIZE, "0 B", 0],
    [SIZE, "64 MB", null],
    [SIZE, "1 kB", null],
    [BYTE_RATE, "50 MiB/s", 52_428_800],
    [BYTE_RATE, "50 MB/s", null],
    [BYTE_RATE, "50 MiB", null],
    [TIME, "2 d", 172_800e9],
    [SIZE, "-64 MiB", null],
    [SIZE, "64", null],
    [SIZE, " 64 MiB", null],
    [SIZE, "1e3 MiB", null],
    [SIZE, "9999999999 TiB", null],
    // nothing rounds to 1 ms: a nanosecond and fractions of a microsecond are kept
    [TIME, "1 ns", 1],
    [TIME, "0.67 us", 670],
    [TIME, "0.001 ms", 1000],
    [TIME, "20 µs", 20_000],
    [TIME, "900 s", 900e9],
    [TIME, "10 days", null],
    [RATE, "1 Gbit", 1e9],
    [RATE, "100 Mbit/s", 1e8],
    [RATE, "100 MB/s", null],
    [SHARE, "7 %", 0.07],
    [SHARE, "0.1%", 0.001],
    [SHARE, "101 %", null]
  ])("%#: %s", (kind, text, value) => {
    expect(parseQuantity(kind, text)).toBe(value)
  })

  it.each<[UnitKind, number, string]>([
    [SIZE, 67_108_864, "64 MiB"],
    [SIZE, 1536, "1.5 KiB"],
    [SIZE, 0, "0 B"],
    [TIME, 1500, "1.5 us"],
    [TIME, 35, "35 ns"],
    [TIME, 1_000_001, "1000001 ns"],
    [RATE, 1e9, "1 Gbit"],
    [SHARE, 0.07, "7 %"],
    [SHARE, 0.29, "29 %"]
  ])("%#: writes %s as it is read", (kind, value, text) => {
    expect(formatQuantity(kind, value)).toBe(text)
  })

  it.each([["sizes", SIZE], ["times", TIME], ["rates", RATE]] as const)("%s survive writing and reading", (_, kind) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Math.min(kind.max, 2 ** 53 - 1) }), (value) => {
        expect(parseQuantity(kind, formatQuantity(kind, value))).toBe(value)
      }),
      { seed: 2012, numRuns: 2000 }
    )
  })

  it("percentages of up to six decimals survive reading, writing and reading", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000_000 }), (millionths) => {
        const value = parseQuantity(SHARE, `${(millionths / 1e6).toFixed(6)} %`)
        expect(value).not.toBeNull()
        expect(parseQuantity(SHARE, formatQuantity(SHARE, value ?? 0))).toBe(value)
      }),
      { seed: 2012, numRuns: 2000 }
    )
  })
})
