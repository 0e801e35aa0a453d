// The build of swaplab: results of one build are not mixed with those of another.
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { version } from "./version.ts"

/** What a module imports from beside it, in the form that bundlers and compilers write. */
const BESIDE = /\b(?:from|import)\s*\(?\s*"(\.\/[^"]+)"/g

/** A module and all that it imports from beside it: of a bundle, that is all. */
const textsFrom = (module: URL, found = new Map<string, string>()): ReadonlyMap<string, string> => {
  if (found.has(module.href)) return found
  const text = readFileSync(module, "utf8")
  found.set(module.href, text)
  for (const [, path = ""] of text.matchAll(BESIDE)) textsFrom(new URL(path, module), found)
  return found
}

/** Version, and a hash over every module that a worker thread runs: `0.1.0+4c1f9a02be77`. A report or an option changes no run. */
export const engine = (worker: URL): string => {
  const hash = createHash("sha256")
  for (const text of textsFrom(worker).values()) hash.update(text)
  return `${version}+${hash.digest("hex").slice(0, 12)}`
}
