// @ts-check
// The experiment of 2012 at sizes and over what nobody wrote down: see docs/documented-outcomes.md.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { chosen } from "./src/documented/grid.mjs"
import { measure } from "./src/documented/measure.mjs"
import { summaryOf } from "./src/documented/outcome.mjs"
import { PAGE, pageOf } from "./src/documented/page.mjs"
import { readPoints, writePoints } from "./src/documented/results.mjs"
import { read, root } from "./src/workspace.mjs"

const HELP = `usage: node tools/documented.mjs [--points FILTER] [--fresh] [--only documents] [--out FILE]

Runs the four kernels of the experiment of 2012 at several sizes, and at one size over the parameters that nobody wrote down
(card, link, server, CPUs, page cache). Each kernel of a point is kept in FILE (tools/documented/results.json) as it ends; what FILE
has is not run again, so that the same command goes on after a break. Then ${PAGE} is written anew from FILE, unless
--out names another one. All of it takes about an hour of one core.

  --points FILTER  points whose names have all these parts: '256 MiB', or 'r8169,hdd'
  --fresh          runs the chosen points again, whatever FILE has
  --only documents runs nothing
  --out FILE       where the results are
`
const RECORDED = join(root, "tools/documented/results.json")
const { values } = parseArgs({
  options: {
    points: { type: "string", default: "" },
    fresh: { type: "boolean", default: false },
    only: { type: "string" },
    out: { type: "string", default: RECORDED },
    help: { type: "boolean", short: "h", default: false }
  }
})
/** @type {(sentence: string) => never} */
const refuse = (sentence) => {
  console.error(`documented: ${sentence}`)
  process.exit(2)
}
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
if (values.only !== undefined && values.only !== "documents") refuse(`--only ${values.only}: expected documents`)
const points = chosen(values.points)
if (points.length === 0) {
  refuse(`--points ${values.points}: no point has all these parts in its name, such as ${chosen("").at(-1)?.name}`)
}
const results = readPoints(values.out)

if (values.only === undefined) {
  for (const point of points) {
    const measured = measure(point, values.fresh ? {} : results[point.name] ?? {}, (so) => {
      results[point.name] = so
      writePoints(values.out, results)
    })
    console.log(`${point.name}: ${summaryOf(measured)}`)
  }
}
if (values.out === RECORDED) writeFileSync(join(root, PAGE), pageOf(read(PAGE), results))
