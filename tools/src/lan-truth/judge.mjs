// @ts-check
// How near the model must come to the real side, and how near it comes.
import { median, spread } from "../statistics.mjs"

/** @typedef {keyof import("./figures.mjs").Figures} Figure */
/** A goal is met, the floor is (twice as far away is allowed), or neither. @typedef {"goal" | "floor" | "missed"} Verdict */
/**
 * A figure of a cell on both sides: medians of the repeats, how far the farthest repeat lies from the median of the real side, and
 * the error in words.
 * @typedef {{ real: number, spread: number, model: number, verdict: Verdict, error: string }} Judged
 */

/** @type {(share: number) => string} */
const percent = (share) => `${share < 0 ? "−" : "+"}${(100 * Math.abs(share)).toFixed(1)} %`

/** @type {(real: number, model: number) => number} */
const relative = (real, model) => real === 0 ? (model === 0 ? 0 : Number.POSITIVE_INFINITY) : model / real - 1

/** @type {(share: number, spreads: number) => Rule} */
const within = (share, spreads) => ({
  meaning: `within ${100 * share} %${spreads === 0 ? "" : ", or within twice the spread of the real side"}`,
  holds: (real, model, scatter, slack) =>
    Math.abs(model - real) <= Math.max(share * slack * real, spreads * slack * scatter),
  error: (real, model) => percent(relative(real, model))
})

/** How often as many time-outs there may be, and how many a second more or less where they are rare. */
const FACTOR = 1.5
const RARE_PER_S = 0.5

/**
 * `slack` 1 is the goal, 2 the floor.
 * @typedef {{
 *   meaning: string,
 *   holds: (real: number, model: number, scatter: number, slack: number) => boolean,
 *   error: (real: number, model: number) => string
 * }} Rule
 */

/** Figures that have a goal. @type {Readonly<Partial<Record<Figure, Rule>>>} */
export const RULES = {
  goodputMBs: within(0.02, 0),
  p50ms: within(0.03, 0),
  p99ms: within(0.15, 2),
  timeoutsPerS: {
    meaning: `within a factor of ${FACTOR}, or ${RARE_PER_S} a second, or twice the spread of the real side`,
    holds: (real, model, scatter, slack) =>
      Math.abs(model - real) <= Math.max(RARE_PER_S * slack, 2 * slack * scatter) ||
      (model <= real * FACTOR * slack && real <= model * FACTOR * slack),
    error: (real, model) => real === 0 || model === 0 ? (model === real ? "0" : "-") : `×${(model / real).toFixed(2)}`
  }
}
/** Their names, in the order of the tables. */
export const JUDGED = /** @type {ReadonlyArray<Figure>} */ (Object.keys(RULES))

/** @type {(figure: Figure, real: ReadonlyArray<number>, model: ReadonlyArray<number>) => Judged} */
export const judge = (figure, real, model) => {
  const rule = RULES[figure]
  if (rule === undefined) throw new Error(`${figure} has no goal`)
  const [truth, scatter, guess] = [median(real), spread(real), median(model)]
  const verdict = rule.holds(truth, guess, scatter, 1)
    ? "goal"
    : rule.holds(truth, guess, scatter, 2)
    ? "floor"
    : "missed"
  return { real: truth, spread: scatter, model: guess, verdict, error: rule.error(truth, guess) }
}

/** The worst of some verdicts. @type {(verdicts: ReadonlyArray<Verdict>) => Verdict} */
export const worst = (verdicts) =>
  verdicts.includes("missed") ? "missed" : verdicts.includes("floor") ? "floor" : "goal"

/** A cell of which both sides have repeats. @typedef {import("./grid.mjs").Cell & { key: string, judged: Record<string, Judged>, verdict: Verdict, of: (figure: Figure) => { real: number, spread: number, model: number } }} JudgedCell */

/** All cells that both sides have, in the order of the grid. @type {(grid: ReadonlyArray<import("./grid.mjs").Cell>, keyOf: (cell: import("./grid.mjs").Cell) => string, results: import("./results.mjs").Results) => ReadonlyArray<JudgedCell>} */
export const judgeAll = (grid, keyOf, { model, real }) =>
  grid.flatMap((cell) => {
    const key = keyOf(cell)
    const [truth = [], guess = []] = [real[key], model[key]]
    if (truth.length === 0 || guess.length === 0) return []
    /** @type {(figure: Figure) => [Array<number>, Array<number>]} */
    const values = (
      figure
    ) => [truth.map(({ figures }) => figures[figure]), guess.map(({ figures }) => figures[figure])]
    const judged = Object.fromEntries(JUDGED.map((figure) => [figure, judge(figure, ...values(figure))]))
    return [{
      ...cell,
      key,
      judged,
      verdict: worst(Object.values(judged).map(({ verdict }) => verdict)),
      of: (figure) => {
        const [a, b] = values(figure)
        return { real: median(a), spread: spread(a), model: median(b) }
      }
    }]
  })
