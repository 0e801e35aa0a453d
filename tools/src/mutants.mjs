// @ts-check
// The mutants of a lib: which there are, which of them are drawn, which make no difference, and how many died.
import { createHash } from "node:crypto"

/** Kinds of change that are left out: texts, patterns of texts, and bodies made empty. */
export const LEFT_OUT = ["StringLiteral", "BlockStatement", "Regex"]

/**
 * A place in a source file. Lines and columns count from 0.
 * @typedef {{ line: number, column: number }} Position
 *
 * A change of a source file, as Stryker describes it.
 * @typedef {{ fileName: string, location: { start: Position, end: Position }, replacement: string }} Change
 *
 * A change of `original` to `replacement`. `file` is the path below the lib, `line` the text of the first line that is
 * changed. `nth` tells apart what is equal in all of that: it counts from 0 in the order of the file.
 * @typedef {{ lib: string, file: string, line: string, original: string, replacement: string, nth: number, range: string }} Mutant
 *
 * How a mutant fared: the word that Stryker has for it.
 * @typedef {Mutant & { status: string }} Result
 *
 * @typedef {{ died: number, timeout: number, judged: number, equivalent: number }} Score
 */

/** The path below the lib, of a path anywhere. @type {(path: string) => string} */
const belowLib = (path) => path.slice(path.lastIndexOf("/src/") + 1)

/** What is between two places of a text. @type {(text: string, start: Position, end: Position) => string} */
const between = (text, start, end) => {
  const lines = text.split("\n").slice(start.line, end.line + 1)
  lines[lines.length - 1] = lines[lines.length - 1].slice(0, end.column)
  lines[0] = lines[0].slice(start.column)
  return lines.join("\n")
}

/** What a change is known by between runs. It holds no line number, so that it survives changes elsewhere in the file. */
export const nameOf = (/** @type {Omit<Mutant, "range">} */ { file, lib, line, nth, original, replacement }) =>
  JSON.stringify([lib, file, line, original, replacement, nth])

/** A place as Stryker's option `mutate` has it, and as it tells places apart. @type {(change: Pick<Change, "fileName" | "location">) => string} */
export const rangeOf = ({ fileName, location: { end, start } }) =>
  `${belowLib(fileName)}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`

/** Tells apart the changes of one place. @type {(range: string, replacement: string) => string} */
export const changeKey = (range, replacement) => `${range} ${replacement}`

/**
 * The changes of a lib with what they change. `read` gives the text of a file by its path below the lib.
 * @type {(lib: string, changes: ReadonlyArray<Change>, read: (file: string) => string) => ReadonlyArray<Mutant>}
 */
export const describeMutants = (lib, changes, read) => {
  /** @type {Map<string, number>} */
  const seen = new Map()
  return changes.map((change) => {
    const { fileName, location: { end, start }, replacement } = change
    const file = belowLib(fileName)
    const text = read(file)
    const mutant = {
      lib,
      file,
      line: text.split("\n")[start.line].trim(),
      original: between(text, start, end),
      replacement,
      nth: 0
    }
    const nth = seen.get(nameOf(mutant)) ?? 0
    seen.set(nameOf(mutant), nth + 1)
    return { ...mutant, nth, range: rangeOf(change) }
  })
}

/**
 * `count` of the mutants: those with the smallest hashes of seed and name. A mutant that comes or goes changes nothing for
 * the others.
 * @type {(mutants: ReadonlyArray<Mutant>, count: number, seed: number) => ReadonlyArray<Mutant>}
 */
export const draw = (mutants, count, seed) =>
  mutants.map((mutant) => ({ mutant, hash: createHash("sha256").update(`${seed} ${nameOf(mutant)}`).digest("hex") }))
    .sort((a, b) => a.hash < b.hash ? -1 : 1).slice(0, count).map(({ mutant }) => mutant)

const DIED = new Set(["Killed", "Timeout"])

/** Whether the tests noticed. @type {(result: Result) => boolean} */
export const hasDied = ({ status }) => DIED.has(status)

/**
 * Why a mutant makes no difference, or undefined.
 * @type {(mutant: Mutant, known: ReadonlyArray<import("./equivalent-mutants.mjs").Equivalent>) => string | undefined}
 */
export const equivalentReason = ({ file, lib, line, nth, original, replacement }, known) =>
  known.find((entry) =>
    entry.file === `libs/${lib}/${file}` && entry.line === line && entry.original === original
    && entry.replacement === replacement && (entry.nth ?? 0) === nth
  )?.reason

/**
 * Mutants that live and make no difference are not judged.
 * @type {(results: ReadonlyArray<Result>, known: ReadonlyArray<import("./equivalent-mutants.mjs").Equivalent>) => Score}
 */
export const scoreOf = (results, known) => {
  const died = results.filter(hasDied)
  const equivalent =
    results.filter((result) => !hasDied(result) && equivalentReason(result, known) !== undefined).length
  return {
    died: died.length,
    timeout: died.filter(({ status }) => status === "Timeout").length,
    judged: results.length - equivalent,
    equivalent
  }
}

const oneLine = (/** @type {string} */ text) => text.replaceAll(/\s+/g, " ")

/** A mutant in a line. @type {(result: Result) => string} */
export const mutantText = ({ file, lib, line, original, range, replacement, status }) =>
  `${lib}/${file}:${range.split(":")[1]} ${status}: ${oneLine(original)}  =>  ${oneLine(replacement)}   in: ${line}`
