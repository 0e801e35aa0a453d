// @ts-check
// `npm run bench [NAME…]`: runs the benchmark of every lib (or of those named), one after the other, and prints a table.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { figuresOf, table } from "./src/bench-table.mjs"
import { root } from "./src/workspace.mjs"

const names = process.argv.slice(2)
/** @type {Array<Record<string, string>>} */
const rows = []
for (const lib of readdirSync(join(root, "libs")).sort()) {
  const folder = join(root, "libs", lib, "out-tsc/spec/bench")
  if (!existsSync(folder) || (names.length > 0 && !names.includes(lib))) continue
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".js")).sort()) {
    const { status, stdout } = spawnSync(process.execPath, ["--max-semi-space-size=64", join(folder, file)], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"]
    })
    const figures = status === 0 ? figuresOf(stdout) : null
    rows.push({ lib, bench: file.slice(0, -3), ...(figures ?? { "ops/CPU s": "failed" }) })
    if (figures === null) process.exitCode = 1
  }
}
console.log(table(rows))
