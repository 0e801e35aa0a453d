// @ts-check
// TCP options of packets: what stands between the angle brackets of a script, and what a frame of the model has.
//
//   <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>     in a SYN
//   <nop,nop,TS val 100 ecr 200,nop,nop,sack 1:1001 2001:3001>     in any packet
//
// Numbers of SACK blocks are relative, as those of the packet are. Time stamps count milliseconds; those of this machine begin
// with what the script says of the first packet that leaves with one.
import { NotSupported } from "./cursor.mjs"

/** @typedef {import("./packets.mjs").Packet} Packet */
/** @typedef {readonly [start: number, end: number]} Block */
/**
 * What the options of a packet say; null: it does not have that one.
 * @typedef {{ mss: number | null, sackOk: boolean, scale: number | null, stamp: { val: number, ecr: number } | null,
 *   sack: ReadonlyArray<Block> }} Options
 */

/** Padding, which asks for nothing. */
const PADDING = ["nop", "eol"]

/** Options that the model does not have, by their first words. @type {Readonly<Record<string, string>>} */
const MEANING = { FO: "fast open", FOEXP: "fast open", md5: "MD5" }

/** Blocks that a frame of the model has room for. */
const MOST_BLOCKS = 3

/** @type {Options} */
const NONE = { mss: null, sackOk: false, scale: null, stamp: null, sack: [] }

/**
 * What each option adds; null: its text is none that is understood.
 * @type {Readonly<Record<string, (text: string) => Partial<Options> | null>>}
 */
const READERS = {
  mss: (text) => /^\d+$/.test(text) ? { mss: Number(text) } : null,
  sackOK: (text) => text === "" ? { sackOk: true } : null,
  wscale: (text) => /^\d+$/.test(text) ? { scale: Number(text) } : null,
  TS: (text) => {
    const [, val, ecr] = /^val (\d+) ecr (\d+)$/.exec(text) ?? []
    return val === undefined || ecr === undefined ? null : { stamp: { val: Number(val), ecr: Number(ecr) } }
  },
  sack: (text) => {
    const blocks = text.split(" ").map((block) => block.split(":").map(Number))
    if (blocks.some(([start = NaN, end = NaN]) => Number.isNaN(start) || Number.isNaN(end))) return null
    return { sack: blocks.map(([start = 0, end = 0]) => /** @type {const} */ ([start, end])) }
  }
}

/** @type {(option: string) => readonly [name: string, text: string]} */
const named = (option) => {
  const [, name = "", text = ""] = /^(\S+)\s*(.*)$/.exec(option) ?? []
  return [name, text]
}

/** What the options of a packet of a script say. @param {Packet} packet @returns {Options} */
export const optionsOf = ({ options }) =>
  options === "any" ? NONE : options.reduce((all, option) => {
    const [name, text] = named(option)
    return { ...all, ...READERS[name]?.(text) }
  }, NONE)

/**
 * A script that needs an option which the model does not have is refused before it runs, so that it cannot pass by chance.
 * @type {(event: import("./script.mjs").Event) => void}
 */
export const refuseOptions = ({ action, place }) => {
  if (action.kind !== "in" && action.kind !== "out") return
  const { options } = action.packet
  if (options === "any") {
    if (action.kind === "in") throw new NotSupported(place, "<...> in a packet that comes in")
    return
  }
  for (const option of options) {
    const [name, text] = named(option)
    if (PADDING.includes(name)) continue
    const found = READERS[name]?.(text) ?? null
    if (found === null) throw new NotSupported(place, `the option ${option}: ${MEANING[name] ?? "it is unknown"}`)
    if ((found.sack?.length ?? 0) > MOST_BLOCKS) {
      throw new NotSupported(place, `more than ${MOST_BLOCKS} SACK blocks in a packet`)
    }
  }
}

/** The options that a packet has, in the order in which Linux writes them. @param {Options} options */
export const formatOptions = ({ mss, sack, sackOk, scale, stamp }) => [
  ...(mss === null ? [] : [`mss ${mss}`]),
  ...(sackOk ? ["sackOK"] : []),
  ...(stamp === null ? [] : [`TS val ${stamp.val} ecr ${stamp.ecr}`]),
  ...(scale === null ? [] : [`wscale ${scale}`]),
  ...(sack.length === 0 ? [] : [`sack ${sack.map(([start, end]) => `${start}:${end}`).join(" ")}`])
]

/** Time stamps may be as far apart as times may. */
const TOLERANCE_MS = 4

/** Whether a packet that has left has other options than the script says. @type {(expected: Packet, got: Packet) => boolean} */
export const optionsDiffer = (expected, got) => {
  if (expected.options === "any") return false
  const [wanted, found] = [optionsOf(expected), optionsOf(got)]
  if (wanted.stamp !== null && found.stamp !== null) {
    if (Math.abs(wanted.stamp.val - found.stamp.val) > TOLERANCE_MS || wanted.stamp.ecr !== found.stamp.ecr) return true
  } else if (wanted.stamp !== found.stamp) return true
  const rest = (/** @type {Options} */ options) => formatOptions({ ...options, stamp: null }).join()
  return rest(wanted) !== rest(found)
}
