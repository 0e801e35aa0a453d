// @ts-check
// System calls of a script: `read(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)`.

/** @typedef {import("./cursor.mjs").Cursor} Cursor */

/**
 * An argument: a number, a text, names such as O_RDWR|O_NONBLOCK, a list in square brackets, and what the call does not look
 * at: three dots. A struct in braces is the text between them, of which only poll makes something.
 * @typedef {number | string | { readonly names: ReadonlyArray<string> } | { readonly struct: string } | ReadonlyArray<Argument> | null
 *   } Argument
 */

/**
 * A call and what it must return: a number, null for any (`?`); with the name of an error number for −1.
 * @typedef {{ name: string, args: ReadonlyArray<Argument>, result: number | null, errno: string | null }} Call
 */

const NUMBER = /0x[0-9a-fA-F]+|\d+/
const NAME = /[A-Za-z_]\w*/

/** @param {Cursor} cursor @returns {Argument} */
const parseArgument = (cursor) => {
  if (cursor.take(/\.\.\./) !== null) return null
  if (cursor.take(/\{/) !== null) return parseStruct(cursor)
  if (cursor.take(/\[/) !== null) return parseList(cursor, /\]/, "]")
  const sign = cursor.take(/-/) === null ? 1 : -1
  const number = cursor.take(NUMBER)
  if (number !== null) return sign * Number(number[0])
  if (sign < 0) throw cursor.problem("a number")
  const text = cursor.take(/"([^"\n]*)"/)
  if (text !== null) return text[1] ?? ""
  const names = [cursor.need(NAME, "an argument: a number, a name, a text, [ ], { } or ...")[0]]
  while (cursor.take(/\|/) !== null) names.push(cursor.need(NAME, "a name after |")[0])
  // htons(8080) and inet_addr("…") stand for addresses, of which the model has one
  if (cursor.take(/\(/) !== null) {
    parseList(cursor, /\)/, ")")
    return null
  }
  return { names }
}

/** What stands between the braces, those inside it too. @param {Cursor} cursor @returns {{ struct: string }} */
const parseStruct = (cursor) => {
  let depth = 1
  let struct = ""
  while (depth > 0) {
    const [part] = cursor.need(/[^{}]*[{}]/, "} after the struct")
    depth += part.endsWith("{") ? 1 : -1
    struct += part
  }
  return { struct: struct.slice(0, -1) }
}

/** @param {Cursor} cursor @param {RegExp} close @param {string} closing @returns {ReadonlyArray<Argument>} */
const parseList = (cursor, close, closing) => {
  /** @type {Array<Argument>} */
  const list = []
  if (cursor.take(close) !== null) return list
  do list.push(parseArgument(cursor))
  while (cursor.take(/,/) !== null)
  cursor.need(close, `a comma or ${closing}`)
  return list
}

/** Whether a call stands here. */
export const CALL = /[a-z_]\w*\s*\(/

/** @param {Cursor} cursor @returns {Call} */
export const parseCall = (cursor) => {
  const name = cursor.need(NAME, "the name of a system call")[0]
  cursor.need(/\(/, "( after the name of the call")
  const args = parseList(cursor, /\)/, ")")
  cursor.need(/=/, "= and the result of the call")
  if (cursor.take(/\?/) !== null) return { name, args, result: null, errno: null }
  const sign = cursor.take(/-/) === null ? 1 : -1
  const result = sign * Number(cursor.need(NUMBER, "the result: a number or ?")[0])
  const errno = cursor.take(/E[A-Z0-9]+\b/)?.[0] ?? null
  if (errno !== null && result !== -1) throw cursor.problem("no error number with a result other than -1")
  // what strerror says, or the names of flags
  cursor.take(/\([^()\n]*\)/)
  return { name, args, result, errno }
}

/** @param {Argument} argument @returns {string} */
const formatArgument = (argument) =>
  argument === null
    ? "..."
    : typeof argument === "number"
    ? String(argument)
    : typeof argument === "string"
    ? `"${argument}"`
    : "names" in argument
    ? argument.names.join("|")
    : "struct" in argument
    ? `{${argument.struct}}`
    : `[${argument.map(formatArgument).join(", ")}]`

/** @param {{ result: number | null, errno: string | null }} outcome */
export const formatResult = ({ errno, result }) =>
  `${result === null ? "?" : result}${errno === null ? "" : ` ${errno}`}`

/** @param {Call} call */
export const formatCall = (call) => `${call.name}(${call.args.map(formatArgument).join(", ")}) = ${formatResult(call)}`
