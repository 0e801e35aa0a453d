import { expect, it } from "vitest"
import { contentsOf, exportsOf, surplus, usesIn } from "../src/contents.mjs"

it("a contents page exports what somebody outside its lib uses, or what a row of allowed-exports.mjs explains", () => {
  expect(surplus(contentsOf())).toEqual([])
})

it("finds names that a file declares, lists, renames, and passes on from other files", () => {
  const sources: Record<string, string> = {
    "libs/a/src/index.ts":
      `// export { not } from "./it.ts"\nexport { one, type Two, inner as three } from "./a.ts"\nexport * from "./deep/b.ts"\n`,
    "libs/a/src/deep/b.ts":
      `export const four = 4\nexport async function five() {}\nexport interface Six {}\nconst seven = 7\nexport * from "../c.ts"\n`,
    "libs/a/src/c.ts": `export abstract class Eight {}\nexport type {\n  Nine, // ten\n} from "./d.ts"\n`
  }
  expect([...exportsOf("libs/a/src/index.ts", (path) => sources[path]!)].sort()).toEqual(
    ["Eight", "Nine", "Six", "Two", "five", "four", "one", "three"]
  )
})

it.each([
  [`import { type A, b as c } from "@swaplab/sim"`, ["@swaplab/sim A", "@swaplab/sim b"]],
  [`import type {\n  A,\n  B\n} from "@swaplab/nbd/wire"`, ["@swaplab/nbd A", "@swaplab/nbd B"]],
  [`export { a } from "@swaplab/net-skb"`, ["@swaplab/net-skb a"]],
  [`import * as sim from "@swaplab/sim"\nsim.run(sim.Timer)`, ["@swaplab/sim run", "@swaplab/sim Timer"]],
  [`const { a, b: c } = await import("@swaplab/sim")`, ["@swaplab/sim a", "@swaplab/sim b"]],
  [`/** @type {import("@swaplab/sim").Sim} */`, ["@swaplab/sim Sim"]],
  [`// import { a } from "@swaplab/sim"`, []],
  [`import { a } from "./sim.ts"`, []]
])("%s", (text, uses) => {
  expect(usesIn(text)).toEqual(uses)
})

it("a use by the lib's own sources and tests does not count, one by its benchmark or its README does", () => {
  const uses: Record<string, string> = {
    "libs/sim/src/a.ts": "src",
    "libs/sim/test/a.test.ts": "test",
    "libs/sim/bench/sim.ts": "bench",
    "libs/sim/README.md": "readme",
    "libs/lan/test/a.test.ts": "elsewhere"
  }
  const text = (path: string) => uses[path] === undefined ? "" : `import { ${uses[path]} } from "@swaplab/sim"`
  const sim = contentsOf(Object.keys(uses), text).find(({ name }) => name === "sim")
  expect([...sim!.used].sort()).toEqual(["bench", "elsewhere", "readme"])
})

it("names each export without a user, and each row that is not needed", () => {
  const contents = [{ name: "sim", exported: ["Sim", "Options", "spare", "Old"], used: new Set(["Sim", "Old"]) }]
  const rows = { Options: "Sim", Gone: "Sim", Old: "Sim" }
  expect(surplus(contents, { sim: rows })).toEqual([
    "libs/sim/src/index.ts exports spare, which nobody outside the lib uses",
    "tools/src/allowed-exports.mjs: sim: Gone is not exported",
    "tools/src/allowed-exports.mjs: sim: Old is used outside the lib and needs no row"
  ])
  expect(surplus(contents, { sim: { Options: "gone", spare: "Sim" } })).toEqual([
    "tools/src/allowed-exports.mjs: sim: Options stands in the signature of gone, which is not exported"
  ])
})
