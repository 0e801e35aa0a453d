// @ts-check
// A place in the text of a script: what stands there, and what is said when something else was expected.

/** A place in a file: lines and columns count from 1. @typedef {{ line: number, column: number }} Place */

/** The script breaks the rules of its language. Its message is `PATH:LINE:COLUMN: expected …, found …`. */
export class SyntaxProblem extends Error {
  /** @param {string} path @param {Place} place @param {string} what */
  constructor(path, { column, line }, what) {
    super(`${path}:${line}:${column}: ${what}`)
  }
}

/** The script is right, and asks for something that the model or this tool does not have. */
export class NotSupported extends Error {
  /** @param {Place} place @param {string} what */
  constructor(place, what) {
    super(what)
    this.place = place
  }
}

/** White space and both kinds of comments. */
const BLANK = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y

/** What is shown of the text that was found instead. */
const FOUND = /[^\s"(),<>[\]{}]+|[^\s]/y

/** Reads a text from front to back. Each pattern is tried right where the cursor stands, behind blanks. */
export class Cursor {
  at = 0

  /** @param {string} path @param {string} text */
  constructor(path, text) {
    this.path = path
    this.text = text
  }

  /** Whether nothing is left but blanks. */
  get atEnd() {
    this.skip()
    return this.at === this.text.length
  }

  skip() {
    this.match(BLANK)
    if (this.text.startsWith("/*", this.at)) throw this.problem("*/ at the end of the comment")
  }

  /** The place of the next thing. @returns {Place} */
  place() {
    this.skip()
    return this.placeOf(this.at)
  }

  /** @param {number} at @returns {Place} */
  placeOf(at) {
    const before = this.text.slice(0, at)
    const lineStart = before.lastIndexOf("\n") + 1
    return { line: before.split("\n").length, column: at - lineStart + 1 }
  }

  /**
   * The match of `pattern` here, which is passed over; null, and nothing moves, when something else stands here.
   * @param {RegExp} pattern
   */
  take(pattern) {
    this.skip()
    return this.match(pattern)
  }

  /** As `take`, for what follows without a blank between. @param {RegExp} pattern */
  match(pattern) {
    const here = new RegExp(pattern.source, "y")
    here.lastIndex = this.at
    const found = here.exec(this.text)
    if (found !== null) this.at = here.lastIndex
    return found
  }

  /** Whether `pattern` stands here. @param {RegExp} pattern */
  sees(pattern) {
    this.skip()
    const { at } = this
    const found = this.match(pattern)
    this.at = at
    return found !== null
  }

  /** As `take`; without a match the script is wrong. @param {RegExp} pattern @param {string} what */
  need(pattern, what) {
    const found = this.take(pattern)
    if (found === null) throw this.problem(what)
    return found
  }

  /** @param {string} expected */
  problem(expected) {
    const { at } = this
    const found = this.match(FOUND)
    this.at = at
    const what = found === null ? "the end of the line" : found[0]
    return new SyntaxProblem(
      this.path,
      this.placeOf(at),
      `expected ${expected}, found ${at >= this.text.length ? "the end of the file" : what}`
    )
  }
}
