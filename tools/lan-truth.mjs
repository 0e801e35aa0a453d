// @ts-check
// The emulated LAN beside a real one: see docs/validation.md.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { documentsOf } from "./src/lan-truth/document.mjs"
import { chosen, keyOf } from "./src/lan-truth/grid.mjs"
import { absentInModel, libsOfModel, runModel } from "./src/lan-truth/model.mjs"
import { platformOf } from "./src/lan-truth/platform.mjs"
import { runReal } from "./src/lan-truth/real.mjs"
import { readResults, writeResults } from "./src/lan-truth/results.mjs"
import { missingPrograms, missingRights, removeOnSignals } from "./src/lan-truth/testbed.mjs"
import { read, root } from "./src/workspace.mjs"

const HELP = `usage: node tools/lan-truth.mjs [--cells FILTER] [--only SIDE] [--seconds N] [--repeats N] [--out FILE]

Runs N NBD clients against one server over TCP, on a LAN of network namespaces (real: Linux, tbf, nbdkit) and on the
emulated one (model), and keeps what each cell of the grid gave in FILE (tools/lan-truth/results.json). Cells that are
not run keep what FILE has. Then docs/validation.md and its pictures are written anew from that file, unless --out names
another one.

  --cells FILTER  cells whose names have all these parts: reno,write,n20; several filters separated by blanks
  --only SIDE     real, model, or documents (runs nothing); real needs root, iproute2, ethtool, nbdkit, util-linux
  --seconds N     counted in each repeat, after 2 s of warm-up (6)
  --repeats N     of each cell on each side (3)
`
const RECORDED = join(root, "tools/lan-truth/results.json")
const { values } = parseArgs({
  options: {
    cells: { type: "string", default: "" },
    only: { type: "string" },
    seconds: { type: "string", default: "6" },
    repeats: { type: "string", default: "3" },
    out: { type: "string", default: RECORDED },
    help: { type: "boolean", short: "h", default: false }
  }
})
/** @type {(sentence: string) => never} */
const refuse = (sentence) => {
  console.error(`lan-truth: ${sentence}`)
  process.exit(2)
}
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
for (const name of /** @type {const} */ (["seconds", "repeats"])) {
  if (!/^[1-9]\d{0,3}$/.test(values[name])) refuse(`--${name} ${values[name]}: expected a whole number from 1 on`)
}
const SIDES = ["real", "model", "documents"]
if (values.only !== undefined && !SIDES.includes(values.only)) {
  refuse(`--only ${values.only}: expected ${SIDES.join(" or ")}`)
}
const runs = (/** @type {string} */ side) => values.only === undefined || values.only === side
const cells = chosen(values.cells)
if (cells.length === 0) {
  refuse(`--cells ${values.cells}: no cell has all these parts in its name, such as ${keyOf(chosen("")[0])}`)
}
const seconds = Number(values.seconds)
const repeats = Number(values.repeats)
const results = readResults(values.out, seconds)

/** A real run during which the CPUs were taken away, or the clients came late: it is done again. */
const STOLEN_PERCENT = 2
const LATE_MS = 10
const TRIES = 3
/** @type {(run: import("./src/lan-truth/real.mjs").RealRun) => boolean} */
const disturbed = ({ host }) => host.stolenPercent > STOLEN_PERCENT || host.lateMs > LATE_MS

/** @type {(side: string, key: string, repeat: number, figures: import("./src/lan-truth/figures.mjs").Figures, more: string) => void} */
const tell = (side, key, repeat, { goodputMBs, p50ms, p99ms, retransPercent, timeoutsPerS }, more) =>
  console.log(
    `${side.padEnd(5)} ${key.padEnd(26)} ${repeat + 1}  ${
      goodputMBs.toFixed(3)
    } MB/s  p50 ${p50ms} ms  p99 ${p99ms} ms  ` +
      `time-outs ${timeoutsPerS}/s  sent again ${retransPercent} %  ${more}`
  )

if (runs("real")) {
  const absent = [...missingRights(), ...missingPrograms()]
  if (absent.length > 0) refuse(`the real side needs ${absent.join(", ")}`)
  removeOnSignals()
  // one repeat of every cell after the other, so that what disturbs the host for a while does not fall on one cell
  for (const cell of cells) results.real[keyOf(cell)] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const cell of cells) {
      const key = keyOf(cell)
      let run = await runReal(cell, repeat + 1, seconds)
      for (let tries = 1; tries < TRIES && disturbed(run); tries++) {
        const again = await runReal(cell, repeat + 1, seconds)
        if (again.host.stolenPercent + again.host.lateMs < run.host.stolenPercent + run.host.lateMs) run = again
      }
      const { absent: sysctls, drops, figures, host } = run
      results.real[key].push({ figures, host, drops })
      results.seconds = seconds
      results.platform = platformOf(sysctls)
      writeResults(values.out, results)
      tell("real", key, repeat, figures, `dropped ${drops}  stolen ${host.stolenPercent} %  late ${host.lateMs} ms`)
    }
  }
}

if (runs("model")) {
  const libs = await libsOfModel()
  const absent = absentInModel(libs)
  if (absent.length > 0) refuse(`the model does not have ${absent.join(", ")}`)
  for (const cell of cells) {
    const key = keyOf(cell)
    results.model[key] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      const run = runModel(libs, cell, repeat + 1, seconds)
      results.model[key].push(run)
      tell("model", key, repeat, run.figures, `dropped ${run.drops}`)
    }
    writeResults(values.out, results)
  }
}

if (values.out === RECORDED) {
  for (const [path, text] of Object.entries(documentsOf(read("docs/validation.md"), results))) {
    writeFileSync(join(root, path), text)
  }
}
