// The progress line on a terminal: runs done, simulated time, events a second, clients alive. On standard error, so that
// results can be piped; none if that is no terminal.
import type { ExperimentProgress } from "@swaplab/experiment"
import { Clock, Effect, Ref } from "effect"

/** What a progress line is written to; standard error of a process fits. */
export interface ProgressOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string) => unknown
}

/** Text of the line, without rate before there is one. */
export const progressText = (progress: ExperimentProgress, eventsPerSecond: number | null): string => {
  const { done, running, total } = progress
  const alive = running.reduce((sum, run) => sum + run.clientsAlive, 0)
  const clients = running.reduce((sum, run) => sum + run.clients, 0)
  const parts = [`${done}/${total} runs`]
  if (eventsPerSecond !== null) parts.push(`${(eventsPerSecond / 1e6).toFixed(2)} M events/s`)
  if (clients > 0) parts.push(`${alive}/${clients} clients alive`)
  for (const run of running) parts.push(`${run.kernel}#${run.seed} ${(run.simulatedNs / 1e9).toFixed(1)} s`)
  return parts.join("  ")
}

/** A line that is written over by the next one. */
export interface ProgressLine {
  readonly show: (progress: ExperimentProgress) => Effect.Effect<void>
  /** Wipes the line out. */
  readonly clear: Effect.Effect<void>
}

/** A progress line, or null where there is no terminal to show it on. */
export const makeProgressLine = (output: ProgressOutput): Effect.Effect<ProgressLine | null> =>
  Effect.gen(function*() {
    if (output.isTTY !== true) return null
    const last = yield* Ref.make<{ readonly events: number; readonly millis: number } | null>(null)
    return {
      show: (progress) =>
        Effect.gen(function*() {
          const millis = yield* Clock.currentTimeMillis
          const before = yield* Ref.getAndSet(last, { events: progress.events, millis })
          const rate = before === null || millis <= before.millis
            ? null
            : Math.max(0, ((progress.events - before.events) * 1000) / (millis - before.millis))
          // a pseudo-terminal without a size says 0
          const columns = output.columns === undefined || output.columns === 0 ? 80 : output.columns
          const text = progressText(progress, rate).slice(0, columns - 1)
          yield* Effect.sync(() => output.write(`\r${text}\u001b[K`))
        }),
      clear: Effect.sync(() => {
        output.write("\r\u001b[K")
      })
    }
  })
