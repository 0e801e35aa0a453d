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

/** What --help says about exit codes. */
export const EXIT_CODES: ReadonlyArray<readonly [code: number, meaning: string]> = [
  [EXIT.ok, "everything went as the scenario expects"],
  [EXIT.ourFault, "a fault of swaplab: an assertion, a broken law, a lost run"],
  [EXIT.userError, "a mistake in a scenario, a flag or a path"],
  [EXIT.lockup, "a lockup where the scenario expects none"],
  [EXIT.threshold, "a threshold missed, or another outcome than the expected one"],
  [EXIT.interrupted, "interrupted; what was measured until then is shown and written"]
]

/** Turns the end of the main fiber into the exit code of the process. */
export const teardown: Teardown = (exit, onExit) => {
  if (Exit.isSuccess(exit)) return onExit(EXIT.ok)
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (failure instanceof ExitWith) return onExit(failure.code)
  onExit(Cause.isInterruptedOnly(exit.cause) ? EXIT.interrupted : EXIT.ourFault)
}
