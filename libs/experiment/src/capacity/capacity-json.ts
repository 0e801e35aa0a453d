// The answer of a capacity search for other programs: JSON of all of it, CSV with a row for each run.
import { formatThreshold } from "@swaplab/cluster"
import { cellsCsv } from "../cells-csv.ts"
import { failuresJson } from "../protocol.ts"
import type { Advice } from "./advice.ts"
import { type Bottleneck, nextOf } from "./bottleneck.ts"
import { askedOf, type Capacity } from "./capacity.ts"
import { Effort, forecastSearch } from "./forecast.ts"
import { demandsOf } from "./situation.ts"

/** The value of a level; null beyond the ends of the ladder. */
const valueAt = ({ situation: { ladder: { values } } }: Capacity, level: number): number | string | null =>
  values[level - 1] ?? null

const adviceJson = ({ after, before, changes, expected, ladder, resource, runs, seeds }: Advice): object => {
  const valueOf = (level: number): number | string | null => ladder.values[level - 1] ?? null
  const values = ({ least, most }: Advice["before"]): object => ({ least: valueOf(least), most: valueOf(most) })
  return {
    resource,
    changes,
    seeds,
    before: values(before),
    after: values(after),
    expected: expected === null ? null : values(expected),
    // the most may be more than was tried
    open: after.most >= ladder.values.length,
    runs
  }
}

const limitsJson = ({ advice, leftOut, limits, seeds, state }: Bottleneck): object => ({
  state,
  seeds,
  resources: limits,
  leftOut,
  next: nextOf(limits)?.name ?? null,
  advice: advice === null ? null : adviceJson(advice)
})

/** What the search foresaw of itself when its first seed had ended, and what it took; null: it has not come so far. */
const foreseenJson = ({ demand, samples, situation, state }: Capacity): object | null => {
  const pilot = samples.filter(({ index }) => index === 0)
  if (state !== "decided" || pilot.length === samples.length) return null
  const capacity = pilot.reduce((most, { holds, level }) => holds ? Math.max(most, level) : most, 0)
  const effort = new Effort()
  for (const { cell, level } of pilot) effort.add(level, cell.events)
  const forecast = forecastSearch(askedOf(situation, demand), [capacity])
  return {
    runs: forecast.runs,
    events: Math.round(effort.eventsOf(forecast) ?? 0),
    took: { runs: samples.length, events: samples.reduce((sum, { cell }) => sum + cell.events, 0) }
  }
}

/** All of the answer as plain data. It depends on the scenario and the seeds only, not on the host. */
export const capacityJson = (capacity: Capacity, bottleneck: Bottleneck | null): object => {
  const { audit, demand, failure, high, low, reached, samples, seeds, situation, state } = capacity
  const { firstSeed, kernel, ladder, loaded } = situation
  return {
    format: 1,
    file: loaded.file,
    scenario: loaded.scenario.name,
    kernel,
    path: ladder.path,
    searched: ladder.least ? "least" : "most",
    values: { first: ladder.values[0], last: ladder.values[ladder.values.length - 1], count: ladder.values.length },
    demands: demandsOf(loaded).map((demanded) => formatThreshold(demanded, loaded.workloads)),
    holds: demand.holds,
    sure: demand.sure,
    within: demand.within,
    state,
    atLeast: valueAt(capacity, low),
    atMost: valueAt(capacity, high - 1),
    failsAt: valueAt(capacity, high),
    firstSeed,
    seeds,
    runs: samples.length,
    endedEarly: samples.filter(({ cell }) => cell.endedEarly !== undefined).length,
    audit,
    foreseen: foreseenJson(capacity),
    curve: reached.flatMap(({ reach, seeds: asked }, i) =>
      asked === 0 ? [] : [{ value: ladder.values[i], seeds: asked, hold: reach }]
    ),
    limitedBy: bottleneck === null ? null : limitsJson(bottleneck),
    failures: failuresJson([failure, bottleneck?.failure ?? null].filter((lost) => lost !== null))
  }
}

/** A row for each run: its value, whether it holds, and all that is kept of it. */
export const capacityCsv = ({ samples, situation: { ladder, loaded } }: Capacity): string =>
  cellsCsv(
    [ladder.path, "holds", "ended_early"],
    samples.map(({ cell, holds, level }) =>
      [[ladder.values[level - 1], String(holds), cell.endedEarly ?? null], cell] as const
    ),
    loaded.workloads
  )
