// @ts-check
// What is documented, and whether a point gives it.
import { median } from "../statistics.mjs"

/** @typedef {import("./measure.mjs").Measured} Measured */

/** Time of SLAB with the series over that of vanilla SLAB: cover letters of 2012-07-31 and 2012-04-16. */
const JULY = 1762.09 / 3240.7
const APRIL = 2953.96 / 4174.37

/** A ratio "holds" from a tenth below July's to a tenth above April's: one run each is behind them. */
export const RATIO = { least: JULY * 0.9, most: APRIL * 1.1 }

/** How far a ratio is from holding, as a factor's logarithm. @type {(ratio: number | null) => number} */
export const distance = (ratio) =>
  ratio === null ? Number.POSITIVE_INFINITY : Math.max(0, Math.log(RATIO.least / ratio), Math.log(ratio / RATIO.most))

/** Null where there is none. @type {(values: ReadonlyArray<number>) => number | null} */
const middle = (values) => (values.length === 0 ? null : median(values))

/**
 * Of one kernel at a point. `sysShare`: system time over elapsed time, of all runs.
 * @typedef {{
 *   runs: number, completed: number, lockedUp: number, elapsedS: number | null, progressS: number | null, sysShare: number | null,
 *   why: ReadonlyArray<string>
 * }} Outcome
 */

/** @type {(cell: import("./measure.mjs").Cell | undefined) => Outcome | null} */
export const outcomeOf = (cell) => {
  if (cell === undefined) return null
  const { runs } = cell
  const completed = runs.filter(({ outcome }) => outcome === "completed")
  return {
    runs: runs.length,
    completed: completed.length,
    lockedUp: runs.filter(({ outcome }) => outcome === "lockup").length,
    elapsedS: middle(completed.map(({ elapsedS }) => elapsedS)),
    progressS: middle(runs.flatMap(({ progressS }) => (progressS === null ? [] : [progressS]))),
    sysShare: middle(runs.map(({ elapsedS, sysS }) => sysS / elapsedS)),
    why: [...new Set(runs.flatMap(({ why }) => (why === null ? [] : [why])))]
  }
}

/** What is asked of each point, in the order of the page. */
export const QUESTIONS = {
  slabCompletes: "vanilla SLAB completes",
  slubLocksUp: "vanilla SLUB locks up",
  seriesComplete: "both series complete",
  ratioHolds: "the ratio of times is near the documented ones"
}

/**
 * A point as a whole. `ratio`: the time of SLAB with the series over that of vanilla SLAB, where both complete. An answer is yes when
 * it is so with every seed.
 * @typedef {{ of: Readonly<Record<string, Outcome | null>>, ratio: number | null, answers: Readonly<Record<string, boolean>>, holds: number }} Judged
 */

/** @type {(measured: Measured) => Judged} */
export const judge = (measured) => {
  const names = ["slab-vanilla", "slab-series", "slub-vanilla", "slub-series"]
  /** @type {Readonly<Record<string, Outcome | null>>} */
  const of = Object.fromEntries(names.map((name) => [name, outcomeOf(measured[name])]))
  const all = (/** @type {string} */ name, /** @type {"completed" | "lockedUp"} */ what) => {
    const outcome = of[name]
    return outcome !== null && outcome[what] === outcome.runs
  }
  const [vanilla, series] = [of["slab-vanilla"]?.elapsedS ?? null, of["slab-series"]?.elapsedS ?? null]
  const ratio = vanilla === null || series === null ? null : series / vanilla
  const answers = {
    slabCompletes: all("slab-vanilla", "completed"),
    slubLocksUp: all("slub-vanilla", "lockedUp"),
    seriesComplete: all("slab-series", "completed") && all("slub-series", "completed"),
    ratioHolds: ratio !== null && ratio >= RATIO.least && ratio <= RATIO.most
  }
  return { of, ratio, answers, holds: Object.values(answers).filter((holds) => holds).length }
}

/** The seeds with which all of it is as documented. @type {(measured: Measured) => ReadonlyArray<number>} */
export const seedsHolding = (measured) => {
  const cells = Object.entries(measured)
  const seeds = [...new Set(cells.flatMap(([, { runs }]) => runs.map(({ seed }) => seed)))]
  return seeds.filter((seed) =>
    judge(
      Object.fromEntries(
        cells.map(([name, { command, runs }]) => [name, { command, runs: runs.filter((run) => run.seed === seed) }])
      )
    ).holds === Object.keys(QUESTIONS).length
  )
}

const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(0)} %`

/** A kernel in a few words: `23.7 s`, `locks up after 0.9 s`, `unfinished`, `1 of 3 locks up`. @type {(outcome: Outcome | null) => string} */
export const inWords = (outcome) => {
  if (outcome === null) return "not run"
  const { completed, elapsedS, lockedUp, progressS, runs, why } = outcome
  if (completed === runs) return `${elapsedS?.toFixed(1)} s`
  if (lockedUp === runs) return `locks up after ${progressS?.toFixed(1)} s`
  if (completed + lockedUp === 0) return why.length > 0 ? `not done in time: ${why.join(", ")}` : "not done in time"
  return [[completed, "complete"], [lockedUp, "lock up"], [runs - completed - lockedUp, "not done"]]
    .filter(([n]) => n !== 0).map(([n, what]) => `${n} of ${runs} ${what}`).join(", ")
}

/** @type {(share: number | null | undefined) => string} */
export const shareInWords = (share) => (share === null || share === undefined ? "" : percent(share))

/** For the terminal. @type {(measured: Measured) => string} */
export const summaryOf = (measured) => {
  const { of, ratio, holds } = judge(measured)
  return `${
    Object.entries(of).map(([name, outcome]) => `${name} ${inWords(outcome)} (sys ${shareInWords(outcome?.sysShare)})`)
      .join("; ")
  }; ratio ${ratio === null ? "-" : ratio.toFixed(2)}; ${holds} of ${Object.keys(QUESTIONS).length} as documented`
}
