// @ts-check
// The tables of docs/explanation/patches.md: what an ablation says of each patch.
import { table } from "../schema-tables.mjs"

const PAGE = "docs/explanation/patches.md"

/** @typedef {import("./list.mjs").Table} Table */

/** Of a kernel that an ablation ran. @type {(it: any) => any} */
const kernel = (
  {
    allocator,
    change,
    classes,
    completed,
    completedShare,
    elapsedNs,
    kernel: name,
    lockup,
    lockupNs,
    lowWater,
    number,
    patch,
    runs,
    throttles
  }
) => ({
  allocator,
  change,
  classes,
  completed,
  share: [completedShare.low, completedShare.high],
  elapsedS: elapsedNs === null ? null : elapsedNs / 1e9,
  name,
  lockup,
  lockupS: lockupNs === null ? null : lockupNs / 1e9,
  lowWater,
  number,
  patch,
  runs,
  throttles
})

/** @type {(printed: import("./printed.mjs").Printed) => any} */
const ablation = ({ result }) => ({
  kernels: result.kernels.map(kernel),
  patches: result.patches.map((/** @type {any} */ { allocator, number, patch, without }) => ({
    allocator,
    number,
    patch,
    ...without,
    elapsed: without.elapsedDifference
  }))
})

const signed = (/** @type {number} */ value) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(2)}`
const percent = (/** @type {number} */ share) => (100 * share).toFixed(0)

/** @type {(it: any) => string} */
const lockups = ({ classes, lockup, lockupS, runs }) =>
  `${lockup} of ${runs} lock up, ${classes.map((/** @type {any} */ [name]) => name).join(", ")}${
    lockupS === null ? "" : ` after ${lockupS.toFixed(1)} s`
  }`

/** @type {(it: any) => string} */
const kernelInWords = (it) =>
  it.lockup > 0
    ? lockups(it)
    : `${it.completed} of ${it.runs} complete${it.elapsedS === null ? "" : `, ${it.elapsedS.toFixed(2)} s`}`

/** What the ablation says of a patch. @type {(figures: any, allocator: string, patch: string) => string} */
const patchInWords = ({ kernels, patches }, allocator, patch) => {
  const it = patches.find((/** @type {any} */ row) => row.allocator === allocator && row.patch === patch)
  const without = kernels.find((/** @type {any} */ row) => row.name === it.kernel)
  const all = kernels.find((/** @type {any} */ row) => row.name === it.reference)
  const parts = [it.verdict === "necessary" ? "**necessary**" : it.verdict]
  if (without.lockup > 0) {
    parts.push(`${lockups(without)} (complete: ${percent(without.share[0])}-${percent(without.share[1])} %)`)
  }
  if (it.verdict !== "no effect" && it.elapsed !== null && it.elapsed.low !== null && without.lockup === 0) {
    parts.push(`${signed(it.elapsed.value)} s (${signed(it.elapsed.low)} to ${signed(it.elapsed.high)})`)
  }
  if (without.lockup === 0 && without.lowWater.lowestFree !== all.lowWater.lowestFree) {
    parts.push(`reserve down to ${without.lowWater.lowestFree} pages instead of ${all.lowWater.lowestFree}`)
  }
  return parts.join("; ")
}

/** @type {Table} */
const quiet = {
  name: "patches",
  page: PAGE,
  rows: ["slab", "slub"].map((allocator) => ({
    label: allocator,
    command: ["ablate", "scenarios/seed-2012.yaml", "--set", "expect.default=any", "--allocator", allocator],
    read: ablation
  })),
  render: (rows) => {
    const allocators = rows.map(({ label }) => label)
    const of = (/** @type {string} */ allocator) => rows.find(({ label }) => label === allocator)?.figures
    const whole = (/** @type {string} */ change) =>
      allocators.map((allocator) =>
        kernelInWords(of(allocator).kernels.find((/** @type {any} */ it) => it.change === change))
      )
    return table(
      ["no.", "patch", ...allocators.map((allocator) => `${allocator.toUpperCase()}: without it`)],
      [
        ["", "v3.6, all patches", ...whole("all")],
        ...rows[0].figures.patches.map((/** @type {any} */ { number, patch }) => [
          String(number),
          `\`${patch}\``,
          ...allocators.map((allocator) => patchInWords(of(allocator), allocator, patch))
        ]),
        ["", "v3.5, no patch", ...whole("vanilla")]
      ]
    )
  }
}

/** @type {Table} */
const beside = {
  name: "patches with other traffic",
  page: PAGE,
  rows: [{
    label: "slub",
    command: ["ablate", "scenarios/ablation.yaml", "--allocator", "slub", "--seeds", "5"],
    read: ablation
  }],
  render: ([{ figures: { kernels, patches } }]) => {
    const effective = kernels.filter((/** @type {any} */ it) => {
      const verdict = patches.find((/** @type {any} */ row) => row.patch === it.patch)?.verdict
      return it.change !== "without" || verdict !== "no effect"
    })
    return table(
      ["kernel", "complete", "lock up", "throttled (median)", "least free pages"],
      effective.map((/** @type {any} */ it) => [
        it.change === "all" ? "v3.6" : it.change === "vanilla" ? "v3.5" : `without \`${it.patch}\` (${it.number})`,
        `${it.completed} of ${it.runs} (${percent(it.share[0])}-${percent(it.share[1])} %)`,
        it.classes.map((/** @type {any} */ [name, n]) => `${n} ${name}`).join(", "),
        it.throttles === null ? "" : String(it.throttles),
        `${it.lowWater.lowestFree} of min ${it.lowWater.min}`
      ])
    )
  }
}

export const PATCHES = [quiet, beside]
