// @ts-check
// Mutation tests: Stryker changes one operator, condition or number of a lib at a time, and the tests of that same lib have
// to notice. docs/testing.md says what counts.
//
//   npm run mutation -- [LIB …] [--draw N] [--seed N] [--rest | --again] [--workers N]
//
// Draws N of the mutants of all libs (1,000) and runs those of the libs that are named. Each result goes to out/mutation at
// once. `--rest` takes the results from there and runs the mutants that have none; `--again` also those that survived.
import { Stryker } from "@stryker-mutator/core"
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { equivalents } from "./src/equivalent-mutants.mjs"
import {
  changeKey,
  draw,
  equivalentReason,
  hasDied,
  LEFT_OUT,
  mutantText,
  nameOf,
  rangeOf,
  scoreOf
} from "./src/mutants.mjs"
import { listener } from "./src/mutation-plugin.mjs"
import { mutantsOf } from "./src/planted/candidates.mjs"
import { root } from "./src/workspace.mjs"

/** @typedef {import("./src/mutants.mjs").Mutant} Mutant */
/** @typedef {import("./src/mutants.mjs").Result} Result */

const LIBS = ["page-alloc", "slab", "slub", "vmscan", "tcp", "nbd"]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    draw: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    rest: { type: "boolean", default: false },
    again: { type: "boolean", default: false },
    workers: { type: "string", default: "1" }
  }
})
/** @type {(sentence: string) => never} */
const refuse = (sentence) => {
  console.error(`npm run mutation: ${sentence}`)
  process.exit(2)
}
const unknown = positionals.find((name) => !LIBS.includes(name))
if (unknown !== undefined) refuse(`no lib "${unknown}", expected some of ${LIBS.join(", ")}`)
for (const name of /** @type {const} */ (["draw", "seed", "workers"])) {
  if (!/^\d{1,9}$/.test(values[name])) refuse(`--${name} ${values[name]}: expected a whole number`)
}

const mutator = { excludedMutations: LEFT_OUT, plugins: [] }
const out = join(root, "out/mutation")
mkdirSync(out, { recursive: true })

const fromZero = (/** @type {import("./src/mutants.mjs").Position} */ { column, line }) => ({
  line: line - 1,
  column: column - 1
})

/** Tests mutants of one lib, and tells of each at once. */
const run = async (
  /** @type {string} */ lib,
  /** @type {ReadonlyArray<Mutant>} */ mutants,
  /** @type {(result: Result) => void} */ tested
) => {
  const byChange = new Map(mutants.map((mutant) => [changeKey(mutant.range, mutant.replacement), mutant]))
  listener.tested = ({ fileName, location: { end, start }, replacement, status, statusReason }) => {
    // a reporter is given lines and columns from 1
    const location = { start: fromZero(start), end: fromZero(end) }
    const mutant = byChange.get(changeKey(rangeOf({ fileName, location }), replacement))
    if (mutant === undefined) return
    if (status === "RuntimeError") console.log(`  ${mutantText({ ...mutant, status })}: ${statusReason}`)
    tested({ ...mutant, status })
  }
  process.chdir(join(root, "libs", lib))
  const plugin = join(root, "tools/src/mutation-plugin.mjs")
  await new Stryker(
    /** @type {any} */ ({
      mutate: [...new Set(mutants.map(({ range }) => range))],
      swaplab: { drawn: [...byChange.keys()] },
      // as deep as a lib: what its files find by relative paths is found from there, too
      tempDirName: "../../out",
      cleanTempDir: "always",
      plugins: [plugin],
      ignorers: ["swaplab"],
      reporters: ["listener"],
      // Stryker would read a tsconfig.json with an older TypeScript; nothing here needs that
      tsconfigFile: "none.json",
      testRunner: "swaplab",
      coverageAnalysis: "perTest",
      concurrency: Number(values.workers),
      timeoutMS: 10_000,
      timeoutFactor: 3,
      mutator,
      allowConsoleColors: false,
      warnings: { unknownOptions: false },
      logLevel: "warn"
    })
  ).runMutationTest()
}

const libs = positionals.length > 0 ? positionals : LIBS
const all = (await Promise.all(LIBS.map(mutantsOf))).flat()
const drawn = draw(all, Number(values.draw), Number(values.seed))
console.log(`${drawn.length} of ${all.length} mutants drawn by seed ${values.seed}`)

/** @type {Array<Result>} */
const results = []
const summary = (/** @type {string} */ name, /** @type {ReadonlyArray<Result>} */ of) => {
  const { died, equivalent, judged, timeout } = scoreOf(of, equivalents)
  const percent = (100 * died / Math.max(1, judged)).toFixed(1)
  console.log(
    `${name}: ${died} of ${judged} died: ${percent} % (${timeout} by the time limit; ${equivalent} equivalent)`
  )
}
for (const lib of libs) {
  const own = drawn.filter((mutant) => mutant.lib === lib)
  const file = join(out, `${lib}.jsonl`)
  if (!values.rest && !values.again) rmSync(file, { force: true })
  /** The last result of each mutant. @type {Map<string, Result>} */
  const known = new Map()
  for (const line of existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []) {
    const result = JSON.parse(line)
    known.set(nameOf(result), result)
  }
  const left = own.filter((mutant) => {
    const result = known.get(nameOf(mutant))
    if (result === undefined) return true
    return values.again && !hasDied(result) && equivalentReason(mutant, equivalents) === undefined
  })
  if (left.length > 0) {
    await run(lib, left, (result) => {
      known.set(nameOf(result), result)
      appendFileSync(file, `${JSON.stringify(result)}\n`)
    })
  }
  const ended = own.flatMap((mutant) => {
    const result = known.get(nameOf(mutant))
    return result === undefined ? [] : [{ ...result, range: mutant.range }]
  })
  results.push(...ended)
  summary(lib, ended)
  for (const result of ended.filter((result) => !hasDied(result))) {
    console.log(`  ${mutantText(result)}${equivalentReason(result, equivalents) === undefined ? "" : " [equivalent]"}`)
  }
}
summary("All", results)
