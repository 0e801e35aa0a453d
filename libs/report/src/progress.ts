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
  readonly last: { readonly progress: ExperimentProgress; readonly millis: number }
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
          const millis = yield* Clock.currentTimeMillis
          const before = yield* Ref.get(state)
          const goesOn = before !== null && before.last.progress.total === progress.total &&
            progress.done >= before.last.progress.done
          // until the first event nothing goes on but worker threads that start
          const begun = goesOn && before.last.progress.events > before.beginning.events
          const at = goesOn ? before.last : { progress, millis }
          const beginning = begun
            ? before.beginning
            : { millis: at.millis, done: at.progress.done, events: at.progress.events }
          yield* Ref.set(state, { beginning, last: { progress, millis } })
          // over all of the time: runs tell of their events every 100,000 only
          const rate = millis <= beginning.millis || progress.done >= progress.total
            ? null
            : Math.max(0, ((progress.events - beginning.events) * 1000) / (millis - beginning.millis))
          yield* ticker.show(progressText(progress, rate, timeLeft(progress, beginning, millis, limitNs)))
        }),
      end: ticker.end
    }
  })
