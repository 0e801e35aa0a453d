// The steady state of a run: what its servers do once the beginning is over, from the time series.
//
// The beginning is cut off by MSER-5 (White, Cobb and Spratt 2000): the series of throughput is averaged in batches of five
// samples; for each number of batches that are left out at the front, the squared deviations of the rest are summed and
// divided by the square of how many are left; where that is least the beginning ends. It is looked for in the first half. Where
// leaving out more, but not more than three quarters, makes it clearly less, the run was too short to settle.
//
// The window is the time in which every client works: from the last start of a workload to the first end of one. Where that
// is too short, or nothing settles in it, there is no steady state, and the reason is kept.
// Not modelled: seasons. A load that comes and goes on purpose (a lesson, a day) has no steady state, although the rule may
// find one in a part of it.
import type { RunResult, Series } from "@swaplab/cluster"
import { PAGE_SIZE } from "@swaplab/page-alloc"

/** What a run does once it has settled. */
export interface SteadyState {
  readonly applied: true
  /** The window that is left, in simulated time. */
  readonly fromNs: number
  readonly toNs: number
  /** What was cut off at its front. */
  readonly warmUpNs: number
  readonly figures: Readonly<Record<SteadyFigure, number | null>>
}

/** Why a run has no steady state. */
export interface NoSteadyState {
  readonly applied: false
  readonly reason: string
}

/** Figures of the steady state, in base units. */
export type SteadyFigure = "throughputPerSecond" | "swapInRate" | "swapOutRate" | "meanInSystem" | "meanResidence"

/** Samples of a batch. */
const BATCH = 5
/** With fewer batches the minimum is chance. */
const LEAST_BATCHES = 10

/** A minimum of the second half counts where it is less than so much of that of the first: chance alone makes it a little less. */
const CLEARLY_LESS = 0.7

/** Batches to be left out at the front, by MSER; null where the second half is clearly more alike in itself than any longer rest. */
export const mser = (batches: ReadonlyArray<number>): number | null => {
  const n = batches.length
  // a few batches alone look alike by chance
  const fewest = Math.max(3, Math.ceil(n / 4))
  // sums of the rest, from the end
  let sum = 0
  let squares = 0
  let best = 0
  let least = Number.POSITIVE_INFINITY
  let leastLate = Number.POSITIVE_INFINITY
  for (let cut = n - 1; cut >= 0; cut--) {
    sum += batches[cut]
    squares += batches[cut] * batches[cut]
    const left = n - cut
    if (left < fewest) continue
    const error = Math.max(0, squares - (sum * sum) / left) / (left * left)
    if (cut > n / 2) {
      leastLate = Math.min(leastLate, error)
    } else if (error <= least) {
      // of equal ones the longest rest
      least = error
      best = cut
    }
  }
  return leastLate < CLEARLY_LESS * least ? null : best
}

const column = (series: Series, name: string): Float64Array | null =>
  series.columns.find((other) => other.name === name)?.values ?? null

const columns = (series: Series, machines: ReadonlyArray<{ readonly name: string }>, figure: string) =>
  machines.flatMap(({ name }) => column(series, `${name}.${figure}`) ?? [])

/** Growth of counters from one sample to another. One that is smaller then has begun anew: its machine has booted. */
const growth = (counters: ReadonlyArray<Float64Array>, from: number, to: number): number => {
  let sum = 0
  for (const values of counters) {
    for (let i = from + 1; i <= to; i++) sum += values[i] < values[i - 1] ? values[i] : values[i] - values[i - 1]
  }
  return sum
}

/** First and last sample of the window in which every client works. */
const windowOf = ({ clients, series: { timesNs } }: RunResult): readonly [first: number, last: number] => {
  let from = 0
  let to = Number.POSITIVE_INFINITY
  for (const { elapsedNs, startedNs } of clients) {
    if (startedNs === null) return [0, -1]
    from = Math.max(from, startedNs)
    to = Math.min(to, startedNs + elapsedNs)
  }
  let first = 0
  while (first < timesNs.length && timesNs[first] < from) first++
  let last = timesNs.length - 1
  while (last >= 0 && timesNs[last] > to) last--
  return [first, last]
}

const none = (reason: string): NoSteadyState => ({ applied: false, reason })

/** The steady state of a run. */
export const steadyOf = (run: RunResult): SteadyState | NoSteadyState => {
  const { clients, series, servers } = run
  const { timesNs } = series
  const [first, last] = windowOf(run)
  const batches = Math.floor((last - first) / BATCH)
  if (batches < LEAST_BATCHES) {
    const samples = Math.max(0, last - first)
    return none(
      `the time in which every client works has ${samples} samples, ${
        LEAST_BATCHES * BATCH
      } are the least (series.interval)`
    )
  }
  const requests = columns(series, servers, "requests")
  const rates = Array.from({ length: batches }, (_, i) => {
    const from = first + i * BATCH
    return growth(requests, from, from + BATCH) * 1e9 / (timesNs[from + BATCH] - timesNs[from])
  })
  if (rates.every((rate) => rate === 0)) return none("the servers got no request while every client worked")
  const cut = mser(rates)
  if (cut === null) return none("the throughput does not settle: MSER-5 would cut off more than half of the time")
  const from = first + cut * BATCH
  const to = first + batches * BATCH
  const seconds = (timesNs[to] - timesNs[from]) / 1e9
  const throughput = growth(requests, from, to) / seconds
  const resident = columns(series, servers, "resident").map((values) => mean(values, from + 1, to))
  const inSystem = resident.reduce((sum, value) => sum + value, 0)
  const bits = (figure: string): number => growth(columns(series, clients, figure), from, to) * PAGE_SIZE * 8 / seconds
  return {
    applied: true,
    fromNs: timesNs[from],
    toNs: timesNs[to],
    warmUpNs: timesNs[from] - timesNs[first],
    figures: {
      throughputPerSecond: throughput,
      swapInRate: bits("pswpin"),
      swapOutRate: bits("pswpout"),
      meanInSystem: inSystem,
      // Little's law
      meanResidence: throughput === 0 ? null : inSystem * 1e9 / throughput
    }
  }
}

const mean = (values: Float64Array, from: number, to: number): number => {
  let sum = 0
  for (let i = from; i <= to; i++) sum += values[i]
  return sum / Math.max(1, to - from + 1)
}
