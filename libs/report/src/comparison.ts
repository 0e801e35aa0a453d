// Kernels side by side, in the manner of MMTests' compare-kernels, with both meanings of "faster".
import { plural } from "@swaplab/config"
import type { ComparedRow, Comparison } from "@swaplab/experiment"
import { type Block, key, paragraph, right, type Row, table } from "./document.ts"
import { change, decimal, ratio } from "./format.ts"

const NAMES: Readonly<Record<ComparedRow["time"], string>> = {
  user: "User",
  sys: "System",
  "user+sys": "User+Sys",
  elapsed: "Elapsed"
}

const interval = (estimate: { readonly low: number; readonly high: number }): string =>
  Number.isFinite(estimate.low) && Number.isFinite(estimate.high)
    ? `${estimate.low.toFixed(2)} to ${estimate.high.toFixed(2)}`
    : "-"

/** One comparison. A star marks a difference that is significant by MMTests' test. */
export const comparisonTable = (comparison: Comparison): ReadonlyArray<Block> => {
  const { against, baseline, rows, seeds } = comparison
  if (rows.length === 0) {
    return [paragraph(`${baseline} and ${against}: no seed that both have completed, nothing to compare`)]
  }
  const body = rows.map((row): Row => [
    NAMES[row.time],
    decimal(row.baseline.value),
    `${decimal(row.against.value)}${row.significant ? "*" : " "}`,
    change(row.faster.timeChange),
    ratio(row.faster.speedRatio),
    interval(row.difference)
  ])
  const columns = [
    key("seconds"),
    right(baseline),
    right(`${against} `),
    right("time"),
    right("speed"),
    right("paired difference")
  ]
  return [
    table(columns, body),
    paragraph(`${plural(seeds.length, "seed")} completed by both.`)
  ]
}

/** What the columns of a comparison mean. */
export const COMPARISON_LEGEND: Block = paragraph(
  "time: (new - old) / old; speed: old / new. The headlines of 2012 use one each: 3240.70 s to 1762.09 s is -45.6 % or "
    + "1.84x, 4174.37 s to 2953.96 s is -29.2 % or 1.41x. *: significant by MMTests' test. paired difference: new - old in "
    + "seconds, 95 % interval."
)
