// @ts-check
// Proof that soak tests catch bugs: one-line changes of the kernel model, the switch and the server model, drawn by a seed, each
// applied to a copy of the checkout and hunted with `swaplab soak`. docs/testing.md says what counts.
//
//   node tools/planted.mjs [--only N] [--runs N]              hunts the bugs of tools/planted, and prints a table
//   node tools/planted.mjs --draw [--seed N] [--count N] [--trial N]      draws them anew: those that are none are listed with the reason
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { nameOf } from "./src/mutants.mjs"
import { candidates } from "./src/planted/candidates.mjs"
import { withCopy } from "./src/planted/checkout.mjs"
import { patchOf } from "./src/planted/patch.mjs"
import { faultEvents, healthyOf, hunt, rejection } from "./src/planted/trial.mjs"
import { read, root } from "./src/workspace.mjs"

/**
 * A change that was drawn: a bug with its patch, or why it is none.
 * @typedef {{ name: string, patch: string | null, rejected: string | null }} Drawn
 *
 * @typedef {{ seed: number, runs: number, drawn: Array<Drawn> }} List
 */

const { values } = parseArgs({
  options: {
    draw: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "20" },
    only: { type: "string" },
    runs: { type: "string", default: "2000" },
    trial: { type: "string", default: "40" }
  }
})
const folder = join(root, "tools/planted")
const listFile = join(folder, "list.json")

/** Whole number of an option. @type {(name: "seed" | "count" | "only" | "runs" | "trial") => number} */
const number = (name) => {
  const value = values[name] ?? ""
  if (/^\d{1,9}$/.test(value)) return Number(value)
  console.error(`node tools/planted.mjs: --${name} ${value}: expected a whole number`)
  process.exit(2)
}

/** @type {(list: List) => void} */
const save = (list) => writeFileSync(listFile, `${JSON.stringify(list, null, 2)}\n`)

/** Draws bugs until there are enough. What is drawn is kept at once, so that a draw that was ended goes on. */
const drawBugs = async () => {
  const seed = number("seed")
  const count = number("count")
  mkdirSync(folder, { recursive: true })
  /** @type {List} */
  const list = existsSync(listFile)
    ? JSON.parse(readFileSync(listFile, "utf8"))
    : { seed, runs: number("trial"), drawn: [] }
  if (list.seed !== seed) {
    console.error(`node tools/planted.mjs: tools/planted has bugs of seed ${list.seed}; remove it to draw others`)
    process.exit(2)
  }
  const all = await candidates(seed)
  console.log(`${all.length} one-line changes, in the order of seed ${seed}`)
  await withCopy(null, async (swaplab) => {
    const healthy = healthyOf(swaplab, list.runs)
    const known = new Set(list.drawn.map(({ name }) => name))
    for (const mutant of all.filter((drawn) => !known.has(nameOf(drawn)))) {
      const bugs = list.drawn.filter(({ patch }) => patch !== null).length
      if (bugs >= count) break
      const text = patchOf(mutant, read(`libs/${mutant.lib}/${mutant.file}`))
      let rejected
      try {
        rejected = await withCopy(text, (changed) => rejection(changed, healthy))
      } catch (error) {
        rejected = `does not build: ${String(error).split("\n")[0]}`
      }
      const patch = rejected === null ? `${String(bugs + 1).padStart(2, "0")}-${mutant.lib}.patch` : null
      if (patch !== null) writeFileSync(join(folder, patch), text)
      list.drawn.push({ name: nameOf(mutant), patch, rejected: /** @type {string | null} */ (rejected) })
      save(list)
      console.log(
        `${patch ?? `rejected, ${rejected}`}: ${mutant.lib}/${mutant.file}: ${mutant.original} => ${mutant.replacement}`
      )
    }
  })
}

/** The scenario that shrinking leaves of a finding, in fault events; null: it could not be shrunk. */
const shrunk = (/** @type {import("./src/planted/trial.mjs").Swaplab} */ swaplab, /** @type {number} */ seed) => {
  const out = mkdtempSync(join(tmpdir(), "swaplab-found-"))
  try {
    swaplab(["soak", "--runs", "1", "--seed", String(seed), "--out", out])
    const failures = join(out, "failures")
    const counts = (existsSync(failures) ? readdirSync(failures) : []).flatMap((name) => {
      const smallest = join(failures, name, "smallest.yaml")
      return existsSync(smallest) ? [faultEvents(readFileSync(smallest, "utf8"))] : []
    })
    return counts.length === 0 ? null : Math.min(...counts)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const huntBugs = async () => {
  if (!existsSync(listFile)) {
    console.error("node tools/planted.mjs: tools/planted/list.json is missing; --draw draws bugs and writes it")
    process.exit(2)
  }
  /** @type {List} */
  const list = JSON.parse(readFileSync(listFile, "utf8"))
  const bugs = list.drawn.filter(({ patch }) => patch !== null)
  const chosen = values.only === undefined ? bugs : bugs.slice(number("only") - 1, number("only"))
  const runs = number("runs")
  let found = 0
  console.log("| bug | change | found after | fault events | signature |\n| --- | --- | --- | --- | --- |")
  await withCopy(null, async (healthy) => {
    for (const { name, patch } of chosen) {
      const text = readFileSync(join(folder, String(patch)), "utf8")
      const [lib, file, , original, replacement] = JSON.parse(name)
      await withCopy(text, (swaplab) => {
        const finding = hunt(swaplab, healthy, runs)
        if (finding !== null) found++
        const events = finding === null ? null : shrunk(swaplab, finding.seed)
        const cells = [
          String(patch),
          `${lib}/${file}: \`${original}\` => \`${replacement}\``,
          finding === null ? `not in ${runs} runs` : `${finding.after} runs`,
          finding === null ? "" : events ?? "not shrunk",
          finding?.signature ?? ""
        ]
        console.log(`| ${cells.join(" | ")} |`)
      })
    }
  })
  console.log(
    `\n${found} of ${chosen.length} found within ${runs} runs; ${
      list.drawn.length - bugs.length
    } changes drawn by seed ${list.seed} are no bugs`
  )
}

await (values.draw ? drawBugs() : huntBugs())
