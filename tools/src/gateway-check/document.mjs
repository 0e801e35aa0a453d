// @ts-check
// The table of both sides, and the file of results that it is made of.
import { withBlocks } from "../page-blocks.mjs"
import { PAIRS } from "./cells.mjs"

/** @typedef {import("./runs.mjs").Figures} Figures */
/** @typedef {import("./runs.mjs").RealFigures} RealFigures */
/**
 * Cells of the model by their names, of the real side with their servers. `host`: what the real side ran on.
 * @typedef {{
 *   host: string, model: Record<string, Figures>, real: Record<string, ReadonlyArray<RealFigures>>
 * }} Results
 */

/** How near the model has to come. */
const GOALS = { MBs: 0.05, medianMs: 0.1 }

const SERVERS = { ours: "swaplab-nbd-server", nbdkit: "nbdkit" }

const median = (/** @type {ReadonlyArray<number>} */ values) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/** @type {(values: ReadonlyArray<number>) => string} */
const spread = (values) => {
  const middle = median(values)
  return `${middle.toFixed(2)} ± ${Math.max(...values.map((value) => Math.abs(value - middle))).toFixed(2)}`
}

/** The model beside the real one: as a share of the latter. @type {(model: number, real: ReadonlyArray<number>) => number} */
const errorOf = (model, real) => model / median(real) - 1

/** @type {(error: number, goal: number) => string} */
const judged = (error, goal) =>
  `${error < 0 ? "−" : "+"}${(100 * Math.abs(error)).toFixed(1)} %${Math.abs(error) > goal ? " ✗" : ""}`

/** A table whose columns are as wide as their widest cells. @type {(rows: ReadonlyArray<ReadonlyArray<string>>) => string} */
const tableOf = (rows) => {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  const lines = rows.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`)
  return [lines[0], `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...lines.slice(1)].join("\n")
}

const HEADER = [
  "clients",
  "server",
  "MB/s",
  "model",
  "error",
  "median ms",
  "model",
  "error",
  "of the server ms",
  "late p50, p99 ms",
  "clock held",
  "no CPU"
]

/** @type {(results: Results) => string} */
export const tableText = ({ model, real }) =>
  tableOf([
    HEADER,
    ...PAIRS.map(({ cell, key, server }) => {
      const [of, runs] = [model[cell.name], real[key]]
      const rates = runs.map(({ MBs }) => MBs)
      const medians = runs.flatMap(({ medianMs }) => medianMs === null ? [] : [medianMs])
      const latencies = cell.median && of.medianMs !== null
        ? [spread(medians), of.medianMs.toFixed(2), judged(errorOf(of.medianMs, medians), GOALS.medianMs)]
        : ["-", "-", "-"]
      return [
        cell.what,
        SERVERS[server],
        spread(rates),
        of.MBs.toFixed(2),
        judged(errorOf(of.MBs, rates), GOALS.MBs),
        ...latencies,
        cell.median ? median(runs.map(({ serverMs }) => serverMs)).toFixed(2) : "-",
        [0, 1].map((i) => median(runs.map(({ lateMs }) => lateMs[i])).toFixed(2)).join(", "),
        ...["heldPercent", "cpuWaitPercent"].map((name) =>
          `${median(runs.map((run) => run[/** @type {"heldPercent"} */ (name)])).toFixed(1)} %`
        )
      ]
    })
  ])

const PAGE = "docs/validation.md"

/** The page, with the table of these results; null: nothing is recorded. @type {(page: string, results: Results | null) => string} */
export const pageWith = (page, results) =>
  withBlocks(PAGE, "gateway-check", page, {
    servers: results === null
      ? "Nothing is recorded: `node tools/gateway-check.mjs --write` on a host with an idle core."
      : `${tableText(results)}\n\nOn ${results.host}.`
  })

/** A line for each run. @type {(results: Results) => string} */
export const formatResults = ({ host, model, real }) => {
  /** @type {(entries: ReadonlyArray<readonly [string, unknown]>) => string} */
  const lines = (entries) => entries.map(([key, of]) => `    ${JSON.stringify(key)}: ${JSON.stringify(of)}`).join(",\n")
  const runs = Object.entries(real).map(([key, of]) =>
    `    ${JSON.stringify(key)}: [\n${of.map((run) => `      ${JSON.stringify(run)}`).join(",\n")}\n    ]`
  )
  return `{\n  "host": ${JSON.stringify(host)},\n  "model": {\n${lines(Object.entries(model))}\n  },\n  "real": {\n${
    runs.join(",\n")
  }\n  }\n}\n`
}
