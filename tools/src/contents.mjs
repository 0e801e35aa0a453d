// @ts-check
// What the contents pages of the libs export, and which of these names somebody outside the lib uses.
// The check reads text: `export { … } from` and `export * from` of a contents page, and every form in which the sources,
// tests, benchmarks and documents import a lib by its name.
import { posix } from "node:path"
import { ALLOWED } from "./allowed-exports.mjs"
import { packageOf, projects } from "./floors.mjs"
import { files, read } from "./workspace.mjs"

/**
 * The text of a file of the repository, by its path.
 * @typedef {(path: string) => string} Reader
 */

/** The libs, which have a contents page each: name and folder. */
const libs = projects.filter(({ folder }) => folder.startsWith("libs/"))

/** The text without comments, for an import or a list of names in a comment is none. */
const withoutComments = (/** @type {string} */ text) =>
  text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/[^\n]*/g, "$1")

/**
 * The entries of `{ type A, b as c }`: the name inside the file, and the name that others see.
 * @type {(list: string) => ReadonlyArray<{ local: string, name: string }>}
 */
const entries = (list) =>
  list.split(",").map((entry) => entry.trim().replace(/^type\s+/, "")).filter((entry) => entry !== "").map((entry) => {
    const [local = "", name = local] = entry.split(/\s+as\s+|\s*:\s*/)
    return { local, name }
  })

/** The names that a file exports, what it passes on from other files included. @type {(path: string, text?: Reader) => ReadonlyArray<string>} */
export const exportsOf = (path, text = read) => {
  const source = withoutComments(text(path))
  const declared = [
    ...source.matchAll(
      /^export (?:declare |abstract |async )*(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm
    )
  ]
    .map(([, name = ""]) => name)
  const listed = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = ""]) =>
    entries(list).map(({ name }) => name)
  )
  const passedOn = [...source.matchAll(/^export \* from "(\.[^"]+)"/gm)].flatMap(([, target = ""]) =>
    exportsOf(posix.join(posix.dirname(path), target), text)
  )
  return [...new Set([...declared, ...listed, ...passedOn])].sort()
}

/**
 * The names of packages of the workspace that a file imports, as "package name"; a subpath counts as its package.
 * @type {(text: string) => ReadonlyArray<string>}
 */
export const usesIn = (text) => {
  const source = withoutComments(text)
  const found = (/** @type {string} */ lib, /** @type {string} */ name) => `@swaplab/${lib} ${name}`
  const listed = [
    ...source.matchAll(/^[ \t]*(?:import|export) (?:type )?\{([^}]*)\} from "@swaplab\/([\w-]+)[^"]*"/gm),
    ...source.matchAll(/\{([^{}]*)\} = await import\("@swaplab\/([\w-]+)[^"]*"\)/g)
  ].flatMap(([, list = "", lib = ""]) => entries(list).map(({ local }) => found(lib, local)))
  const whole = [...source.matchAll(/^[ \t]*import (?:type )?\* as (\w+) from "@swaplab\/([\w-]+)[^"]*"/gm)].flatMap((
    [, space, lib = ""]
  ) => [...source.matchAll(new RegExp(`\\b${space}\\.(\\w+)`, "g"))].map(([, name = ""]) => found(lib, name)))
  const inTypes = [...text.matchAll(/\bimport\("@swaplab\/([\w-]+)[^"]*"\)\.(\w+)/g)].map(([, lib = "", name = ""]) =>
    found(lib, name)
  )
  return [...listed, ...whole, ...inTypes]
}

/** The sources and the tests of a lib: what they import from its contents page does not make a name public. */
const isInside = (/** @type {string} */ path, /** @type {string} */ folder) =>
  path.startsWith(`${folder}/src/`) || path.startsWith(`${folder}/test/`)

/**
 * What each contents page exports, and which of these names another project, a benchmark, a tool, an end-to-end test or an
 * example in a document uses.
 * @typedef {{ name: string, exported: ReadonlyArray<string>, used: ReadonlySet<string> }} Contents
 */

/** @type {(paths?: ReadonlyArray<string>, text?: Reader) => ReadonlyArray<Contents>} */
export const contentsOf = (paths = files(), text = read) => {
  const uses = paths.filter((path) => /\.(ts|mts|mjs|js|md)$/.test(path)).map((path) => ({
    path,
    names: usesIn(text(path))
  }))
  return libs.map(({ folder, name }) => {
    const prefix = `${packageOf(name)} `
    const used = uses.filter(({ path }) => !isInside(path, folder)).flatMap(({ names }) =>
      names.filter((use) => use.startsWith(prefix)).map((use) => use.slice(prefix.length))
    )
    return { name, exported: exportsOf(`${folder}/src/index.ts`, text), used: new Set(used) }
  })
}

/**
 * One line for each exported name that nobody outside its lib uses and that no row of `allowed` names, and for each row that
 * is not needed: its name is not exported, is used anyway, or stands in the signature of something that is not exported.
 * @type {(contents: ReadonlyArray<Contents>, allowed?: typeof ALLOWED) => ReadonlyArray<string>}
 */
export const surplus = (contents, allowed = ALLOWED) =>
  contents.flatMap(({ exported, name: lib, used }) => {
    const rows = Object.entries(allowed[lib] ?? {})
    const unused = exported.filter((name) => !used.has(name) && !rows.some(([row]) => row === name))
    return [
      ...unused.map((name) => `libs/${lib}/src/index.ts exports ${name}, which nobody outside the lib uses`),
      ...rows.flatMap(([name, user]) => {
        const row = `tools/src/allowed-exports.mjs: ${lib}: ${name}`
        if (!exported.includes(name)) return [`${row} is not exported`]
        if (used.has(name)) return [`${row} is used outside the lib and needs no row`]
        return exported.includes(user) ? [] : [`${row} stands in the signature of ${user}, which is not exported`]
      })
    ]
  })
