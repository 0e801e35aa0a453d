// What a sweep can be asked for: every metric that a threshold can name, the outcome as a share, and the steady state.
import { type LoadedScenario, type Metric, metricOf, metricsOf } from "@swaplab/cluster"
import { type ConfigError, didYouMean, mistake, RATE, TIME, type UnitKind } from "@swaplab/config"
import { VMSTAT_NAMES } from "@swaplab/page-alloc"
import type { WorkloadTable } from "@swaplab/workload"
import { Either } from "effect"
import type { CellResult } from "../cell.ts"
import type { SteadyFigure } from "./steady.ts"

/** Which of the clients, groups or servers of a run stands for it. */
const PARTS = ["min", "mean", "max"] as const
type Part = (typeof PARTS)[number]

/** A metric of runs: one number for each. */
export interface SweepMetric {
  /** As it is asked for: `client.faultLatency.p99.max`. */
  readonly name: string
  readonly unit: UnitKind | null
  readonly meaning: string
  /** Which direction is the better one; null: neither. */
  readonly better: "more" | "less" | null
  /** Null: the run has no such value. */
  readonly of: (run: CellResult) => number | null
}

/** Metrics that are shown without being asked for. */
const MOST_SHOWN = 3

/** Figures of the steady state: unit, and meaning. */
const STEADY: Readonly<
  Record<SteadyFigure, readonly [unit: UnitKind | null, meaning: string, better: "more" | "less"]>
> = {
  throughputPerSecond: [null, "NBD requests a second, all servers", "more"],
  swapInRate: [RATE, "swap-in of all clients", "more"],
  swapOutRate: [RATE, "swap-out of all clients", "more"],
  meanInSystem: [null, "requests in all servers on average", "less"],
  meanResidence: [TIME, "mean time of a request in a server, by Little's law", "less"]
}

/** Names in which more is better; of all other times and counts of trouble, less is. */
const MORE = /(Rate|throughputPerSecond|cacheHitRatio|lowestFree|pagesTouched|\.done|\.ratio)(\.|$)/
/** Names of which neither is better. */
const NEITHER =
  /(started|Utilisation|\.count|swapIn|swapOut|received|sent|read|write|imageRead|requests|vmstat\..*)(\.|$)/

const betterOf = (name: string): SweepMetric["better"] => MORE.test(name) ? "more" : NEITHER.test(name) ? null : "less"

const outcome: SweepMetric = {
  name: "completed",
  unit: null,
  meaning: "share of runs that completed",
  better: "more",
  of: (run) => run.outcome === "completed" ? 1 : 0
}

const steady = (figure: SteadyFigure): SweepMetric => {
  const [unit, meaning, better] = STEADY[figure]
  return {
    name: `steady.${figure}`,
    unit,
    meaning: `${meaning}, after the beginning was cut off`,
    better,
    of: ({ steady: state }) => state.applied ? state.figures[figure] : null
  }
}

/** Names of the figures of the steady state. */
export const STEADY_FIGURES = Object.keys(STEADY) as ReadonlyArray<SteadyFigure>

const OWN: ReadonlyArray<SweepMetric> = [outcome, ...STEADY_FIGURES.map(steady)]

const ofTable = (name: string, metric: Metric, part: Part | null): SweepMetric => ({
  name: part === null ? name : `${name}.${part}`,
  unit: metric.unit,
  meaning: metric.meaning,
  better: betterOf(name),
  of: ({ metrics }) => {
    const value = metrics[name] ?? null
    if (value === null || typeof value === "number") return value
    return value[part ?? "mean"]
  }
})

/** Every metric that runs have, those of clients, groups and servers as their least, mean and most. */
export const allMetrics = (workloads?: WorkloadTable): ReadonlyArray<SweepMetric> => [
  ...OWN,
  ...Object.entries(metricsOf(workloads)).flatMap(([name, metric]) =>
    metric.scope === "run" ? [ofTable(name, metric, null)] : PARTS.map((part) => ofTable(name, metric, part))
  )
]

const isPart = (word: string): word is Part => PARTS.some((part) => part === word)

/** The metric of a name, or null. Without a part, one of clients, groups or servers is their mean. */
const sweepMetric = (name: string, workloads?: WorkloadTable): SweepMetric | null => {
  const own = OWN.find((metric) => metric.name === name)
  if (own !== undefined) return own
  const whole = metricOf(name, workloads)
  if (whole !== null) return ofTable(name, whole, whole.scope === "run" ? null : "mean")
  const dot = name.lastIndexOf(".")
  const part = name.slice(dot + 1)
  const metric = metricOf(name.slice(0, Math.max(0, dot)), workloads)
  return metric === null || metric.scope === "run" || !isPart(part) ? null : ofTable(name.slice(0, dot), metric, part)
}

/** Reads the names of --metric. */
export const parseMetric = (text: string, workloads?: WorkloadTable): Either.Either<SweepMetric, ConfigError> => {
  const metric = sweepMetric(text, workloads)
  if (metric !== null) return Either.right(metric)
  const names = [
    ...OWN.map(({ name }) => name),
    ...Object.keys(metricsOf(workloads)),
    ...VMSTAT_NAMES.map((counter) => `client.vmstat.${counter}`)
  ]
  const near = didYouMean(text, names)
  return Either.left(mistake(
    `--metric ${text}`,
    `is no metric${
      near === "" ? ", docs/reference/scenario.md lists them; besides there are completed and steady.*" : near
    }`
  ))
}

/** What is shown unless something is asked for: what the thresholds name, else time, page-ins and throughput. */
export const defaultMetrics = ({ scenario, workloads }: LoadedScenario): ReadonlyArray<SweepMetric> => {
  const named = scenario.thresholds.map(({ comparison, metric }) => {
    const scoped = metricOf(metric, workloads)?.scope !== "run"
    return scoped ? `${metric}.${comparison.startsWith("<") ? "max" : "min"}` : metric
  })
  const names = named.length > 0
    ? [...new Set(named)].slice(0, MOST_SHOWN)
    : ["elapsed", "client.faultLatency.p99", "steady.throughputPerSecond"]
  return names.flatMap((name) => sweepMetric(name, workloads) ?? [])
}
