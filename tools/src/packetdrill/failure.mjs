// @ts-check
// How a run of a script ends.
//
//   passed          every event of the script happened as it says
//   failed          one did not: the first that did not is named
//   not supported   the script asks for what the model or this tool does not have; it may have run up to there
import { NotSupported } from "./cursor.mjs"

/** @typedef {import("./cursor.mjs").Place} Place */
/**
 * What became of a script; `expected` and `got` are lines in its own notation, null where there are none.
 * @typedef {{ verdict: "passed" | "failed" | "not supported", place: Place | null, reason: string,
 *   expected: string | null, got: string | null }} Verdict
 */

/** An event that did not happen as the script says. */
export class Failure extends Error {
  /**
   * @param {Place} place
   * @param {string} reason
   * @param {string | null} expected
   * @param {string | null} got
   */
  constructor(place, reason, expected, got) {
    super(reason)
    this.place = place
    this.expected = expected
    this.got = got
  }
}

/** @type {Verdict} */
export const PASSED = { verdict: "passed", place: null, reason: "", expected: null, got: null }

/** The verdict on a run that was ended by an error. An assertion of the model counts as a failure. @param {unknown} error */
export const verdictOf = (error) => {
  if (error instanceof NotSupported) {
    return { ...PASSED, verdict: /** @type {const} */ ("not supported"), place: error.place, reason: error.message }
  }
  const verdict = /** @type {const} */ ("failed")
  if (error instanceof Failure) {
    const { expected, got, message, place } = error
    return { verdict, place, reason: message, expected, got }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { ...PASSED, verdict, place: { line: 1, column: 1 }, reason: `the model died: ${message}` }
}
