// Before all tests: the command with made-up simulations, as a bundle. Node opens what the command as it is built for users
// opens, and not the 700 modules of its libraries at every start.
import { execFileSync } from "node:child_process"
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { TestProject } from "vitest/node"

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

declare module "vitest" {
  interface ProvidedContext {
    /** The main module of that bundle. */
    readonly fakeSwaplab: string
  }
}

export default ({ provide }: TestProject): () => void => {
  const folder = mkdtempSync(join(tmpdir(), "swaplab-fake-"))
  copyFileSync(path("../../package.json"), join(folder, "package.json"))
  execFileSync(process.execPath, [path("../../../../tools/bundle.mjs"), path("."), join(folder, "bundle")])
  provide("fakeSwaplab", join(folder, "bundle/main.js"))
  return () => rmSync(folder, { recursive: true, force: true })
}
