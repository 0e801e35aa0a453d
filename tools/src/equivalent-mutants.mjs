// @ts-check
// Mutants that make no difference, each with the reason.

/**
 * `line` is the source line without its indentation, `original` the part of it that changes. `nth` (0) tells apart equal
 * parts of equal lines.
 * @typedef {{ file: string, line: string, original: string, replacement: string, nth?: number, reason: string }} Equivalent
 */

/** @type {ReadonlyArray<Equivalent>} */
export const equivalents = []
