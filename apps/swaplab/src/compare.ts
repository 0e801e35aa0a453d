// swaplab compare: two results side by side.
import type { Values } from "@swaplab/command"
import {
  type CellComparison,
  cellWords,
  chosenCells,
  compareCells,
  differencesOf,
  type Differing,
  EXIT,
  pairCells,
  parseChoice,
  parseMetric,
  readCells,
  verdictOf
} from "@swaplab/experiment"
import { renderComparison } from "@swaplab/report"
import { Console, Effect } from "effect"
import type { Commands } from "./commands.ts"
import { ExitWith } from "./exit.ts"
import { sheet } from "./screen.ts"

/** The content of --json. */
const jsonOf = (differing: ReadonlyArray<Differing>, comparisons: ReadonlyArray<CellComparison>): object => ({
  format: 1,
  differing,
  comparisons: comparisons.map(({ a, b, completed, identical, outcomes, rows, seeds }) => ({
    a: { kernel: a.kernel, at: a.at },
    b: { kernel: b.kernel, at: b.at },
    seeds,
    completed,
    identical,
    outcomes,
    metrics: rows.map((row) => ({ ...row, metric: row.metric.name, verdict: verdictOf(row) }))
  }))
})

/** `swaplab compare`. */
export const compare = (flags: Values<Commands["compare"]>) =>
  Effect.gen(function*() {
    const choices = [yield* parseChoice(flags.a), yield* parseChoice(flags.b)]
    const guarded = yield* Effect.forEach(flags.guard, (name) => parseMetric(name))
    const [a, b] = yield* Effect.forEach(choices, ({ path }) => readCells(path))
    const pairs = yield* pairCells(yield* chosenCells(a, choices[0]), yield* chosenCells(b, choices[1]))
    const comparisons = pairs.map((pair) => compareCells(pair, a.loaded.workloads))
    const differing = differencesOf(a, b)
    yield* Console.log(
      flags.json
        ? JSON.stringify(jsonOf(differing, comparisons))
        : renderComparison(differing, comparisons, flags.all, sheet()).trimEnd()
    )
    const worse = comparisons.flatMap((comparison) =>
      comparison.rows.filter((row) =>
        guarded.some(({ name }) => name === row.metric.name) && verdictOf(row) === "worse"
      )
        .map((row) => `${row.metric.name} is worse at ${cellWords(comparison.b)}`)
    )
    yield* Effect.forEach(worse, (text) => Console.error(`swaplab: ${text}`), { discard: true })
    if (worse.length > 0) return yield* new ExitWith({ code: EXIT.threshold })
  })
