// The commands of the tutorial, one after the other, in a copy of the workspace in which they may write files.
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { execute, root, scratch } from "../src/command.ts"

/** Run by whoever runs this test, or too large for it: installing, the main job, the tests, cloning. */
const leftOut = /^\s*(npm (ci|install|start|test|run build)\b|git |cd swaplab\b)/

it("every command of docs/tutorial.md works", async () => {
  const tutorial = readFileSync(join(root, "docs/tutorial.md"), "utf8")
  const blocks = [...tutorial.matchAll(/^```(?:sh|bash)\n([\s\S]*?)^```/gm)].map(([, block]) => block)
  expect(blocks.length).toBeGreaterThan(2)
  const folder = scratch()
  for (const name of readdirSync(root)) {
    if ([".git", ".nx", "docs", "scenarios"].includes(name)) continue
    symlinkSync(join(root, name), join(folder, name))
  }
  for (const name of ["docs", "scenarios"]) {
    mkdirSync(join(folder, name))
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  const lines = blocks.join("\n").split("\n").filter((line) => !leftOut.test(line))
  const { code, stderr, stdout } = await execute("bash", ["-euo", "pipefail", "-c", lines.join("\n")], { cwd: folder })
  expect({ code, stderr, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stderr: "", stdout: "" })
}, 300_000)
