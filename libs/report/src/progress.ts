// The line about a list of runs: how many are done, the time that is left, events a second, clients alive, simulated time.
import type { ExperimentProgress } from "@swaplab/experiment"
import { Clock, Effect, Ref } from "effect"
import { makeTicker, type ProgressOutput } from "./ticker.ts"
import { type Beginning, spanText, type TimeLeft, timeLeft } from "./time-left.ts"

/** Text of the line, without rate and time left before there are any. */
export const progressText = (
  progress: ExperimentProgress,
  eventsPerSecond: number | null,
  left: TimeLeft | null
): string => {
  const { done, running, total } = progress
  const alive = running.reduce((sum, run) => sum + run.clientsAlive, 0)
  const clients = running.reduce((sum, run) => sum + run.clients, 0)
  const parts = [`${done}/${total} runs`]
  if (left !== null) parts.push(`${left.words} ${spanText(left.seconds)} left`)
  if (eventsPerSecond !== null) parts.push(`${(eventsPerSecond / 1e6).toFixed(2)} M events/s`)
  if (clients > 0) parts.push(`${alive}/${clients} clients alive`)
  for (const run of running) parts.push(`${run.kernel}#${run.seed} ${(run.simulatedNs / 1e9).toFixed(1)} s`)
  return parts.join(", ")
}

/** A line about runs that is shown again and again. */
export interface ProgressLine {
  readonly show: (progress: ExperimentProgress) => Effect.Effect<void>
  /** Takes the line off a terminal; ends a log. */
  readonly end: Effect.Effect<void>
}

interface State {
  readonly beginning: Beginning
  readonly done: number
  readonly total: number
  readonly events: number
  /** When there was something new the last time: runs tell of their events every 100,000 only. */
  readonly millis: number
}

const begin = ({ done, events, total }: ExperimentProgress, millis: number): State => ({
  beginning: { millis, done, events },
  done,
  total,
  events,
  millis
})

/** The state with what is known now. Until the first event nothing goes on but worker threads that start. */
const next = (before: State | null, progress: ExperimentProgress, millis: number): State => {
  const { done, events, total } = progress
  if (before === null || before.total !== total || done < before.done) return begin(progress, millis)
  if (events === before.events && done === before.done) {
    return events > before.beginning.events ? before : begin(progress, millis)
  }
  return { ...before, done, events, millis }
}

/**
 * A progress line on an output. `limitNs` is the simulated time that a run has at most, where that is known. Another list
 * of runs (another total, or fewer done) begins anew.
 */
export const makeProgressLine = (
  output: ProgressOutput,
  limitNs: number | null = null
): Effect.Effect<ProgressLine> =>
  Effect.gen(function*() {
    const ticker = yield* makeTicker(output)
    const state = yield* Ref.make<State | null>(null)
    return {
      show: (progress) =>
        Effect.gen(function*() {
          const now = yield* Clock.currentTimeMillis
          const { beginning, millis } = yield* Ref.modify(state, (before) => {
            const after = next(before, progress, now)
            return [after, after]
          })
          const made = progress.events - beginning.events
          const rate = made <= 0 || millis <= beginning.millis || progress.done >= progress.total
            ? null
            : (made * 1000) / (millis - beginning.millis)
          const left = timeLeft(progress, beginning, millis, limitNs)
          const since = (now - millis) / 1000
          yield* ticker.show(
            progressText(progress, rate, left === null ? null : { ...left, seconds: Math.max(0, left.seconds - since) })
          )
        }),
      end: ticker.end
    }
  })
