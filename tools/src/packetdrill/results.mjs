// @ts-check
// The table that the command prints: 80 columns, a line for each script, and below it why it did not pass.
import { runScript } from "./run.mjs"
import { knownDifference } from "./scripts.mjs"

/** @typedef {import("./failure.mjs").Verdict} Verdict */
/** @typedef {"passed" | "known difference" | "not supported" | "failed"} Sort */
/** @typedef {{ path: string, sort: Sort, line: number | null, details: ReadonlyArray<string> }} Row */

/** In the order of the sums. @type {ReadonlyArray<Sort>} */
const SORTS = ["passed", "known difference", "not supported", "failed"]

const WIDTH = 80
const VERDICT = 18
const LINE = 6
const PATH = WIDTH - VERDICT - LINE

/** Words in lines of at most so many columns. @type {(text: string, first: string, indent: string) => ReadonlyArray<string>} */
const wrapped = (text, first, indent) => {
  const lines = [first]
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1] ?? ""
    const joined = last.trim() === "" || last.endsWith("  ") ? last + word : `${last} ${word}`
    if (joined.length <= WIDTH) lines[lines.length - 1] = joined
    else lines.push(indent + word)
  }
  return lines
}

/** @type {(label: string, text: string | null) => ReadonlyArray<string>} */
const detail = (label, text) =>
  text === null || text === "" ? [] : wrapped(text, `    ${label.padEnd(10)}`, " ".repeat(14))

/**
 * A failure counts as a known difference when the table of its folder has the script with that very line. A script that is in
 * the table and passes has failed, because the table is wrong then.
 * @type {(path: string, verdict: Verdict) => Row}
 */
const rowOf = (path, { expected, got, place, reason, verdict }) => {
  const known = knownDifference(path)
  const line = place?.line ?? null
  const packets = [...detail("expected", expected), ...detail("got", got ?? (expected === null ? null : "nothing"))]
  const failed = verdict === "failed"
  if (known !== null && failed && known.line === line) {
    return { path, sort: "known difference", line, details: [...detail("why", known.reason), ...packets] }
  }
  if (known !== null && verdict === "passed") {
    const wrong = `known-differences.json says that line ${known.line} differs, and it does not`
    return { path, sort: "failed", line: known.line, details: detail("why", wrong) }
  }
  return { path, sort: verdict, line, details: [...detail("why", reason), ...(failed ? packets : [])] }
}

/**
 * Runs scripts.
 * @type {(model: import("./model.mjs").Model, scripts: ReadonlyArray<import("./script.mjs").Script>) => ReadonlyArray<Row>}
 */
export const rowsOf = (model, scripts) => scripts.map((script) => rowOf(script.path, runScript(model, script)))

/** The end of a path that is too long. @param {string} path */
const shortened = (path) => path.length < PATH ? path : `…${path.slice(path.length - PATH + 2)}`

/** @type {(row: Row) => ReadonlyArray<string>} */
export const formatRow = ({ details, line, path, sort }) => [
  `${shortened(path).padEnd(PATH)}${sort.padEnd(VERDICT)}${String(line ?? "").padStart(LINE)}`.trimEnd(),
  ...details
]

/** @type {(rows: ReadonlyArray<Row>) => string} */
export const sums = (rows) =>
  `${rows.length} scripts: ${
    SORTS.map((sort) => `${rows.filter((row) => row.sort === sort).length} ${sort}`).join(", ")
  }`
