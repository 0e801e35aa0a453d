import { describe, expect, it } from "vitest"
import { byModule, contentsOf, effectContents } from "../src/effect-modules.mjs"

const contents = contentsOf(`/**
 * export * as Never from "./Never.js"
 */
export {
/**
 * @since 2.0.0
 */
identity,
pipe } from "./Function.js";
export * as Effect from "./Effect.js";
export * as Array from "./Array.js";
`)

it("reads the contents page of effect", () => {
  expect([...contents]).toEqual([
    ["Effect", { module: "Effect", whole: true }],
    ["Array", { module: "Array", whole: true }],
    ["identity", { module: "Function", whole: false }],
    ["pipe", { module: "Function", whole: false }]
  ])
  expect(effectContents().get("Schema")).toEqual({ module: "Schema", whole: true })
  expect(effectContents().get("unsafeCoerce")).toEqual({ module: "Function", whole: false })
})

describe("an import by module", () => {
  it.each([
    ["import { Effect } from \"effect\"", "import * as Effect from \"effect/Effect\""],
    [
      "import { Array as Arr, Effect, identity } from \"effect\"",
      "import * as Arr from \"effect/Array\"; import * as Effect from \"effect/Effect\"; import { identity } from \"effect/Function\""
    ],
    ["import { Effect, type Scope } from \"effect\"", "import * as Effect from \"effect/Effect\""],
    ["import type { Scope } from \"effect\"", ""],
    [
      "import {\n  Effect,\n  pipe\n} from \"effect\"\nx",
      "import * as Effect from \"effect/Effect\"; import { pipe } from \"effect/Function\"\n\n\n\nx"
    ],
    ["import * as Effect from \"effect/Effect\"", "import * as Effect from \"effect/Effect\""]
  ])("%j", (source, wanted) => {
    expect(byModule(source, contents)).toBe(wanted)
  })

  it("is refused where it is no list of names, or names what effect does not have", () => {
    expect(() => byModule("a\nimport * as all from \"effect\"\nb", contents)).toThrow(
      "got import * as all from \"effect\""
    )
    expect(() => byModule("export { Effect } from \"effect\"", contents)).toThrow(
      "expected import { ... } from \"effect\""
    )
    expect(() => byModule("import { Nothing } from \"effect\"", contents)).toThrow("effect has no Nothing")
  })
})
