// @ts-check
// Packets of a script, and packets of the model in the same notation:
//
//   S. 0:0(0) ack 1 win 14600 <mss 1460>     flags, first byte : byte after the last (length), …
//   [ce] . 1:1001(1000) ack 1                the ECN field of the IP header before them
//
// Sequence numbers are relative: a SYN has 0, the first byte of data 1, in both directions.
import { NotSupported } from "./cursor.mjs"

/** @typedef {import("./cursor.mjs").Cursor} Cursor */

/**
 * A packet; fields that a script leaves out are null. `options` is what stands between the angle brackets, piece by piece;
 * "any" is `<...>`. `ecn` is the ECN field.
 * @typedef {{ ecn: string | null, flags: string, seq: number, end: number, len: number, ack: number | null, win: number | null,
 *   options: "any" | ReadonlyArray<string> }} Packet
 */

/** Flags in the order in which they are written: letter and bit of the header. */
const FLAGS = /** @type {const} */ ([["S", 2], ["F", 1], ["R", 4], ["P", 8], ["E", 64], ["W", 128], [".", 16]])

/** What may stand in square brackets: bits of the model's flags; ect01 is either code point, of which Linux sends ECT(0). */
const ECN = /** @type {const} */ ([["noecn", 0], ["ect0", 0x100], ["ect01", 0x100], ["ce", 0x300]])

/** The ECN field of a frame of the model by its name. @param {number} bits */
export const ecnName = (bits) => ECN.find(([, code]) => code === (bits & 0x300))?.[0] ?? null

/** @param {string | null} name */
export const ecnBits = (name) => ECN.find(([known]) => known === name)?.[1] ?? 0

/** Flags of the header as a script writes them. @param {number} bits */
export const flagLetters = (bits) => FLAGS.filter(([, bit]) => (bits & bit) !== 0).map(([letter]) => letter).join("")

/** @param {string} letters */
export const flagBits = (letters) =>
  FLAGS.reduce((bits, [letter, bit]) => letters.includes(letter) ? bits | bit : bits, 0)

/** What may stand where a packet begins, besides TCP flags, and why no script with it can be run. */
const OTHER = /** @type {const} */ ([
  [/udp\b/, "UDP"],
  [/icmp(v6)?\b/, "ICMP"],
  [/(ipv4|ipv6|gre|mpls|encap)\b/, "encapsulation"],
  [/-/, "a packet without flags"],
  [/[SFPR.EWUA]*[UA][SFPR.EWUA]*/, "the flags U and A: the model has neither urgent data nor accurate ECN"]
])

const INTEGER = /\d+/

/** @param {Cursor} cursor @returns {Packet} */
export const parsePacket = (cursor) => {
  const place = cursor.place()
  const bracket = cursor.take(/\[([^\]]*)\]/)
  const ecn = bracket === null ? null : (bracket[1] ?? "").trim()
  if (ecn !== null && !ECN.some(([name]) => name === ecn)) throw new NotSupported(place, `[${ecn}] of the IP header`)
  for (const [pattern, what] of OTHER) if (cursor.sees(pattern)) throw new NotSupported(place, what)
  const flags = cursor.need(/[SFPREW]+\.?|\./, "flags such as S, S., P. or .")[0]
  const seq = Number(cursor.need(INTEGER, "the number of the first byte")[0])
  cursor.need(/:/, "a colon after the number of the first byte")
  const endPlace = cursor.place().column
  const end = Number(cursor.need(INTEGER, "the number of the byte after the last")[0])
  cursor.need(/\(/, "the length in brackets")
  const at = cursor.at
  const len = Number(cursor.need(INTEGER, "the length")[0])
  if (end !== seq + len) {
    cursor.at = at
    throw cursor.problem(`the length ${end - seq}, from ${seq} to ${end} (column ${endPlace})`)
  }
  cursor.need(/\)/, "a bracket after the length")
  const ack = cursor.take(/ack\b/) === null ? null : Number(cursor.need(INTEGER, "the number that is acknowledged")[0])
  if ((ack !== null) !== flags.includes(".")) {
    throw new NotSupported(place, "one of ack and the flag . without the other")
  }
  const win = cursor.take(/win\b/) === null ? null : Number(cursor.need(INTEGER, "the window")[0])
  if (cursor.sees(/urg\b/)) throw new NotSupported(cursor.place(), "urgent data")
  return { ecn, flags: flagLetters(flagBits(flags)), seq, end, len, ack, win, options: parseOptions(cursor) }
}

/** @param {Cursor} cursor @returns {Packet["options"]} */
const parseOptions = (cursor) => {
  // on a line of its own it is the direction of the next packet, which has a time before it
  const found = cursor.take(/<([^>]*)>/)
  if (found === null) return cursor.sees(/</) ? unclosed(cursor) : []
  const text = (found[1] ?? "").trim()
  if (text === "...") return "any"
  return text === "" ? [] : text.split(",").map((option) => option.trim().replace(/\s+/g, " "))
}

/** @param {Cursor} cursor @returns {never} */
const unclosed = (cursor) => {
  cursor.need(/</, "options")
  cursor.at = cursor.text.length
  throw cursor.problem("> after the options")
}

/** @param {Packet} packet */
export const formatPacket = ({ ack, ecn, end, flags, len, options, seq, win }) =>
  [
    ecn === null ? "" : `[${ecn}]`,
    flags,
    `${seq}:${end}(${len})`,
    ack === null ? "" : `ack ${ack}`,
    win === null ? "" : `win ${win}`,
    options === "any" ? "<...>" : options.length === 0 ? "" : `<${options.join(",")}>`
  ].filter((part) => part !== "").join(" ")
