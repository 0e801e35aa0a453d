// How the command ends: exit codes, and whose fault it was.
import type { Teardown } from "@effect/platform/Runtime"
import { Cause, Data, Exit, Option } from "effect"

export const EXIT = { ok: 0, ourFault: 1, userError: 2 } as const

/** What --help says about exit codes. */
export const EXIT_CODES: ReadonlyArray<readonly [code: number, meaning: string]> = [
  [EXIT.ok, "it was told to stop, and stopped"],
  [EXIT.ourFault, "a fault of the server"],
  [EXIT.userError, "a mistake in the configuration, a flag, a path or an address; nothing was opened"]
]

/** A mistake of the user: what is wrong, where. */
export class UserError extends Data.TaggedError("UserError")<{ readonly message: string }> {}

/** Ends the command with a code, after everything has been said. */
export class ExitWith extends Data.TaggedError("ExitWith")<{ readonly code: number }> {}

/** Turns the end of the main fiber into the exit code of the process. */
export const teardown: Teardown = (exit, onExit) => {
  if (Exit.isSuccess(exit)) return onExit(EXIT.ok)
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (failure instanceof ExitWith) return onExit(failure.code)
  onExit(Cause.isInterruptedOnly(exit.cause) ? EXIT.ok : EXIT.ourFault)
}
