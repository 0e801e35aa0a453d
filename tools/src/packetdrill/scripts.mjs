// @ts-check
// Which scripts are to be run, and which of them are known to fail.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"

/** The scripts below a folder, in the order of their names. @param {string} folder @returns {ReadonlyArray<string>} */
const below = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? below(path) : entry.name.endsWith(".pkt") ? [path] : []
    })

/**
 * The scripts that paths name: files, and all `.pkt` below folders. A mistake is a sentence instead.
 * @type {(paths: ReadonlyArray<string>) => ReadonlyArray<string> | string}
 */
export const scriptsOf = (paths) => {
  /** @type {Array<string>} */
  const found = []
  for (const path of paths) {
    if (!existsSync(path)) return `${path}: expected a script or a folder of scripts, found nothing of that name`
    const scripts = statSync(path).isDirectory() ? below(path) : [path]
    if (scripts.length === 0) return `${path}: expected a folder with scripts (*.pkt), found none`
    found.push(...scripts)
  }
  return found
}

/** The table of a folder: scripts that fail there, at which line, and why that is so. */
const TABLE = "known-differences.json"

/** @typedef {{ script: string, line: number, reason: string }} Known */

/** The rows for scripts of a folder. @type {(folder: string) => ReadonlyArray<Known>} */
export const knownIn = (folder) => {
  const path = join(folder, TABLE)
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : []
}

/** Why a script is known to fail, and where; null when it should pass. @type {(path: string) => Known | null} */
export const knownDifference = (path) => knownIn(dirname(path)).find(({ script }) => script === basename(path)) ?? null
