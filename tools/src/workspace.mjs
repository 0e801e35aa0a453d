// @ts-check
// What is in the workspace: its projects, their scripts, and the files under version control.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, extname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of the root package.json. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/**
 * One npm workspace.
 * @typedef {{ name: string, folder: string, scripts: Record<string, string> }} Workspace
 */

/** Every npm workspace below `base`, in alphabetical order. @type {(base?: string) => ReadonlyArray<Workspace>} */
export const workspaces = (base = root) => {
  /** @type {ReadonlyArray<string>} */
  const patterns = JSON.parse(readFileSync(join(base, "package.json"), "utf8")).workspaces
  const folders = patterns.flatMap((pattern) =>
    pattern.endsWith("/*")
      ? readdirSync(join(base, pattern.slice(0, -2))).sort().map((name) => `${pattern.slice(0, -2)}/${name}`)
      : [pattern]
  )
  return folders.filter((folder) => existsSync(join(base, folder, "package.json"))).map((folder) => {
    const json = JSON.parse(readFileSync(join(base, folder, "package.json"), "utf8"))
    return { name: json.name, folder, scripts: json.scripts ?? {} }
  })
}

/** Names that .gitignore keeps out of the repository. */
const ignored = new Set([
  ".git",
  ...readFileSync(join(root, ".gitignore"), "utf8").split("\n").filter((line) => line !== "")
])

/**
 * The files of the repository below a folder, without what .gitignore names (git itself may not be installed).
 * @type {(folder?: string) => ReadonlyArray<string>}
 */
export const files = (folder = ".") =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (ignored.has(entry.name) || ignored.has(`*${extname(entry.name)}`)) return []
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`
    return entry.isDirectory() ? files(path) : [path]
  }).sort()

/** @type {(path: string) => string} */
export const read = (path) => readFileSync(join(root, path), "utf8")
