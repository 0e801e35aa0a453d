// How the command ends, and whose fault it was.
import { Cause, Data, Exit, Option } from "effect"
import { EXIT } from "./exit-codes.ts"

/** A mistake of the user: what is wrong, where. `code`: how the command ends when that is not EXIT.userError. */
export class UserError extends Data.TaggedError("UserError")<{ readonly message: string; readonly code?: number }> {}

/** Ends the command with a code, after everything has been said. */
export class ExitWith extends Data.TaggedError("ExitWith")<{ readonly code: number }> {}

/** The exit code of the process, from the end of the main fiber. */
export const exitCodeOf = (exit: Exit.Exit<void, ExitWith>): number => {
  if (Exit.isSuccess(exit)) return EXIT.ok
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (failure !== undefined) return failure.code
  return Cause.isInterruptedOnly(exit.cause) ? EXIT.ok : EXIT.ourFault
}
