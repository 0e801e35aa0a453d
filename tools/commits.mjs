// @ts-check
// `node tools/commits.mjs BEFORE AFTER`: what a change costs a run. Two commits are built side by side in out/commits, and run the same
// client of 2012, with SLAB and with SLUB, in turns of some thousand events in one process, so that what else the machine does falls on
// both. Prints the median ratio of CPU times, whether both have come to the same fingerprint, and the memory of a booted client.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { argv, execPath } from "node:process"
import { median } from "./src/statistics.mjs"
import { root } from "./src/workspace.mjs"

const ROUNDS = 3

/** Runs a program; what it printed. @param {string} program @param {ReadonlyArray<string>} args @param {string} cwd */
const run = (program, args, cwd) => {
  const { error, status, stderr, stdout } = spawnSync(program, args, { cwd, encoding: "utf8", maxBuffer: 2 ** 26 })
  if (error !== undefined || status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error ?? stderr + stdout}`)
  return stdout
}

/** The folder of a built commit. It has the packages of this checkout. @param {string} name */
const built = (name) => {
  const commit = run("git", ["rev-parse", "--short", `${name}^{commit}`], root).trim()
  const folder = join(root, "out/commits", commit)
  if (!existsSync(join(folder, "libs/cluster/dist/index.js"))) {
    mkdirSync(join(root, "out/commits"), { recursive: true })
    if (!existsSync(folder)) run("git", ["worktree", "add", "--detach", folder, commit], root)
    if (!existsSync(join(folder, "node_modules"))) run("cp", ["-al", join(root, "node_modules"), folder], root)
    run("npx", ["tsc", "-b", "libs/cluster"], folder)
  }
  return { commit, folder }
}

const [, , before, after] = argv
if (before === undefined || after === undefined) {
  throw new Error("expected two commits: node tools/commits.mjs BEFORE AFTER")
}
const both = [built(before), built(after)]
const folders = both.map(({ folder }) => folder)
console.log(`${both[0].commit} and ${both[1].commit}`)
const rounds = Array.from(
  { length: ROUNDS },
  () =>
    run(execPath, ["--expose-gc", join(root, "tools/slices.mjs"), ...folders], root).trim().split("\n").map(
      (line) => /** @type {{ kernel: string, ratio: number, same: boolean }} */ (JSON.parse(line))
    )
)
rounds[0].forEach(({ kernel, same }, i) => {
  const ratios = rounds.map((round) => round[i].ratio)
  const all = ratios.map((ratio) => ratio.toFixed(3)).join(", ")
  const word = same ? "the same fingerprint" : "another fingerprint"
  console.log(`${kernel}: ${median(ratios).toFixed(3)} of the CPU time (${all}); ${word}`)
})
const bytes = folders.map((folder) =>
  Number(run(execPath, ["--expose-gc", join(root, "tools/client-memory.mjs"), folder], root))
)
console.log(
  `memory of a booted client: ${bytes.map((of) => (of / 1024).toFixed(0)).join(" and ")} KiB, ${
    (bytes[1] / bytes[0]).toFixed(3)
  } of it`
)
