// @ts-check
// `npm test`: types, format, lint with module boundaries, unit and property tests, e2e. The last line that it prints is
// "N passed, N failed"; it exits with 1 unless nothing failed.
//
// `--also "NAME=passed"` counts a check that somebody else made (.ci/run: that `npm start` works).
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { delimiter, join } from "node:path"
import { check, lastLine, sum, tallyTasks, tallyVitest } from "./src/results.mjs"
import { root, workspaces } from "./src/workspace.mjs"

const env = {
  ...process.env,
  NX_DAEMON: "false",
  NX_NO_CLOUD: "true",
  NX_TUI: "false",
  // Nx writes there how each task ended
  NX_PROFILE: ".nx/profile.json",
  PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env["PATH"] ?? ""}`
}

const run = (/** @type {string} */ program, /** @type {ReadonlyArray<string>} */ ...args) => {
  const title = [program, ...args].join(" ")
  console.log(`\n> ${title}`)
  const { error, status } = spawnSync(program, args, { cwd: root, env, stdio: "inherit" })
  if (error !== undefined) console.log(`${title}: ${error.message}`)
  return status === 0
}

const readIfThere = (/** @type {string} */ path) => existsSync(path) ? readFileSync(path, "utf8") : null

/** @type {Array<import("./src/results.mjs").Tally>} */
const tallies = []
process.argv.forEach((argument, i) => {
  if (argument !== "--also") return
  const [name, outcome] = (process.argv[i + 1] ?? "").split("=")
  tallies.push(check(name, outcome === "passed"))
})

tallies.push(check("tsc -b", run("tsc", "-b")))
tallies.push(check("dprint check", run("dprint", "check")))

// results of an earlier run must not be counted: Nx puts back those of a cached run itself
const projects = workspaces()
const resultsOf = (/** @type {string} */ folder) => join(root, folder, "test-results.json")
for (const { folder } of projects) rmSync(resultsOf(folder), { force: true })
const taskLog = join(root, ".nx/profile.json")
mkdirSync(join(root, ".nx"), { recursive: true })
rmSync(taskLog, { force: true })

const green = run("nx", "run-many", "-t", "lint", "typecheck", "test", "e2e", "--outputStyle=static", "--parallel=2")

const wanted = (/** @type {ReadonlyArray<string>} */ ...targets) =>
  projects.flatMap(({ name, scripts }) =>
    targets.filter((target) => scripts[target] !== undefined).map((target) => `${name}:${target}`)
  )
tallies.push(tallyTasks(wanted("lint", "typecheck"), readIfThere(taskLog)))
for (const { folder, name, scripts } of projects) {
  if (scripts["test"] === undefined && scripts["e2e"] === undefined) continue
  tallies.push(tallyVitest(name, readIfThere(resultsOf(folder))))
}
let total = sum(tallies)
if (!green && total.failed === 0) total = sum([total, check("nx run-many", false)])

if (total.failures.length > 0) console.log(`\nFailed:\n  ${total.failures.join("\n  ")}`)
if (total.leftOut.length > 0) console.log(`\nLeft out:\n  ${total.leftOut.join("\n  ")}`)
console.log(`\n${lastLine(total)}`)
process.exitCode = total.failed === 0 ? 0 : 1
