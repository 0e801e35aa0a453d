// @ts-check
// The file of results: what both sides gave, cell by cell, each repeat.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** @typedef {import("./figures.mjs").Figures} Figures */
/** @typedef {import("./load.mjs").Host} Host */
/** @typedef {{ figures: Figures, host: Host, drops: number }} RealRepeat */
/** @typedef {{ figures: Figures, drops: number }} ModelRepeat */
/**
 * What the real side ran on. `absent`: sysctls of settings.mjs that this kernel does not have.
 * @typedef {{ kernel: string, hz: number | null, nbdkit: string, absent: ReadonlyArray<string> }} Platform
 */
/**
 * `seconds`: counted in each repeat. Cells by their names.
 * @typedef {{
 *   seconds: number,
 *   platform: Platform | null,
 *   real: Record<string, Array<RealRepeat>>,
 *   model: Record<string, Array<ModelRepeat>>
 * }} Results
 */

/** @type {(seconds: number) => Results} */
export const noResults = (seconds) => ({ seconds, platform: null, real: {}, model: {} })

/** What a file holds, or nothing yet. @type {(path: string, seconds: number) => Results} */
export const readResults = (path, seconds) =>
  existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : noResults(seconds)

/** As text: a line for each repeat. @type {(results: Results) => string} */
export const formatResults = ({ model, platform, real, seconds }) => {
  /** @type {(cells: Record<string, ReadonlyArray<unknown>>) => string} */
  const side = (cells) => {
    const rows = Object.entries(cells).map(([key, repeats]) =>
      `    ${JSON.stringify(key)}: [\n${repeats.map((repeat) => `      ${JSON.stringify(repeat)}`).join(",\n")}\n    ]`
    )
    return rows.length === 0 ? "{}" : `{\n${rows.join(",\n")}\n  }`
  }
  return [
    "{",
    `  "seconds": ${seconds},`,
    `  "platform": ${JSON.stringify(platform)},`,
    `  "real": ${side(real)},`,
    `  "model": ${side(model)}`,
    "}\n"
  ].join("\n")
}

/** Writes them so that a reader finds all of them or those of before. @type {(path: string, results: Results) => void} */
export const writeResults = (path, results) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, formatResults(results))
  renameSync(`${path}.new`, path)
}
