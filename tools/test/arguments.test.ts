import { describe, expect, it } from "vitest"
import { choose, parse } from "../src/arguments.mjs"

const all = ["lan", "tcp", "nbd", "nbd-driver"].map((name) => ({
  name: `@swaplab/${name}`,
  folder: `libs/${name}`,
  scripts: {}
}))
const foldersOf = (...names: ReadonlyArray<string>) => {
  const chosen = choose(names, all)
  return typeof chosen === "string" ? chosen : chosen.map(({ folder }) => folder)
}

describe("the arguments of npm test", () => {
  it("are projects, a seed, and checks made elsewhere, in any order", () => {
    expect(parse([], true)).toEqual({ names: [], seed: null, also: [] })
    expect(parse(["lan", "--seed", "-5", "tcp", "--also", "npm start=failed"], false)).toEqual({
      names: ["lan", "tcp"],
      seed: -5,
      also: [{ name: "npm start", passed: false }]
    })
    expect(parse(["--seed=7"], false)).toMatchObject({ seed: 7 })
    expect(parse(["--fresh"], false)).toMatchObject({ seed: "fresh" })
  })

  it.each([
    [["--sed", "1"], "--sed: expected a project"],
    [["--seed"], "--seed: got nothing, expected a whole number"],
    [["--seed", "1.5"], "--seed: got 1.5, expected a whole number"],
    [["--seed", "2147483648"], "--seed: got 2147483648, expected a whole number"],
    [["--seed", "1", "--fresh"], "expected one of the two"],
    [["--fresh=1"], "expected --fresh without a value"],
    [["--also", "npm start"], "expected NAME=passed"]
  ])("%j is a mistake", (argv, sentence) => {
    expect(parse(argv, false)).toContain(sentence)
  })

  it.each([[["--fresh"]], [["--seed", "1"]]])("%j is refused where CI is set", (argv) => {
    expect(parse(argv, true)).toContain("CI uses the seed that each test names")
  })
})

describe("a project", () => {
  it("is found by name, package, folder and pattern, and tested once, in the order of the workspace", () => {
    expect(foldersOf("tcp", "@swaplab/lan", "libs/tcp/")).toEqual(["libs/lan", "libs/tcp"])
    expect(foldersOf("nbd")).toEqual(["libs/nbd"])
    expect(foldersOf("nbd*")).toEqual(["libs/nbd", "libs/nbd-driver"])
  })

  it("that does not exist is named, with those that are nearest", () => {
    expect(foldersOf("lan", "tpc")).toBe("tpc: no project has this name, the nearest is tcp")
    expect(foldersOf("nb")).toBe("nb: no project has this name, the nearest are nbd, nbd-driver")
    expect(foldersOf("c++")).toContain("c++: no project has this name")
  })
})
