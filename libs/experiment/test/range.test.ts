import { MAX_VALUES, spread } from "#src/range.ts"
import { parseAxis } from "@swaplab/experiment"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

const valuesOf = (range: string): ReadonlyArray<unknown> =>
  Either.getOrThrowWith(parseAxis("--x", `a.b=${range}`), (error) => error).values

const mistakeIn = (text: string): string => {
  const axis = parseAxis("--x", text)
  return Either.isLeft(axis) ? axis.left.message : "none"
}

describe("an axis", () => {
  it.each<[string, ReadonlyArray<unknown>]>([
    ["r8169,e1000", ["r8169", "e1000"]],
    ["r8169, e1000 , igb", ["r8169", "e1000", "igb"]],
    ["true,false", [true, false]],
    ["1,2.5,8", [1, 2.5, 8]],
    ["5 %,20 %", ["5 %", "20 %"]],
    ["0..8000/5", [0, 2000, 4000, 6000, 8000]],
    ["8..1/2", [8, 1]],
    // ends are kept and whole ends make whole steps
    ["0..10/4", [0, 3, 7, 10]],
    ["0.5..1/3", [0.5, 0.75, 1]],
    ["0.1234..0.5/2", [0.1234, 0.5]],
    ["0.1234..0.5678/3", [0.1234, 0.346, 0.5678]],
    ["1024 ms..4096 ms/3", ["1024 ms", "2.56 s", "4096 ms"]],
    ["1514 B..9014 B/2", ["1514 B", "9014 B"]],
    ["12.345 %..20 %/2", ["12.345 %", "20 %"]],
    ["log:500..16000/6", [500, 1000, 2000, 4000, 8000, 16000]],
    ["1..4 MiB/4", ["1 MiB", "2 MiB", "3 MiB", "4 MiB"]],
    ["512 KiB..2 MiB/3", ["512 KiB", "1.25 MiB", "2 MiB"]],
    // 3.33 MiB is cut to whole pages
    ["1MiB..8MiB/4", ["1 MiB", "3412 KiB", "5804 KiB", "8 MiB"]],
    ["log:1 MiB..16 MiB/5", ["1 MiB", "2 MiB", "4 MiB", "8 MiB", "16 MiB"]],
    ["0 %..20 %/5", ["0 %", "5 %", "10 %", "15 %", "20 %"]],
    ["1..2 %/4", ["1 %", "1.33 %", "1.67 %", "2 %"]],
    ["100 Mbit..1 Gbit/2", ["100 Mbit", "1 Gbit"]],
    ["log:10 us..10 ms/4", ["10 us", "100 us", "1 ms", "10 ms"]],
    ["1..40 step 13", [1, 14, 27, 40]],
    ["1..4step2", [1, 3]],
    ["0..1 step 0.25", [0, 0.25, 0.5, 0.75, 1]],
    ["0..0.3 step 0.1", [0, 0.1, 0.2, 0.3]],
    ["32..64 MiB step 16", ["32 MiB", "48 MiB", "64 MiB"]],
    ["1 ms..2 ms step 500 us", ["1 ms", "1.5 ms", "2 ms"]]
  ])("%s has the values %j", (range, values) => expect(valuesOf(range)).toEqual(values))

  it("has its path as typed", () => {
    expect(Either.getOrThrow(parseAxis("--x", "clients[0].ram=1 GiB")).path).toBe("clients[0].ram")
  })

  it.each([
    ["a.b=4..1 step 1", "is empty: 1 is below 4"],
    ["a.b=1..4 step 0", "a step of 0 goes nowhere"],
    ["a.b=1..1000 step 1", `has 1000 values, expected at most ${MAX_VALUES}`],
    ["a.b=1..4 furlong step 1", "furlong is no unit"],
    ["pageCache", "expected PATH=a,b,c, PATH=from..to/steps, PATH=log:from..to/steps or PATH=from..to step size"],
    ["a.b=", "expected PATH=a,b,c"],
    ["=1,2", "expected PATH=a,b,c"],
    ["a..b=1,2", "expected PATH=a,b,c"],
    ["a=1..2", "expected PATH=a,b,c"],
    ["a=1..x/3", "expected PATH=a,b,c"],
    ["a=-1..3/3", "expected PATH=a,b,c"],
    ["a=1..9/1", `expected 2 to ${MAX_VALUES} steps`],
    ["a=1..9/65", `expected 2 to ${MAX_VALUES} steps`],
    ["a=log:0..9/3", "a logarithmic range cannot start at 0"],
    ["a=log:0 MiB..9 MiB/3", "a logarithmic range cannot start at 0"],
    ["a=1 MiB..9/3", "the second end has no unit"],
    ["a=1..9 MB/3", "MB is no unit"],
    ["a=1 ms..9 MiB/3", "expected ends such as a size such as 64 MiB"],
    ["a=1..3/9", "two of its values are equal: 1, 1, 2, 2, 2, 2, 3, 3, 3"],
    ["a=1,1", "two of its values are equal: 1, 1"],
    ["a=1,,2", "expected texts and numbers between the commas"],
    ["a=[1],2", "expected texts and numbers between the commas"]
  ])("refuses %s: %s", (text, message) => expect(mistakeIn(text)).toContain(`--x ${text}: ${message}`))

  it("has both ends exactly, whatever is in between", () => {
    for (const log of [false, true]) {
      const values = spread(0.1, 0.7, 7, log)
      expect([values[0], values[6]]).toEqual([0.1, 0.7])
      expect([...values].sort((a, b) => a - b)).toEqual(values)
    }
  })
})
