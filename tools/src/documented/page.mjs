// @ts-check
// docs/documented-outcomes.md: what people wrote stays, what stands between markers is written anew from the recorded results.
import { withBlocks } from "../page-blocks.mjs"
import { table } from "../schema-tables.mjs"
import { MAP, MAPPED, SIZES } from "./grid.mjs"
import { distance, inWords, judge, QUESTIONS, seedsHolding, shareInWords } from "./outcome.mjs"

/** @typedef {import("./results.mjs").Points} Points */
/** @typedef {import("./grid.mjs").Point} Point */
/** @typedef {import("./outcome.mjs").Judged} Judged */

export const PAGE = "docs/documented-outcomes.md"

const ratioInWords = (/** @type {number | null} */ ratio) => (ratio === null ? "" : ratio.toFixed(2))

/** @type {(judged: Judged) => ReadonlyArray<string>} */
const figures = ({ of, ratio }) => [
  inWords(of["slab-vanilla"]),
  inWords(of["slab-series"]),
  ratioInWords(ratio),
  inWords(of["slub-vanilla"]),
  inWords(of["slub-series"]),
  `${shareInWords(of["slab-vanilla"]?.sysShare)}, ${shareInWords(of["slab-series"]?.sysShare)}`
]
const FIGURES = ["SLAB, v3.5", "SLAB, v3.6", "ratio", "SLUB, v3.5", "SLUB, v3.6", "system time of SLAB"]

/** @type {(points: ReadonlyArray<Point>, results: Points) => ReadonlyArray<readonly [Point, Judged]>} */
const judged = (points, results) =>
  points.flatMap((point) => {
    const measured = results[point.name]
    return measured === undefined ? [] : [/** @type {const} */ ([point, judge(measured)])]
  })

/** @type {(results: Points) => string} */
const sizesTable = (results) =>
  table(
    ["client", "seeds", ...FIGURES],
    judged(SIZES, results).map((
      [{ name, seeds }, it]
    ) => [name, String(seeds), ...figures(it)])
  )

/** @type {(results: Points) => string} */
const mapTable = (results) =>
  table(
    [...Object.keys(MAPPED), ...FIGURES, "as documented"],
    judged(MAP, results).map((
      [{ values }, it]
    ) => [...(values ?? []), ...figures(it), `${it.holds} of ${Object.keys(QUESTIONS).length}`])
  )

/** For each value of each parameter: at how many of its points each answer is the documented one. @type {(results: Points) => string} */
const parametersTable = (results) => {
  const all = judged(MAP, results)
  return table(
    ["parameter", "value", "points", ...Object.values(QUESTIONS)],
    Object.entries(MAPPED).flatMap(([parameter, choices], i) =>
      Object.keys(choices).flatMap((value) => {
        const points = all.filter(([{ values }]) => values?.[i] === value)
        const counts = Object.keys(QUESTIONS).map((question) =>
          String(points.filter(([, { answers }]) => answers[question]).length)
        )
        return points.length === 0 ? [] : [[parameter, value, String(points.length), ...counts]]
      })
    )
  )
}

/** @type {(points: ReadonlyArray<readonly [Point, Judged]>, results: Points) => ReadonlyArray<string>} */
const listed = (points, results) =>
  points.map(([{ name, seeds }, { of, ratio }]) =>
    `- ${name}: ratio ${ratioInWords(ratio) || "none"}; vanilla SLAB ${inWords(of["slab-vanilla"])}, system time ${
      shareInWords(of["slab-vanilla"]?.sysShare)
    }; with the series SLAB ${inWords(of["slab-series"])}, SLUB ${inWords(of["slub-series"])}; all of it with ${
      seedsHolding(results[name]).length
    } of ${seeds} ${seeds === 1 ? "seed" : "seeds"}`
  )

/** @type {(results: Points) => string} */
const verdict = (results) => {
  const all = judged([...SIZES, ...MAP], results)
  const questions = Object.keys(QUESTIONS).length
  const holding = all.filter(([, { holds }]) => holds === questions)
  if (holding.length > 0) {
    return [
      `At ${holding.length} of ${all.length} points all four are as documented:`,
      "",
      ...listed(holding, results)
    ].join("\n")
  }
  const most = Math.max(...all.map(([, { holds }]) => holds))
  const nearest = all.filter(([, { holds }]) => holds === most)
    .toSorted(([, a], [, b]) => distance(a.ratio) - distance(b.ratio))
  return [
    `**At none of the ${all.length} points all of it is as documented with every seed.** ${most} of the ${questions} are at ${nearest.length}, the nearest ratio first:`,
    "",
    ...listed(nearest.slice(0, 5), results)
  ].join("\n")
}

/** @type {(text: string, results: Points) => string} */
export const pageOf = (text, results) =>
  withBlocks(PAGE, "documented", text, {
    verdict: verdict(results),
    sizes: sizesTable(results),
    parameters: parametersTable(results),
    map: mapTable(results)
  })
