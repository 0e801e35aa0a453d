// @ts-check
// The public API of a lib as text: every declaration that an entry of its package.json exports, without comments, and
// every declaration these need that has no name outside. It is read from the .d.ts files that tsc makes, so types that
// are inferred are there, too. A change of the API is so a change of a file that is under version control.
import { createHash } from "node:crypto"
import { posix } from "node:path"
import { parseSync } from "oxc-parser"
import { packageOf, projects } from "./floors.mjs"
import { read as readFile } from "./workspace.mjs"

/**
 * A declaration, by the file in which it stands and its name there.
 * @typedef {{ path: string, local: string }} Place
 */

/**
 * What a .d.ts file has: the texts of its declarations, the names these mention, and where its names come from.
 * @typedef {object} Module
 * @property {Map<string, { texts: Array<string>, mentions: Set<string> }>} declared
 * @property {Map<string, Place>} imported names from other files of the lib, as they are called here
 * @property {Map<string, Place>} exported
 * @property {Array<string>} passedOn files of which it exports everything
 */

/** Nodes of the syntax tree are plain objects. @typedef {any} Syntax */

const resolve = (/** @type {string} */ from, /** @type {string} */ target) =>
  posix.join(posix.dirname(from), target).replace(/\.[jt]s$/, ".d.ts")

/** Every identifier below a node. @type {(node: Syntax, found?: Set<string>) => Set<string>} */
const mentionedIn = (node, found = new Set()) => {
  if (Array.isArray(node)) { for (const child of node) mentionedIn(child, found) }
  else if (node !== null && typeof node === "object") {
    if (node.type === "Identifier") found.add(node.name)
    for (const child of Object.values(node)) mentionedIn(child, found)
  }
  return found
}

/** Members of a class that nobody outside can use. */
const isHidden = (/** @type {Syntax} */ member) =>
  member.accessibility === "private" || member.key?.type === "PrivateIdentifier"

/**
 * The text of a declaration without comments, hidden members, `export` and `declare`.
 * @type {(source: string, comments: ReadonlyArray<Syntax>, node: Syntax) => string}
 */
const textOf = (source, comments, node) => {
  const members = node.type === "ClassDeclaration" ? node.body.body.filter(isHidden) : []
  const cuts = [...comments, ...members].filter(({ end, start }) => start >= node.start && end <= node.end)
    .sort((a, b) => b.start - a.start)
  let text = source.slice(node.start, node.end)
  for (const { end, start } of cuts) text = text.slice(0, start - node.start) + text.slice(end - node.start)
  return text.replace(/^(export )?(declare )?/, "").replace(/[ \t]+$/gm, "").replace(/\n\s*\n/g, "\n")
}

/** A longer text is the type of a schema, written out; `scenarios/scenario.schema.json` shows such a change better. */
const MOST_CHARACTERS = 6000

/** A text as it stands in the surface: of one that is too long the first line, its length and a hash. @type {(text: string) => string} */
const shortened = (text) => {
  if (text.length <= MOST_CHARACTERS) return text
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16)
  return `${text.split("\n", 1)[0]} … // ${text.length} characters, sha256 ${hash}`
}

const nameOf = (/** @type {Syntax} */ node) => node.name ?? node.value

/** The names that a declaration declares. @type {(node: Syntax) => ReadonlyArray<string>} */
const namesOf = (node) =>
  node.type === "VariableDeclaration"
    ? node.declarations.map((/** @type {Syntax} */ one) => nameOf(one.id))
    : node.id === undefined || node.id === null
    ? []
    : [nameOf(node.id)]

/** @type {(path: string, source: string) => Module} */
const moduleOf = (path, source) => {
  const { comments, errors, program } = parseSync(path, source)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  /** @type {Module} */
  const module = { declared: new Map(), imported: new Map(), exported: new Map(), passedOn: [] }
  const declare = (/** @type {Syntax} */ node) =>
    namesOf(node).forEach((name) => {
      const entry = module.declared.get(name) ?? { texts: [], mentions: new Set() }
      entry.texts.push(textOf(source, comments, node))
      const members = node.type === "ClassDeclaration" ? node.body.body.filter(isHidden) : []
      const open = members.length === 0
        ? node
        : { ...node, body: node.body.body.filter((/** @type {Syntax} */ m) => !isHidden(m)) }
      mentionedIn(open, entry.mentions)
      module.declared.set(name, entry)
    })
  for (const node of /** @type {ReadonlyArray<Syntax>} */ (program.body)) {
    const from = node.source?.value?.startsWith(".") ? resolve(path, node.source.value) : null
    if (node.type === "ImportDeclaration") {
      if (from !== null) {
        for (const one of node.specifiers) {
          module.imported.set(one.local.name, { path: from, local: nameOf(one.imported) })
        }
      }
    } else if (node.type === "ExportAllDeclaration") {
      if (from !== null) module.passedOn.push(from)
    } else if (node.type === "ExportNamedDeclaration" && node.declaration !== null) {
      declare({ ...node.declaration, start: node.start })
      for (const name of namesOf(node.declaration)) module.exported.set(name, { path, local: name })
    } else if (node.type === "ExportNamedDeclaration") {
      for (const one of node.specifiers) {
        module.exported.set(nameOf(one.exported), { path: from ?? path, local: nameOf(one.local) })
      }
    } else declare(node)
  }
  return module
}

