// @ts-check
// How figures are read from what a command prints, and how they are put into words.
import { median } from "../statistics.mjs"

const seconds = (/** @type {number | null} */ ns) => (ns === null ? null : Number((ns / 1e9).toFixed(3)))

/**
 * Of one kernel. `firstS`: how long the run of its first seed is. `completed`, `lockup`, `timeout` and so on: how many runs. Times are medians in seconds, of completed runs; the
 * last progress before a lockup.
 * @typedef {{
 *   kernel: string, runs: number, completed: number, lockup: number, timeout: number, elapsedS: number | null, sysS: number | null,
 *   lockupS: number | null, firstS: number | null
 * }} KernelFigures
 */

/** Each kernel of a run. @type {(printed: import("./printed.mjs").Printed) => ReadonlyArray<KernelFigures>} */
export const kernelsOf = ({ result }) =>
  result.kernels.map((/** @type {any} */ it) => ({
    kernel: it.kernel,
    runs: it.runs,
    completed: it.completed,
    lockup: it.lockup,
    timeout: it.timeout,
    elapsedS: seconds(it.elapsedNs),
    sysS: seconds(it.sysNs),
    lockupS: seconds(it.lockupNs),
    firstS: seconds(result.runs.find((/** @type {any} */ { kernel }) => kernel === it.kernel).simulatedNs)
  }))

/** `10 complete`, or `4 complete, 1 locks up, 2 are not done in time`. @type {(kernel: KernelFigures) => string} */
export const outcomesInWords = ({ completed, lockup, runs, timeout }) =>
  /** @type {ReadonlyArray<readonly [number, string, string]>} */ ([
    [completed, "completes", "complete"],
    [lockup, "locks up", "lock up"],
    [timeout, "is not done in time", "are not done in time"],
    [runs - completed - lockup - timeout, "ends otherwise", "end otherwise"]
  ]).filter(([n]) => n !== 0).map(([n, one, many]) => `${n} ${n === 1 ? one : many}`).join(", ")

/** `12.0 (11.2 to 14.1)`: the median, and from the least to the most. @type {(values: ReadonlyArray<number>, digits: number) => string} */
export const spread = (values, digits) =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`

/** Lines of a report from the section whose title begins so, up to the next section. @type {(report: string, title: string) => string} */
export const sectionOf = (report, title) => {
  const lines = report.split("\n")
  const start = lines.findIndex((line, i) => line.startsWith(title) && (i === 0 || lines[i - 1] === ""))
  if (start < 0) throw new Error(`nothing printed begins with ${title}`)
  const end = lines.findIndex((line, i) => i > start && line !== "" && !line.startsWith(" ") && lines[i - 1] === "")
  return lines.slice(start, end < 0 ? lines.length : end).join("\n").trimEnd()
}

/** So many tables of a section, which empty lines keep apart. @type {(report: string, title: string, count: number) => string} */
export const firstTablesOf = (report, title, count) =>
  sectionOf(report, title).split("\n\n").slice(0, count).join("\n\n")

/** Lines from the first that has the one text to the next that has the other, without their indent. @type {(report: string, from: string, to: string) => string} */
export const linesBetween = (report, from, to) => {
  const lines = report.split("\n")
  const start = lines.findIndex((line) => line.includes(from))
  const end = lines.findIndex((line, i) => i >= start && line.includes(to))
  if (start < 0 || end < 0) throw new Error(`nothing printed goes from ${from} to ${to}`)
  const cut = lines.slice(start, end + 1)
  const indent = Math.min(...cut.map((line) => line.length - line.trimStart().length))
  return cut.map((line) => line.slice(indent)).join("\n")
}

/** A block of output as a page shows it. @type {(lines: ReadonlyArray<string>) => string} */
export const block = (lines) => ["<!-- measured: node tools/tables.mjs -->", "", "```text", ...lines, "```"].join("\n")
