// What each field of a sweep costs by the prices of the scenario, what it gives, and which fields nobody should buy: another
// one gives at least as much for at most as much money. Money has no currency here.
import { type LoadedScenario, scenarioSchema } from "@swaplab/cluster"
import { type ConfigError, formatPath, mistake, parsePath } from "@swaplab/config"
import { Either, Schema } from "effect"
import { metricEstimate } from "../sweep/precision.ts"
import type { SweepMetric } from "../sweep/sweep-metrics.ts"
import type { SweepCell, SweepResult } from "../sweep/sweep.ts"
import { judgeRuns } from "../verdict.ts"

/** A field that can be bought. */
export interface Offer {
  readonly kernel: string
  /** Values by path, of those that are not counted. */
  readonly at: Readonly<Record<string, string>>
  readonly price: number
  /** What it gives: clients that all thresholds hold for, or the mean of the metric. */
  readonly gives: number
  /** Whether no other field gives as much for less, or more for as much. */
  readonly front: boolean
}

/** The offers of a sweep. */
export interface Pareto {
  /** Null: clients. */
  readonly metric: SweepMetric | null
  readonly better: "more" | "less"
  /** Cheapest first. */
  readonly offers: ReadonlyArray<Offer>
}

const plain = (text: string): string => text.replaceAll(/\s/g, "")

/** The value at a path of the scenario with every default filled in, as a file would write it. */
const valueAt = ({ scenario, workloads }: LoadedScenario, path: string): string | null => {
  const found = (parsePath(path) ?? []).reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[key] : undefined,
    Schema.encodeSync(scenarioSchema(workloads))(scenario)
  )
  return typeof found === "string" || typeof found === "number" || typeof found === "boolean" ? String(found) : null
}

/** What a scenario costs. Every price is the user's; a value without one is a mistake of the file. */
export const priceOf = (loaded: LoadedScenario): Either.Either<number, ConfigError> =>
  Either.gen(function*() {
    let sum = 0
    for (const [i, { each, path, values }] of (loaded.scenario.prices ?? []).entries()) {
      const where = `prices[${i}]`
      const value = valueAt(loaded, path)
      if (value === null) {
        return yield* Either.left(
          mistake(where, `${path} is no single value of this scenario, expected a path such as server.disk`)
        )
      }
      const known = Object.entries(values).find(([name]) => plain(name) === plain(value))
      if (known === undefined) {
        return yield* Either.left(
          mistake(
            where,
            `has no price for ${path} ${value}, expected one of ${Object.keys(values).join(", ")} or a price for it`
          )
        )
      }
      const count = each === undefined ? 1 : Number(valueAt(loaded, each))
      if (!Number.isFinite(count)) {
        return yield* Either.left(
          mistake(where, `each: ${each} is no number of this scenario, expected a path such as clients.0.count`)
        )
      }
      sum += known[1] * count
    }
    return sum
  })

/** Whether all runs of a cell keep what the scenario wants. */
const holds = (result: SweepResult, { runs }: SweepCell): boolean => {
  const { scenario, workloads } = result.plan.loaded
  return runs.length > 0 &&
    judgeRuns(scenario, runs, { failures: [], interrupted: false }, [], workloads).findings.length === 0
}

const placeOf = (result: SweepResult, cell: SweepCell): LoadedScenario | undefined =>
  result.plan.cells.find(({ field, kernel }) => field === cell.field && kernel === cell.kernel)?.jobs[0]?.loaded

const isCount = (path: string): boolean => /^clients(\.|\[)\d+\]?\.count$/.test(path)

interface Bought {
  readonly cell: SweepCell
  readonly gives: number
}

/** For each combination of the other paths the largest count whose runs keep the thresholds, at every smaller count too. */
const largestCounts = (result: SweepResult, axis: number): ReadonlyArray<Bought> => {
  const groups = new Map<string, Array<SweepCell>>()
  for (const cell of result.cells) {
    const rest = `${cell.kernel} ${cell.field.filter((_, i) => i !== axis).join(" ")}`
    groups.set(rest, [...(groups.get(rest) ?? []), cell])
  }
  return [...groups.values()].flatMap((cells) => {
    const ordered = cells.toSorted((a, b) => Number(a.at[axis]) - Number(b.at[axis]))
    const missed = ordered.findIndex((cell) => !holds(result, cell))
    const last = ordered[(missed < 0 ? ordered.length : missed) - 1]
    return last === undefined ? [{ cell: ordered[0], gives: 0 }] : [{ cell: last, gives: Number(last.at[axis]) }]
  })
}

/** Whether `a` makes `b` a bad buy. */
const dominates = (a: Offer, b: Offer, better: "more" | "less"): boolean => {
  const gain = better === "more" ? a.gives - b.gives : b.gives - a.gives
  return a.price <= b.price && gain >= 0 && (a.price < b.price || gain > 0)
}

/**
 * The offers of a sweep whose scenario has prices; null without prices, or where no metric has a better direction. With a path
 * of a count of clients and thresholds an offer gives clients, and costs what it does with that many; else it gives the first
 * shown metric that has a better direction.
 */
export const paretoOf = (result: SweepResult): Either.Either<Pareto | null, ConfigError> =>
  Either.gen(function*() {
    const { axes, loaded, metrics } = result.plan
    if ((loaded.scenario.prices ?? []).length === 0) return null
    const counted = loaded.scenario.thresholds.length === 0 ? -1 : axes.findIndex(({ path }) => isCount(path))
    const metric = counted >= 0 ? null : metrics.find(({ better }) => better !== null) ?? null
    if (counted < 0 && metric === null) return null
    const better = metric?.better ?? "more"
    const bought = metric === null
      ? largestCounts(result, counted)
      : result.cells.map((cell) => ({ cell, gives: metricEstimate(metric, cell.runs).value }))
    const offers: Array<Offer> = []
    for (const { cell, gives } of bought) {
      const place = placeOf(result, cell)
      if (place === undefined || Number.isNaN(gives)) continue
      const at = Object.fromEntries(
        axes.flatMap(({ path }, i) => i === counted ? [] : [[formatPath(parsePath(path) ?? []), String(cell.at[i])]])
      )
      offers.push({ kernel: cell.kernel, at, price: yield* priceOf(place), gives, front: false })
    }
    return {
      metric,
      better,
      offers: offers.map((offer) => ({ ...offer, front: !offers.some((other) => dominates(other, offer, better)) }))
        .toSorted((a, b) => a.price - b.price || (better === "more" ? b.gives - a.gives : a.gives - b.gives))
    }
  })
