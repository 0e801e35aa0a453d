import { describe, expect, expectTypeOf, it } from "vitest"
import { greet, serve } from "./greet.ts"

const nothing = {
  times: undefined,
  skip: [],
  tone: undefined,
  noCapitals: false,
  loud: false,
  out: undefined,
  last: undefined
}

describe("a command line", () => {
  it.each<[line: string, values: object]>([
    ["all a.txt", { ...nothing, names: "a.txt" }],
    ["all a.txt Bob", { ...nothing, names: "a.txt", last: "Bob" }],
    ["all --times 2 a.txt", { ...nothing, names: "a.txt", times: 2 }],
    ["all a.txt --times=2 --loud", { ...nothing, names: "a.txt", times: 2, loud: true }],
    ["all -t 2 a.txt --no-capitals", { ...nothing, names: "a.txt", times: 2, noCapitals: true }],
    ["all --skip Eve a.txt --skip Mallory", { ...nothing, names: "a.txt", skip: ["Eve", "Mallory"] }],
    ["all --tone cool -- --a.txt", { ...nothing, names: "--a.txt", tone: "cool" }]
  ])("%s", (line, values) => {
    expect(greet(line)).toEqual({ command: "all", values })
  })

  it("has the types of its rows", () => {
    const called = greet("all a.txt")
    if ("said" in called || called.command !== "all") throw new Error("expected the command all")
    expectTypeOf(called.values.names).toEqualTypeOf<string>()
    expectTypeOf(called.values.last).toEqualTypeOf<string | undefined>()
    expectTypeOf(called.values.times).toEqualTypeOf<number | undefined>()
    expectTypeOf(called.values.skip).toEqualTypeOf<ReadonlyArray<string>>()
    expectTypeOf(called.values.tone).toEqualTypeOf<"warm" | "cool" | undefined>()
    expectTypeOf(called.values.loud).toEqualTypeOf<boolean>()
  })

  it("may have no command where the program does something by itself", () => {
    expect(serve("")).toEqual({ command: "", values: { port: undefined } })
    expect(serve("--port 8080")).toEqual({ command: "", values: { port: 8080 } })
    expect(serve("none")).toEqual({ command: "none", values: {} })
  })
})

describe("a mistake is one line that names option, value and expectation", () => {
  it.each([
    ["al", "greet: unknown command al, did you mean all?"],
    ["farewell", "greet: unknown command farewell"],
    ["farewell --help", "greet: unknown command farewell"],
    ["help farewell", "greet: unknown command farewell"],
    ["--lod", "greet: unknown option --lod"],
    ["all", "greet: all: expected FILE"],
    ["all a b c", "greet: all: too many arguments, expected 2"],
    ["all a --tims 2", "greet: all: unknown option --tims, did you mean --times?"],
    ["all a --times", "greet: all: -t, --times N: expected a value"],
    ["all a --times -1", "greet: all: --times: got -1, expected a whole number from 1 to 9"],
    ["all a --times 1e1", "greet: all: --times: got 1e1, expected a whole number from 1 to 9"],
    ["all a --times 1 --times 2", "greet: all: --times: got 1 and 2, expected one value"],
    ["all a --skip=", "greet: all: --skip: got nothing, expected a name"],
    ["all a --tone hot", "greet: all: --tone: got hot, expected warm or cool"],
    ["all a --loud=yes", "greet: all: --loud=yes: expected --loud without a value"]
  ])("%s", (line, said) => {
    expect(greet(line)).toEqual({ said, wrong: true })
  })

  it("also where a program does something without a command", () => {
    expect(serve("farewell")).toEqual({ said: "greet: unknown command farewell", wrong: true })
    expect(serve("al")).toEqual({ said: "greet: unknown command al, did you mean all?", wrong: true })
    expect(serve("--prt 1")).toEqual({ said: "greet: unknown option --prt, did you mean --port?", wrong: true })
  })
})

describe("help", () => {
  const said = (line: string): string => {
    const called = greet(line)
    if (!("said" in called) || called.wrong) throw new Error(`${line}: expected help`)
    return called.said
  }

  it("of the program", () => {
    for (const line of ["help", "-h", "--help"]) expect(said(line)).toBe(said(""))
    expect(said("")).toMatchInlineSnapshot(`
      "Usage: greet COMMAND [OPTIONS]

      Greets people.

      Options:
        -V, --version  Prints the version.
        -h, --help     Prints this help.

      Commands:
        all            Greets everybody in a file.
        none           Greets nobody.

      Exit codes:
        0  everybody was greeted
        2  a mistake in the command line"
    `)
  })

  it("of a command", () => {
    for (const line of ["all --help", "all a.txt -h"]) expect(said(line)).toBe(said("help all"))
    expect(said("help all")).toMatchInlineSnapshot(`
      "Usage: greet all [OPTIONS] FILE [NAME]

      Greets everybody in a file.

      In the order of the file.

      Arguments:
        FILE           A name a line.
        NAME           Who comes last.

      Options:
        -t, --times N  How often. Without it: once.
        --skip NAME    Leaves out this one. Any number of times.
        --tone TONE    How.
        --no-capitals  Writes small letters.
        --loud         Writes capitals.
        --out DIR      Where to write.
        -h, --help     Prints this help.

      Examples:
        greet all friends.txt --times 2
            twice each"
    `)
  })

  it.each(["-V", "--version"])("the version by %s", (line) => {
    expect(said(line)).toBe("1.0.0")
  })
})
