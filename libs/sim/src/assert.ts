/** Our bug, never weather and never a user's mistake: thrown when the model contradicts itself. */
export class AssertionError extends Error {
  override readonly name = "AssertionError"
}

/**
 * Dies with `message` when `condition` is false. Assertions are on in every run, so on hot paths pass a constant string:
 * building a message costs more than the check.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}
