import { describe, expect, it } from "vitest"
import { equivalents } from "../src/equivalent-mutants.mjs"
import { describeMutants, draw, equivalentReason, hasDied, nameOf, scoreOf } from "../src/mutants.mjs"
import { read } from "../src/workspace.mjs"

const SOURCE = "const a = 1\n  return b < c && b < c\n"

/** A change as Stryker describes it. */
const change = (line: number, column: number, endColumn: number, replacement: string) => ({
  fileName: "/copy/src/rule.ts",
  location: { start: { line, column }, end: { line, column: endColumn } },
  replacement
})

const mutants = describeMutants(
  "slab",
  [change(1, 9, 14, "b <= c"), change(1, 18, 23, "b <= c"), change(1, 9, 23, "b < c || b < c")],
  () => SOURCE
)

describe("mutants", () => {
  it("are known by what they change, and equal ones by their order", () => {
    expect(mutants).toEqual([
      { original: "b < c", replacement: "b <= c", nth: 0, range: "src/rule.ts:2:9-2:14" },
      { original: "b < c", replacement: "b <= c", nth: 1, range: "src/rule.ts:2:18-2:23" },
      { original: "b < c && b < c", replacement: "b < c || b < c", nth: 0, range: "src/rule.ts:2:9-2:23" }
    ].map((mutant) => ({ lib: "slab", file: "src/rule.ts", line: "return b < c && b < c", ...mutant })))
  })

  it("keep their names when lines are put in front of them", () => {
    const below = describeMutants("slab", [change(2, 9, 14, "b <= c")], () => `// a comment\n${SOURCE}`)
    expect(nameOf(below[0])).toBe(nameOf(mutants[0]))
  })
})

describe("a draw", () => {
  const many = Array.from({ length: 400 }, (_, i) => ({ ...mutants[0], nth: i }))
  const names = (drawn: ReadonlyArray<{ readonly nth: number }>) => drawn.map(({ nth }) => nth)

  it("is the same for a seed, and another for another", () => {
    expect(names(draw(many, 50, 1))).toEqual(names(draw(many.toReversed(), 50, 1)))
    expect(names(draw(many, 50, 1))).not.toEqual(names(draw(many, 50, 2)))
  })

  it("takes each mutant once, and all of them when there are fewer", () => {
    expect(new Set(names(draw(many, 50, 1))).size).toBe(50)
    expect(names(draw(many, 1000, 1)).toSorted((a, b) => a - b)).toEqual(names(many))
  })

  it("takes the same mutants when another one goes", () => {
    const drawn = draw(many, 50, 1)
    const others = many.filter((mutant) => mutant !== drawn[7])
    expect(names(draw(others, 49, 1))).toEqual(names(drawn.filter((_, i) => i !== 7)))
  })

  it("prefers none", () => {
    const halves = [0, 0]
    for (let seed = 1; seed <= 40; seed++) for (const { nth } of draw(many, 50, seed)) halves[nth < 200 ? 0 : 1]++
    // 2,000 draws: five standard deviations are 112
    expect(Math.abs(halves[0] - 1000)).toBeLessThan(112)
  })
})

describe("a score", () => {
  const known = [{
    file: "libs/slab/src/rule.ts",
    line: "return b < c && b < c",
    original: "b < c",
    replacement: "b <= c",
    nth: 1,
    reason: "b and c are never equal here"
  }]
  const fared = (i: number, status: string) => ({ ...mutants[i], status })

  it.each([
    ["Killed", true],
    ["Timeout", true],
    ["RuntimeError", false],
    ["Survived", false],
    ["NoCoverage", false]
  ])("%s: died %s", (status, died) => expect(hasDied(fared(0, status))).toBe(died))

  it("leaves out mutants that make no difference, unless they died", () => {
    expect(equivalentReason(mutants[1], known)).toBe("b and c are never equal here")
    expect(equivalentReason(mutants[0], known)).toBeUndefined()
    expect(scoreOf([fared(0, "Survived"), fared(1, "Survived"), fared(2, "Timeout")], known)).toEqual({
      died: 1,
      timeout: 1,
      judged: 2,
      equivalent: 1
    })
    expect(scoreOf([fared(1, "Killed")], known)).toEqual({ died: 1, timeout: 0, judged: 1, equivalent: 0 })
  })
})

describe("mutants listed as equivalent", () => {
  const rows = equivalents.map((entry) => ({ ...entry, where: `${entry.file}: ${entry.original}` }))

  it("are there once, with a reason", () => {
    expect(new Set(rows.map(({ reason: _reason, ...rest }) => JSON.stringify(rest))).size).toBe(rows.length)
    expect(rows.filter(({ reason }) => reason.length < 20)).toEqual([])
  })

  it("stand in the sources", () => {
    const missing = rows.filter(({ file, line, original }) =>
      !read(file).split("\n").some((text) => text.trim() === line) || !read(file).includes(original)
    )
    expect(missing.map(({ where }) => where)).toEqual([])
  })
})
