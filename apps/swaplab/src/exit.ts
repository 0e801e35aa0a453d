// How the command ends: exit codes, and whose fault it was.
import type { Teardown } from "@effect/platform/Runtime"
import { EXIT, type RunFailure } from "@swaplab/experiment"
import { Cause, Console, Data, Effect, Exit, Option } from "effect"

/** Ends the command with a code, after everything has been said. */
export class ExitWith extends Data.TaggedError("ExitWith")<{ readonly code: number }> {}

/** A mistake in how the command was called. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

/** Tells runs that were lost, with what a report of the fault needs. */
export const tellFailures = (failures: ReadonlyArray<RunFailure>): Effect.Effect<void> =>
  Effect.forEach(
    failures,
    ({ message, stack }) => Console.error(`swaplab: a run failed through a fault of swaplab: ${message}\n${stack}`),
    { discard: true }
  )

/** Turns the end of the main fiber into the exit code of the process. */
export const teardown: Teardown = (exit, onExit) => {
  if (Exit.isSuccess(exit)) return onExit(EXIT.ok)
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (failure instanceof ExitWith) return onExit(failure.code)
  onExit(Cause.isInterruptedOnly(exit.cause) ? EXIT.interrupted : EXIT.ourFault)
}
