// What a search foresees of itself, against what it took: capacities of the seeds and events of the runs of capacity-quick as they
// were recorded.
import { ConfidenceSequence } from "#src/capacity/confidence.ts"
import { Effort, forecastSearch } from "#src/capacity/forecast.ts"
import { CapacitySearch, type SearchOptions } from "#src/capacity/search.ts"
import { describe, expect, it } from "vitest"
import { search as searchOf } from "./oracles.ts"

const CAPACITIES =
  "20 20 20 20 22 22 22 20 20 20 20 20 19 19 20 17 19 18 19 20 20 20 20 20 20 20 20 19 20 19 20 20 20 20 20 20 20"
    .split(" ").map(Number)

/** Events of a run by level, in thousands; those between two levels lie between theirs. */
const EVENTS: ReadonlyArray<readonly [level: number, events: number]> = [
  ...[[1, 5.7], [3, 13.4], [4, 20.5], [5, 25.6], [7, 29.8], [11, 54.5], [13, 64.2], [15, 72.5], [16, 80.9]] as const,
  ...[[17, 92.1], [18, 91.8], [19, 95.1], [20, 98.1], [21, 103.9], [22, 105.2], [23, 107], [24, 110]] as const
]

const eventsAt = (level: number): number => {
  const after = EVENTS.findIndex(([at]) => at >= level)
  const [high, more] = EVENTS[after]
  const [low, less] = EVENTS[Math.max(0, after - 1)]
  return high === low ? more : less + (more - less) * (level - low) / (high - low)
}

const ASKED: SearchOptions = {
  levels: 24,
  bound: new ConfidenceSequence(0.8, 0.1),
  enough: (low, high) => high - low <= Math.max(1, 0.15 * high),
  maxSeeds: 10_000
}

/** The recorded search: its runs and events in all, and what it foresaw when so many seeds had ended. */
const replayed = (after: number) => {
  const search = new CapacitySearch(ASKED)
  const effort = new Effort()
  let foreseen: { readonly runs: number; readonly events: number | null } | null = null
  let runs = 0
  let events = 0
  for (let probe = search.next(); probe !== null; probe = search.next()) {
    const { index, level } = probe
    search.answer(probe, level <= CAPACITIES[index])
    runs++
    events += eventsAt(level)
    effort.add(level, eventsAt(level))
    if (foreseen === null && search.seeds.length >= after) {
      const forecast = forecastSearch(ASKED, search.seeds.map(({ capacity }) => capacity))
      foreseen = { runs: forecast.runs, events: effort.eventsOf(forecast) }
    }
  }
  return { runs, events, foreseen }
}

describe("what a search foresees of itself", () => {
  it.each([1, 2, 4, 8, 16, 24])("is right within a factor of 1.5 after %i seeds of a recorded search", (after) => {
    const { events, foreseen, runs } = replayed(after)
    expect(runs).toBe(100)
    for (const ratio of [(foreseen?.runs ?? 0) / runs, (foreseen?.events ?? 0) / events]) {
      expect(ratio).toBeGreaterThan(1 / 1.5)
      expect(ratio).toBeLessThan(1.5)
    }
  })

  it("is right in half of all searches before the first run, and knows no events then", () => {
    const before = forecastSearch(ASKED, []).runs
    const took = Array.from({ length: 41 }, (_, trial) => {
      const middle = 8 + (trial % 9)
      const oracle = { name: "", levels: 24, reaches: (level: number) => 1 / (1 + Math.exp((level - middle) / 0.6)) }
      return searchOf(oracle, trial, ASKED.bound, 0.15).runs
    }).toSorted((a, b) => a - b)
    expect(took[10] / 1.5).toBeLessThan(before)
    expect(took[30] * 1.5).toBeGreaterThan(before)
    expect(new Effort().eventsOf({ runs: 10, levels: 20 })).toBe(null)
  })
})
