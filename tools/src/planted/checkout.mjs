// @ts-check
// A copy of the checkout in a temporary folder, with a bug in it: only what the bundle of the command needs.
import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { execPath } from "node:process"
import { root } from "../workspace.mjs"

/** CPU time that a command of a copy may take. */
const CPU_SECONDS = 300
/** Address space that it may take: a changed loop may fill all memory. */
const MEMORY_KIB = 8 * 1024 * 1024

const APP = "apps/swaplab"
/** What is not copied: what other tools have built there. */
const LEFT = new Set(["node_modules", "dist", "out-tsc", "out", "bundle", "test", "vite", ".git"])

/** Links to the packages of the checkout, and to the libs of the copy by the same names. */
const linkModules = (/** @type {string} */ copy) => {
  const from = join(root, "node_modules")
  const to = join(copy, "node_modules")
  mkdirSync(join(to, "@swaplab"), { recursive: true })
  for (const name of readdirSync(from)) if (name !== "@swaplab") symlinkSync(join(from, name), join(to, name))
  for (const name of readdirSync(join(from, "@swaplab"))) {
    // relative, so that it leads into the copy
    symlinkSync(readlinkSync(join(from, "@swaplab", name)), join(to, "@swaplab", name))
  }
}

/** Calls `use` with the command of a copy that a patch has changed; null: unchanged. A copy that cannot be bundled throws. */
export const withCopy = async (
  /** @type {string | null} */ patch,
  /** @type {(swaplab: (args: ReadonlyArray<string>) => { status: number, stdout: string }, folder: string) => unknown} */ use
) => {
  const copy = mkdtempSync(join(tmpdir(), "swaplab-planted-"))
  try {
    for (const name of ["apps/swaplab", "libs", "tools", "package.json", "scenarios"]) {
      cpSync(join(root, name), join(copy, name), {
        recursive: true,
        filter: (path) => !LEFT.has(path.slice(path.lastIndexOf("/") + 1))
      })
    }
    linkModules(copy)
    if (patch !== null) {
      const file = join(copy, "bug.patch")
      writeFileSync(file, patch)
      execFileSync("git", ["apply", "--unsafe-paths", `--directory=${copy}`, file], { cwd: "/", stdio: "pipe" })
    }
    execFileSync(execPath, [join(copy, "tools/bundle.mjs"), join(copy, APP)], { cwd: copy, stdio: "pipe" })
    const main = join(copy, APP, "bundle/main.js")
    return await use((args) => {
      // by a shell, which sets the limit: a changed loop may have no end
      const { status, stdout } = spawnSync("sh", [
        "-c",
        `ulimit -t ${CPU_SECONDS}; ulimit -v ${MEMORY_KIB}; exec "$0" "$@"`,
        execPath,
        main,
        ...args
      ], {
        cwd: copy,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        maxBuffer: 2 ** 28
      })
      return { status: status ?? 1, stdout }
    }, copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