/**
 * Reads the declarations below an entry, each file once.
 * @type {(text: (path: string) => string) => (path: string) => Module}
 */
const reader = (text) => {
  /** @type {Map<string, Module>} */
  const known = new Map()
  return (path) => {
    const module = known.get(path) ?? moduleOf(path, text(path))
    known.set(path, module)
    return module
  }
}

/** All names that a file exports, and where they are declared. @type {(read: (path: string) => Module, path: string) => Map<string, Place>} */
const exportedBy = (read, path) => {
  const { exported, passedOn } = read(path)
  return new Map([...passedOn.flatMap((target) => [...exportedBy(read, target)]), ...exported])
}

/** Follows a name to the file that declares it; null for a name of another package. @type {(read: (path: string) => Module, place: Place) => Place | null} */
const declaration = (read, { local, path }) => {
  const module = read(path)
  if (module.declared.has(local)) return { path, local }
  const next = module.imported.get(local) ?? exportedBy(read, path).get(local)
  return next === undefined || (next.path === path && next.local === local) ? null : declaration(read, next)
}

const keyOf = (/** @type {Place} */ { local, path }) => `${path} ${local}`

/**
 * The surface of a package, as text. `entries` are its exports: the name behind the package's, and the .d.ts file.
 * @type {(name: string, entries: Readonly<Record<string, string>>, text: (path: string) => string) => string}
 */
export const surfaceOf = (name, entries, text) => {
  const read = reader(text)
  /** @type {Set<string>} */
  const shown = new Set()
  /** @type {Map<string, Place>} */
  const hidden = new Map()
  const show = (/** @type {Place} */ place, /** @type {string} */ called) => {
    shown.add(keyOf(place))
    const { texts } = read(place.path).declared.get(place.local) ?? { texts: [] }
    const renamed = called === place.local ? "" : `// as ${called}\n`
    return `${renamed}${texts.map(shortened).join("\n")}\n`
  }
  const sections = Object.entries(entries).map(([entry, path]) => {
    const lines = [...exportedBy(read, path)].sort(([a], [b]) => a < b ? -1 : 1).map(([called, place]) => {
      const found = declaration(read, place)
      return found === null ? `// ${called} comes from another package\n` : show(found, called)
    })
    return [`// ${packageOf(name)}${entry.slice(1)}\n`, ...lines].join("\n")
  })
  // what the declarations shown so far need, until nothing is missing
  for (let before = -1; before < shown.size + hidden.size;) {
    before = shown.size + hidden.size
    for (const key of [...shown, ...hidden.keys()]) {
      const [path = "", local = ""] = key.split(" ")
      for (const mention of read(path).declared.get(local)?.mentions ?? []) {
        const found = declaration(read, { path, local: mention })
        if (found !== null && !shown.has(keyOf(found))) hidden.set(keyOf(found), found)
      }
    }
  }
  const rest = [...hidden.values()].sort((a, b) => a.local < b.local ? -1 : 1).map((place) => show(place, place.local))
  const needed = rest.length === 0 ? [] : ["// without a name outside: what the declarations above need\n", ...rest]
  return [...sections, ...needed].join("\n")
}

/** The files that hold the surfaces: a path for each lib, and what has to stand there. @type {(text?: (path: string) => string) => Record<string, string>} */
export const surfaces = (text = readFile) =>
  Object.fromEntries(
    projects.filter(({ folder }) => folder.startsWith("libs/")).map(({ folder, name }) => {
      const { exports } = JSON.parse(text(`${folder}/package.json`))
      const entries = Object.entries(exports).filter(([entry]) => entry !== "./package.json")
        .map(([entry, target]) => [entry, `${folder}/${target.types.slice(2)}`])
      return [`docs/api/${name}.txt`, surfaceOf(name, Object.fromEntries(entries), text)]
    })
  )
