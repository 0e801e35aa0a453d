// What can stand in a file, and what is said when it cannot be taken: one line a mistake, with line and column.
import { parseYaml, plainOf, quote } from "@swaplab/config"
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const EXPECTED = { what: "a room", top: "a room: a mapping with machines" }
const parse = (text: string) => parseYaml("f", text, EXPECTED)
const said = (text: string): string =>
  Either.match(parse(text), { onLeft: ({ message }) => message, onRight: () => "" })
const read = (text: string): unknown => plainOf(Either.getOrThrow(parse(text)))

/** Lists in one another that stand for `width ** depth` values. */
const bomb = (depth: number, width: number): string =>
  Array.from(
    { length: depth },
    (_, i) => `a${i}: &a${i} [${Array.from({ length: width }, () => i === 0 ? "x" : `*a${i - 1}`).join(", ")}]`
  ).join("\n")

describe("mistakes", () => {
  it.each<[what: string, text: string, message: string | RegExp]>([
    ["nothing", "", "f: is empty, expected a room"],
    ["blanks", " \n\n", "f: is empty, expected a room"],
    ["comments", "# x\n", "f: is empty, expected a room"],
    ["a document without a value", "---\n", "f: is empty, expected a room"],
    ["null", "~\n", "f: is empty, expected a room"],
    ["a byte order mark alone", "\uFEFF", "f: is empty, expected a room"],
    ["a list", "- a", `f:1:1: got ["a"], expected a room: a mapping with machines`],
    ["a text", "\n hello", `f:2:2: got "hello", expected a room: a mapping with machines`],
    ["a number", ".nan", "f:1:1: got .nan, expected a room: a mapping with machines"],
    ["a key twice", "a: 1\nb: 2\na: 3", `f:3:1: the key "a" was given in line 1 already`],
    ["a key twice in two ways", "1: a\n\"1\": b", `f:2:1: the key "1" was given in line 1 already`],
    ["two keys twice", "a: 1\na: 2\nb: 1\nb: 2", /^f:2:1: the key "a".*\nf:4:1: the key "b"[^\n]*$/],
    ["a tab", "a:\n\tb: 1", "f:2:1: not YAML: Tabs are not allowed as indentation"],
    ["an open bracket", "a: [1, 2", /^f:1:9: not YAML: [^\n]+$/],
    ["an open quote", "a: \"x\nb: 1", /^f:[12]:\d+: not YAML: [^\n]+$/],
    ["mistakes in two lines", "a: @x\nb: `y", /^f:1:4: not YAML: [^\n]+\nf:2:4: not YAML: [^\n]+$/],
    ["two documents", "a: 1\n---\nb: 2", "f:2:1: a second document starts here (---), expected one in a file"],
    ["a tag", "a: !secret x", "f:1:4: not YAML: Unresolved tag: !secret"],
    ["an alias of nothing", "a: *b", "f:1:4: no &b stands before the alias *b"],
    ["an alias before its anchor", "a: *b\nb: &b 1", "f:1:4: no &b stands before the alias *b"],
    ["an alias inside of itself", "a: &a [1, *a]", "f:1:11: the alias *a is inside of what it stands for"],
    ["a list as a key", "? [a]\n: 1", "f:1:3: expected a text as the key"],
    ["a mapping as a key", "{ { a: 1 }: 2 }", "f:1:3: expected a text as the key"],
    ["a merge of a text", "<<: x", "f:1:5: expected a mapping, or a list of mappings, after <<"],
    ["aliases without end", bomb(12, 9), /^f:6:\d+: has more than 250000 values, those that aliases repeat included$/],
    ["lists without end", "a: " + "[".repeat(100_000), "f: lists and mappings are nested more than 100 deep"],
    ["blocks without end", "- ".repeat(3000) + "x", "f: lists and mappings are nested more than 100 deep"],
    ["questions without end", "? ".repeat(3000) + "x", "f: lists and mappings are nested more than 100 deep"],
    [
      "lines that go in and in",
      Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      "f: lists and mappings are nested more than 100 deep"
    ],
    [
      "101 lists",
      "a: " + "[".repeat(101) + "]".repeat(101),
      /^f:1:4: lists and mappings are nested more than 100 deep$/
    ],
    ["aliases that nest", bomb(101, 1), /^f:\d+:\d+: lists and mappings are nested more than 100 deep$/]
  ])("%s", (_what, text, message) => {
    if (typeof message === "string") expect(said(text)).toBe(message)
    else expect(said(text)).toMatch(message)
  })
})

describe("what is read", () => {
  it.each<[what: string, text: string, value: unknown]>([
    ["a byte order mark", "\uFEFFa: 1", { a: 1 }],
    ["carriage returns", "a: 1\r\nb: x\r\n", { a: 1, b: "x" }],
    ["keys that are no texts", "1: a\ntrue: b\n0x10: c\n~: d", { "1": "a", true: "b", "0x10": "c", "~": "d" }],
    ["a key called __proto__", "__proto__: 1", Object.fromEntries([["__proto__", 1]])],
    ["an alias", "a: &x { b: 1 }\nc: *x", { a: { b: 1 }, c: { b: 1 } }],
    ["an anchor that is set again", "a: &x 1\nb: *x\nc: &x 2\nd: *x", { a: 1, b: 1, c: 2, d: 2 }],
    ["a merge key", "a: &x { b: 1, c: 2 }\nd: { <<: *x, c: 3 }", { a: { b: 1, c: 2 }, d: { c: 3, b: 1 } }],
    ["merged mappings, the first before the others", "d: { <<: [{ a: 1 }, { a: 2, b: 3 }] }", { d: { a: 1, b: 3 } }],
    ["a quoted <<", "\"<<\": x", { "<<": "x" }],
    ["a key without a value", "a:\nb: ", { a: null, b: null }],
    ["JSON", "{\"a\": [1, {\"b\": null}]}", { a: [1, { b: null }] }],
    ["100 lists", "a: " + "[".repeat(98) + "]".repeat(98), expect.anything()]
  ])("%s", (_what, text, value) => {
    expect(read(text)).toEqual(value)
  })

  it.each([".nan", ".inf", "-.inf", "1e400", "9007199254740993", "0x10", "1.50", "true", "Null", "\"x\""])(
    "%s is quoted as it stood there",
    (text) => {
      const tree = Either.getOrThrow(parse(`a: ${text}`))
      expect(quote(tree.entries.get("a")?.value)).toBe(text)
    }
  )

  it("counts columns from 1, with and without a byte order mark", () => {
    for (const mark of ["", "\uFEFF"]) {
      const tree = Either.getOrThrow(parse(`${mark}a: { b: 1 }\r\nc: 2`))
      expect(tree.entries.get("a")?.value.place.position).toEqual({ line: 1, column: 4 })
      expect(tree.entries.get("c")?.key.position).toEqual({ line: 2, column: 1 })
    }
  })
})

it("takes any text, or says what is wrong in lines that begin with the file", () => {
  const letters = fc.constantFrom(..."ab:-?[]{},&*!|>'\"%@`#~<=\n\n  \t\r\u0000\uFEFF0.e")
  const text = fc.oneof(
    fc.array(letters, { maxLength: 60 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.json({ maxDepth: 4 })
  )
  fc.assert(
    fc.property(text, (yaml) => {
      const result = parse(yaml)
      if (Either.isRight(result)) return plainOf(result.right) !== undefined
      return result.left.problems.length > 0 && result.left.message.split("\n").every((line) => line.startsWith("f:"))
    }),
    { numRuns: 600, seed: 2012 }
  )
})
