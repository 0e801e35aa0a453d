/** A fault of this library, never one of its peer: thrown when its own state contradicts itself. */
class AssertionError extends Error {
  override readonly name = "AssertionError"
}

/** Dies with `message` when `condition` is false. Pass a constant string: assertions are on in every run. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}
