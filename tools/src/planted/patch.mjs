// @ts-check
// A mutant as a patch of one line.

/** @typedef {import("../mutants.mjs").Mutant} Mutant */

/** Lines around a change. */
const CONTEXT = 3

/** Where a mutant of one line stands: the line from 1, columns from 0. @type {(mutant: Pick<Mutant, "range">) => { line: number, from: number, to: number }} */
const placeOf = ({ range }) => {
  const [, line, from, to] = /** @type {RegExpMatchArray} */ (range.match(/:(\d+):(\d+)-\d+:(\d+)$/))
  return { line: Number(line), from: Number(from), to: Number(to) }
}

/** The patch of a mutant in the text of its file. @type {(mutant: Mutant, text: string) => string} */
export const patchOf = (mutant, text) => {
  const { from, line, to } = placeOf(mutant)
  const lines = text.split("\n")
  const before = lines[line - 1]
  const after = before.slice(0, from) + mutant.replacement + before.slice(to)
  const first = Math.max(1, line - CONTEXT)
  const last = Math.min(lines.length - (text.endsWith("\n") ? 1 : 0), line + CONTEXT)
  const span = `${first},${last - first + 1}`
  const path = `libs/${mutant.lib}/${mutant.file}`
  return [
    `--- a/${path}`,
    `+++ b/${path}`,
    `@@ -${span} +${span} @@`,
    ...lines.slice(first - 1, line - 1).map((same) => ` ${same}`),
    `-${before}`,
    `+${after}`,
    ...lines.slice(line, last).map((same) => ` ${same}`),
    ""
  ].join("\n")
}
