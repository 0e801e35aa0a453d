// @ts-check
// Time stamps: when an event of a script happens, or within which bounds.
//
//   0.1          0.1 s after the start          +0.1        0.1 s after the event before
//   0.1~0.2      between the two                +0.1~+0.2   between the two, after the event before
//   *            at any time                    0.1...0.3   a system call that sleeps from 0.1 to 0.3

/** @typedef {import("./cursor.mjs").Cursor} Cursor */

/** Nanoseconds of a second. */
const SECOND = 1_000_000_000

/**
 * Nanoseconds. `from` and `to` are equal but for a range; `end` is when a call that sleeps returns, counted as `from` is, null
 * for anything else.
 * @typedef {{ kind: "absolute" | "relative" | "any", from: number, to: number, end: number | null }} Time
 */

const NUMBER = /(\+?)(\d+\.?\d*|\.\d+)(?!\.\d)/
/** A number that is followed by three dots takes none of them. */
const BEFORE_DOTS = /(\+?)(\d+\.\d+|\d+|\.\d+)(?=\.\.\.)/

/** Whether an event begins here. */
export const TIME = /\+|\*|\d|\.\d/

/** @param {Cursor} cursor @param {string} what */
const number = (cursor, what) => {
  cursor.skip()
  const [, plus = "", digits = ""] = cursor.match(BEFORE_DOTS) ?? cursor.need(NUMBER, what)
  return { relative: plus !== "", ns: Math.round(Number(digits) * SECOND) }
}

/** @param {Cursor} cursor @returns {Time} */
export const parseTime = (cursor) => {
  if (cursor.take(/\*/) !== null) return { kind: "any", from: 0, to: Infinity, end: null }
  const first = number(cursor, "a time such as 0.1, +0.1 or *")
  const kind = first.relative ? "relative" : "absolute"
  /** @type {(what: string) => number} */
  const second = (what) => {
    const { at } = cursor
    const { ns, relative } = number(cursor, what)
    if (relative && !first.relative) {
      cursor.at = at
      throw cursor.problem("a time without +, as the one before")
    }
    if (ns >= first.ns) return ns
    cursor.at = at
    throw cursor.problem("a time that is not before the first one")
  }
  if (cursor.take(/~/) !== null) return { kind, from: first.ns, to: second("the end of the range"), end: null }
  if (cursor.match(/\.\.\./) !== null) {
    return { kind, from: first.ns, to: first.ns, end: second("when the call returns") }
  }
  return { kind, from: first.ns, to: first.ns, end: null }
}

/** Seconds with six digits. @param {number} ns */
export const seconds = (ns) => (ns / SECOND).toFixed(6)
