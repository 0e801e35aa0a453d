// @ts-check
// Imports of the package `effect` by module, for bundles in CommonJS: `import { Effect } from "effect"` becomes
// `import * as Effect from "effect/Effect"`. A module that is run when it is asked for, as esbuild makes them of `import()`, runs
// all that it imports: of the contents page of effect that is a megabyte.
import { readFileSync } from "node:fs"

const NAMED = /^import (type )?\{([^}]*)\} from "effect"$/gm
const LEFT = /^.*from "effect"$/m

/**
 * Where each name of the contents page comes from: it is a module as a whole, or one export of it.
 * @typedef {{ readonly module: string, readonly whole: boolean }} Home
 * @typedef {ReadonlyMap<string, Home>} Contents
 */

/** Reads a contents page. @type {(page: string) => Contents} */
export const contentsOf = (page) => {
  const text = page.replace(/\/\*[^]*?\*\//g, "")
  /** @type {Map<string, Home>} */
  const homes = new Map()
  for (const [, name, module] of text.matchAll(/export \* as (\w+) from "\.\/(\w+)\.js"/g)) {
    homes.set(name, { module, whole: true })
  }
  for (const [, names, module] of text.matchAll(/export \{([^}]*)\} from "\.\/(\w+)\.js"/g)) {
    for (const name of names.split(",")) homes.set(name.trim(), { module, whole: false })
  }
  return homes
}

/** The contents page of the effect that is installed. */
export const effectContents = () =>
  contentsOf(readFileSync(new URL("../../node_modules/effect/dist/esm/index.js", import.meta.url), "utf8"))

/**
 * A source with its imports of the contents page by module, on the lines that they were on. Types are left out.
 * @type {(source: string, contents: Contents) => string}
 */
export const byModule = (source, contents) => {
  const done = source.replace(
    NAMED,
    (/** @type {string} */ all, /** @type {string | undefined} */ type, /** @type {string} */ names) => {
      const values = type === undefined ? names.split(",").map((name) => name.trim()) : []
      const lines = values.filter((name) => name !== "" && !name.startsWith("type ")).map((name) => {
        const [imported, local = imported] = name.split(" as ")
        const found = contents.get(imported)
        if (found === undefined) throw new Error(`effect has no ${imported}`)
        return found.whole
          ? `import * as ${local} from "effect/${found.module}"`
          : `import { ${name} } from "effect/${found.module}"`
      })
      return lines.join("; ") + "\n".repeat(all.split("\n").length - 1)
    }
  )
  const [left] = LEFT.exec(done) ?? []
  if (left !== undefined) throw new Error(`expected import { ... } from "effect", got ${left}`)
  return done
}
