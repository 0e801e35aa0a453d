// @ts-check
// `npm run docs`: prints the blocks of output in README and docs anew, and draws the pictures that commands of docs draw.
import { spawnSync } from "node:child_process"
import { root } from "./src/workspace.mjs"

const { status } = spawnSync("npx", ["vitest", "run", "--root", "e2e", "test/docs.test.ts"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, SWAPLAB_DOCS: "write" }
})
process.exitCode = status ?? 1
