// A run that goes to a time, for commands that look at it there.
import type { ClusterRun } from "@swaplab/cluster"
import { parseQuantity, TIME } from "@swaplab/config"
import { Effect } from "effect"
import { UsageError } from "./exit.ts"

/** Events between two moments at which the command can be interrupted. */
const SLICE = 100_000

/** Goes to a time, or to the end of the run. `told` hears where it is; where that fails, the run goes no further. */
export const goTo = <E = never>(
  run: ClusterRun,
  ns: number,
  told: (nowNs: number) => Effect.Effect<void, E> = () => Effect.void
): Effect.Effect<void, E> =>
  Effect.suspend(() =>
    run.advance(ns, SLICE) === "events"
      ? Effect.zipRight(told(run.now), Effect.zipRight(Effect.yieldNow(), goTo(run, ns, told)))
      : Effect.void
  )

/** The time of an option in nanoseconds; Infinity without one. */
export const timeOfOption = (option: string, text: string | undefined): Effect.Effect<number, UsageError> => {
  const ns = text === undefined ? Number.POSITIVE_INFINITY : parseQuantity(TIME, text)
  return ns === null
    ? new UsageError({ message: `${option}: got ${text}, expected ${TIME.expected}` })
    : Effect.succeed(ns)
}
