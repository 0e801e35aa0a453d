import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const src = join(import.meta.dirname, "../src")

/** Files that stand above the machine: what others read of it, and patches and sysctls changed while it runs. */
const ABOVE = [
  "index.ts",
  "mem-info.ts",
  "node-files.ts",
  "proc-tree.ts",
  "proc.ts",
  "socket-files.ts",
  "switch-sysctls.ts",
  "task-files.ts",
  "time-files.ts",
  join("patches", "switch-patches.ts")
]

it("the pieces of a machine declare what they use; none knows the machine itself", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
  expect(files).toContain(join("mm", "oom.ts"))
  const knowing = files.filter((name) => /from "[./]*\/machine\.ts"/.test(readFileSync(join(src, name), "utf8")))
  expect(knowing.sort()).toEqual([...ABOVE].sort())
})
