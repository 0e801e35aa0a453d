import { describe, expect, it } from "vitest"
import { surfaceOf, surfaces } from "../src/api-surface.mjs"
import { read } from "../src/workspace.mjs"

describe("the public API of each lib", () => {
  it.each(Object.entries(surfaces()))("%s is what its declarations say; `npm run generate` writes it", (path, text) => {
    expect(read(path)).toBe(text)
  })
})

/** The surface of a package whose one entry is a.d.ts, of these files. */
const surface = (
  files: Readonly<Record<string, string>>,
  entries: Readonly<Record<string, string>> = { ".": "a.d.ts" }
) => surfaceOf("lab", entries, (path) => files[path] ?? "")

describe("a surface", () => {
  it("has declarations in the order of their names, without comments and without what nobody outside can use", () => {
    expect(surface({
      "a.d.ts": `/** Late. */\nexport declare const z: 1; // why\n/** Early. */\nexport declare class A {
    #private;
    private hidden;
    /** Units: ms. */
    readonly open: number;
}
`
    })).toBe(`// @swaplab/lab

class A {
    readonly open: number;
}

const z: 1;
`)
  })

  it("follows names through lists, renamings and files that are passed on", () => {
    expect(surface({
      "a.d.ts": `export { inner as outer } from "./b.ts";\nexport * from "./c.ts";\nexport { Effect } from "effect";\n`,
      "b.d.ts": `declare const inner: 1;\nexport { inner };\n`,
      "c.d.ts": `export type C = 2;\n`
    })).toBe(`// @swaplab/lab

type C = 2;

// Effect comes from another package

// as outer
const inner: 1;
`)
  })

  it("ends with what its declarations need and nobody can import", () => {
    expect(surface({
      "a.d.ts": `import { type Base } from "./b.ts";\nexport interface A extends Base {}\n`,
      "b.d.ts": `import type { Deep } from "./c.ts";\nexport interface Base { deep: Deep }\nexport interface Not {}\n`,
      "c.d.ts": `export interface Deep {}\n`
    })).toBe(`// @swaplab/lab

interface A extends Base {}

// without a name outside: what the declarations above need

interface Base { deep: Deep }

interface Deep {}
`)
  })

  it("has a section for each entry", () => {
    const entries = { ".": "a.d.ts", "./wire": "b.d.ts" }
    expect(surface({ "a.d.ts": `export type A = 1;`, "b.d.ts": `export type B = 2;` }, entries)).toBe(
      `// @swaplab/lab\n\ntype A = 1;\n\n// @swaplab/lab/wire\n\ntype B = 2;\n`
    )
  })

  it("keeps all overloads, and of a type that is very long its length and a hash", () => {
    const long = `{ a: "${"x".repeat(7000)}" }`
    const text = surface({
      "a.d.ts":
        `export declare function f(a: 1): 1;\nexport declare function f(a: 2): 2;\nexport declare const s: ${long};\n`
    })
    expect(text).toContain("function f(a: 1): 1;\nfunction f(a: 2): 2;\n")
    expect(text).toMatch(/\d+ characters, sha256 [0-9a-f]{16}/)
    const other = surface({ "a.d.ts": `export declare const s: ${long.replace("xy", "yx").replace("xx", "xy")};` })
    expect(other.split("\n").at(-2)).not.toBe(text.split("\n").at(-2))
  })

  it("cannot be made of what is no declaration file", () => {
    expect(() => surface({ "a.d.ts": "export declare const" })).toThrow("a.d.ts: ")
  })
})
