// The build of swaplab: results of one build are not mixed with those of another.
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { version } from "./version.ts"

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Folders of the package whose manifest it is and of all packages of swaplab that it needs. */
const foldersOf = (manifest: string, found = new Set<string>()): ReadonlySet<string> => {
  const folder = dirname(manifest)
  if (found.has(folder)) return found
  found.add(folder)
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, "utf8")) as Manifest
  const require = createRequire(manifest)
  for (const name of Object.keys(dependencies)) {
    if (name.startsWith("@swaplab/")) foldersOf(require.resolve(`${name}/package.json`), found)
  }
  return found
}

const modulesOf = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? modulesOf(path) : entry.name.endsWith(".js") ? [path] : []
  })

/** Version, and a hash over every module that a simulation may run: `0.1.0+4c1f9a02be77`. */
export const engine = (): string => {
  const hash = createHash("sha256")
  // what simulates, and what reduces and packs a run; a report or an option changes no run
  const { resolve } = createRequire(import.meta.url)
  const libs = [...foldersOf(resolve("@swaplab/experiment/package.json"))].sort()
  for (const folder of libs) {
    for (const path of [...modulesOf(join(folder, "dist"))].sort()) hash.update(readFileSync(path))
  }
  return `${version}+${hash.digest("hex").slice(0, 12)}`
}
