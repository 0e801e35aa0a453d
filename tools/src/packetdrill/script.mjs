// @ts-check
// Reads a script of packetdrill's language into a list of events.
// Source of the language: "packetdrill: Scriptable Network Stack Testing, from Sockets to Packets", USENIX ATC 2013, section 2,
// and the program's own page of its syntax.
import { CALL, parseCall } from "./calls.mjs"
import { parseCode } from "./code.mjs"
import { Cursor, NotSupported } from "./cursor.mjs"
import { parsePacket } from "./packets.mjs"
import { parseTime, TIME } from "./times.mjs"

/** @typedef {import("./cursor.mjs").Place} Place */
/**
 * What happens: a packet comes in, one goes out, a system call, assertions, a line for the shell.
 * @typedef {{ kind: "in" | "out", packet: import("./packets.mjs").Packet }
 *   | { kind: "call", call: import("./calls.mjs").Call }
 *   | { kind: "code", assertions: ReadonlyArray<import("./code.mjs").Assertion> }
 *   | { kind: "shell", command: string }} Action
 */
/** @typedef {{ place: Place, time: import("./times.mjs").Time, action: Action }} Event */
/** @typedef {{ place: Place, name: string, value: string }} Option */
/** `refused` is the first thing in the script that is not supported; events from there on were not read. */
/**
 * @typedef {{ path: string, options: ReadonlyArray<Option>, events: ReadonlyArray<Event>,
 *   refused: NotSupported | null }} Script
 */

const OPTION = /--([a-z_0-9]+)(?:=(\S*))?/
const SHELL = /`([^`]*)`/
const CODE = /%\{([\s\S]*?)\}%/

/** At once: lines for the shell before the first event have no time. @type {import("./times.mjs").Time} */
const AT_ONCE = { kind: "relative", from: 0, to: 0, end: null }

/** @param {Cursor} cursor @returns {Action} */
const parseAction = (cursor) => {
  const place = cursor.place()
  const shell = cursor.take(SHELL)
  if (shell !== null) return { kind: "shell", command: (shell[1] ?? "").trim() }
  const code = cursor.take(CODE)
  if (code !== null) {
    return { kind: "code", assertions: parseCode(code[1] ?? "", { ...place, column: place.column + 2 }) }
  }
  if (cursor.take(/</) !== null) return { kind: "in", packet: parsePacket(cursor) }
  if (cursor.take(/>/) !== null) return { kind: "out", packet: parsePacket(cursor) }
  if (cursor.sees(CALL)) return { kind: "call", call: parseCall(cursor) }
  throw cursor.problem("<, >, a system call, a line in backquotes or %{ after the time")
}

/** Only a packet that goes out may come within a range or at any time, and only a call may sleep. */
const fits = (/** @type {Event} */ { action, time }) =>
  (time.end === null || action.kind === "call") &&
  ((time.kind !== "any" && time.from === time.to) || action.kind === "out")

/** Reads a script. Throws a `SyntaxProblem`. @type {(path: string, text: string) => Script} */
export const parseScript = (path, text) => {
  const cursor = new Cursor(path, text)
  /** @type {Array<Option>} */
  const options = []
  /** @type {Array<Event>} */
  const events = []
  while (cursor.sees(/--/)) {
    const place = cursor.place()
    const [, name = "", value = ""] = cursor.need(OPTION, "an option such as --mss=1000")
    options.push({ place, name, value })
  }
  try {
    while (!cursor.atEnd) {
      const place = cursor.place()
      const bare = cursor.sees(/`|%\{/)
      if (!bare && !cursor.sees(TIME)) throw cursor.problem("an event, which begins with a time such as 0.1, +0.1 or *")
      const event = { place, time: bare ? AT_ONCE : parseTime(cursor), action: parseAction(cursor) }
      if (!fits(event)) {
        cursor.at = text.length
        throw new NotSupported(place, "this kind of time before this kind of event")
      }
      events.push(event)
    }
  } catch (error) {
    if (!(error instanceof NotSupported)) throw error
    return { path, options, events, refused: error }
  }
  return { path, options, events, refused: null }
}
