// @ts-check
// The code between %{ and }%: Python, of which assertions on numbers of tcp_info are understood.
//
//   assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd
//   assert tcpi_unacked == 2 and tcpi_rto >= 200000
//   assert tcpi_ca_state == TCP_CA_Open
//   assert 99000 <= tcpi_rtt <= 101000
import { NotSupported } from "./cursor.mjs"

/** @typedef {import("./cursor.mjs").Place} Place */
/** @typedef {"==" | "!=" | "<=" | ">=" | "<" | ">"} Operator */
/** @typedef {{ name: string, operator: Operator, value: number }} Term */
/** All terms must hold. @typedef {{ place: Place, text: string, terms: ReadonlyArray<Term> }} Assertion */

/** @type {Readonly<Record<Operator, (a: number, b: number) => boolean>>} */
export const OPERATORS = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b
}

/** Names that stand for numbers. source: include/linux/tcp.h:tcp_ca_state, include/net/tcp.h */
const NAMES = {
  TCP_CA_Open: 0,
  TCP_CA_Disorder: 1,
  TCP_CA_CWR: 2,
  TCP_CA_Recovery: 3,
  TCP_CA_Loss: 4,
  TCP_INFINITE_SSTHRESH: 0x7fffffff
}

const VALUE = `\\d+|${Object.keys(NAMES).join("|")}`
const OPERATOR = "==|!=|<=|>=|<|>"
const TERM = new RegExp(`^(?:(${VALUE})(<=?))?(tcpi_\\w+)(?:(${OPERATOR})(${VALUE}))?$`)

/** A number, or a name of one. @param {string} text */
const valueOf = (text) => Object.entries(NAMES).find(([name]) => name === text)?.[1] ?? Number(text)

/** @param {string} text @returns {text is Operator} */
const isOperator = (text) => Object.hasOwn(OPERATORS, text)

/** @type {(name: string, operator: string | undefined, value: string | undefined) => ReadonlyArray<Term>} */
const term = (name, operator, value) =>
  operator === undefined || value === undefined || !isOperator(operator)
    ? []
    : [{ name, operator, value: valueOf(value) }]

/**
 * What a comparison says, also one with a bound on either side; nothing when it is none.
 * @type {(text: string) => ReadonlyArray<Term>}
 */
const termsOf = (text) => {
  const [, least, below, name = "", operator, value] = TERM.exec(text.replace(/[\s()]/g, "")) ?? []
  return [...term(name, below?.replace("<", ">"), least), ...term(name, operator, value)]
}

/**
 * The assertions of a block that begins in the line of `place`. Anything else in it is not supported.
 * @type {(code: string, place: Place) => ReadonlyArray<Assertion>}
 */
export const parseCode = (code, place) =>
  code.split("\n").flatMap((line, i) => {
    const text = line.replace(/#.*/, "").trim()
    const here = { line: place.line + i, column: i === 0 ? place.column : line.search(/\S|$/) + 1 }
    if (text === "") return []
    const [, condition = ""] = /^assert\b\s*(.*?)\s*(?:,[^,]*)?$/.exec(text) ?? []
    const parts = condition.split(/\band\b/).map(termsOf)
    if (parts.some((terms) => terms.length === 0)) {
      throw new NotSupported(here, `code other than assert tcpi_NAME == NUMBER: ${text}`)
    }
    return [{ place: here, text, terms: parts.flat() }]
  })
