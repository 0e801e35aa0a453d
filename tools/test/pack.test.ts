import { describe, expect, it } from "vitest"
import { isOutput, packagesIn, packedManifest } from "../src/pack.mjs"

describe("a packed manifest", () => {
  const versions = { "@swaplab/sim": "1.2.3" }

  it("names packages of the workspace by their exact version, and nothing that only the workspace needs", () => {
    expect(packedManifest({
      name: "@swaplab/lan",
      version: "0.1.0",
      exports: { ".": "./dist/index.js" },
      dependencies: { "@swaplab/sim": "*", effect: "3.22.4" },
      devDependencies: { vitest: "3.2.7" },
      imports: { "#src/*.ts": "./src/*.ts" },
      scripts: { test: "vitest run" },
      nx: { tags: [] }
    }, versions)).toEqual({
      name: "@swaplab/lan",
      version: "0.1.0",
      exports: { ".": "./dist/index.js" },
      dependencies: { "@swaplab/sim": "1.2.3", effect: "3.22.4" }
    })
  })

  it("of an app needs no package, because all is in its bundle", () => {
    const app = {
      name: "@swaplab/app",
      version: "0.1.0",
      bin: { app: "./bin/app.mjs" },
      dependencies: { effect: "3.22.4" }
    }
    expect(packedManifest(app, versions)).toEqual({ ...app, dependencies: {} })
  })

  it("cannot be made for a package that needs one which is not packed", () => {
    expect(() => packedManifest({ name: "a", version: "0.1.0", dependencies: { "@swaplab/lab": "*" } }, versions))
      .toThrow("a needs @swaplab/lab, which is no package of this workspace")
  })
})

it.each([
  ["index.js", true],
  ["index.d.ts", true],
  ["deep/page.js.map", true],
  ["deep/page.d.ts.map", true],
  ["gone.js", false],
  ["tsconfig.lib.tsbuildinfo", false]
])("of dist, %s is packed: %s", (path, packed) => {
  expect(isOutput(path, (source) => ["index.ts", "deep/page.ts"].includes(source))).toBe(packed)
})

it("knows the packages that went into a bundle", () => {
  expect(packagesIn([
    "dist/main.js",
    "../../libs/lan/dist/index.js",
    "../../node_modules/effect/dist/esm/Effect.js",
    "../../node_modules/effect/node_modules/fast-check/lib/esm/a.js",
    "../../node_modules/@effect/platform/dist/esm/Path.js",
    "../../node_modules/effect/dist/esm/Layer.js"
  ])).toEqual(["@effect/platform", "effect", "fast-check"])
})
