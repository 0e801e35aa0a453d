// @ts-check
// `npm test`: types, format, lint with module boundaries, unused code, packages, unit and property tests, e2e. The last line that it
// prints is "N passed, N failed"; it exits with 1 unless nothing failed, with 2 for a mistake in its arguments.
//
// `npm test -- lan tcp` tests these projects only. Property tests draw from the seed that each of them names; `--fresh`
// draws from one new seed, which is printed, and `--seed N` from that one. `--also "NAME=passed"` counts a check that
// somebody else made (.ci/run: that `npm start` works).
import { spawnSync } from "node:child_process"
import { randomInt } from "node:crypto"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { delimiter, join } from "node:path"
import { choose, parse } from "./src/arguments.mjs"
import { buildFirst } from "./src/build-first.mjs"
import { check, lastLine, sum, tallyVitest } from "./src/results.mjs"
import { root, workspaces } from "./src/workspace.mjs"

/** @type {(sentence: string) => never} */
const refuse = (sentence) => {
  console.error(`npm test: ${sentence}`)
  process.exit(2)
}

const request = parse(process.argv.slice(2), ["1", "true"].includes(process.env["CI"] ?? ""))
if (typeof request === "string") refuse(request)
const all = workspaces()
const chosen = choose(request.names, all)
if (typeof chosen === "string") refuse(chosen)
const whole = request.names.length === 0
const projects = whole ? all : chosen
const folders = projects.map(({ folder }) => folder)
// only the tests of libs need nothing that is built
const built = folders.every((folder) => folder.startsWith("libs/")) ? folders : []

const seed = request.seed === "fresh" ? randomInt(2 ** 31) : request.seed
const env = {
  ...process.env,
  PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env["PATH"] ?? ""}`,
  ...(seed === null ? {} : { SWAPLAB_TEST_SEED: String(seed) })
}

const run = (/** @type {string} */ program, /** @type {ReadonlyArray<string>} */ ...args) => {
  const title = [program, ...args].join(" ")
  console.log(`\n> ${title}`)
  const { error, status } = spawnSync(program, args, { cwd: root, env, stdio: "inherit" })
  if (error !== undefined) console.log(`${title}: ${error.message}`)
  return status === 0
}

const tallies = request.also.map(({ name, passed }) => check(name, passed))
const tally = (/** @type {string} */ name, /** @type {ReadonlyArray<string>} */ ...args) =>
  tallies.push(check(name, run(name.split(" ")[0], ...name.split(" ").slice(1), ...args)))

if (seed !== null) {
  console.log(`Property tests draw from seed ${seed}: npm test -- --seed ${seed} draws the same again.`)
}
tally("tsc -b", ...built)
// no test waits for a build, or sees that there was one
for (const { folder } of whole ? all : projects) {
  const [top, app] = folder.split("/")
  if (top === "apps") tallies.push(check(`bundle of ${app}`, buildFirst(join(root, folder, "tsconfig.lib.json"), app)))
}
tally("dprint check", ...(whole ? [] : folders.map((folder) => `${folder}/**/*.{ts,js,mjs,json,md}`)))
tally("oxlint", ...(whole ? [] : folders))
if (whole) {
  tally("knip --no-progress")
  tally("node tools/lint-packages.mjs")
}

const results = join(root, "test-results.json")
rmSync(results, { force: true })
const green = run("vitest", "run", ...(whole ? [] : folders.map((folder) => `${folder}/test/`)))
tallies.push(tallyVitest(projects, existsSync(results) ? readFileSync(results, "utf8") : null))
let total = sum(tallies)
if (!green && total.failed === 0) total = sum([total, check("vitest", false)])

if (total.failures.length > 0) console.log(`\nFailed:\n  ${total.failures.join("\n  ")}`)
if (total.leftOut.length > 0) console.log(`\nLeft out:\n  ${total.leftOut.join("\n  ")}`)
if (seed !== null && total.failed > 0) console.log(`\nSeed of the property tests: ${seed}`)
console.log(`\n${lastLine(total)}`)
process.exitCode = total.failed === 0 ? 0 : 1
