// @ts-check
// Sysctls of a script, set by lines for the shell: `sysctl -q NAME=VALUE …`.
// Those that the model has (NET_SYSCTLS of net-skb) are those of the machine, which takes them at its boot. Of others a script
// may ask for what the model does anyway.
import { NotSupported } from "./cursor.mjs"

/** @typedef {import("./cursor.mjs").Place} Place */
/**
 * A row of NET_SYSCTLS, as far as it is read here.
 * @typedef {{ kind: string, min?: number, max?: number, names?: ReadonlyArray<string> }} Row
 */
/** @typedef {Record<string, string | number>} Values */

/** What the model does without a row for it. @type {Readonly<Record<string, string>>} */
const FIXED = {
  "net.ipv4.tcp_ecn": "0",
  "net.ipv4.tcp_low_latency": "0",
  "net.ipv4.tcp_mtu_probing": "0",
  "net.ipv4.tcp_syncookies": "0"
}

/** The value for a row, or null when it is none. @type {(row: Row | undefined, text: string) => string | number | null} */
const valueFor = (row, text) => {
  if (row?.kind === "name") return row.names?.includes(text) === true ? text : null
  if (row?.kind !== "whole" || !/^\d+$/.test(text)) return null
  const value = Number(text)
  return value >= (row.min ?? 0) && value <= (row.max ?? 0) ? value : null
}

/**
 * The pairs of a command; several commands may stand in lines or behind semicolons.
 * @type {(command: string, place: Place) => ReadonlyArray<readonly [name: string, value: string]>}
 */
const pairsOf = (command, place) =>
  command.split(/[;\n]/).map((each) => each.trim()).filter((each) => each !== "").flatMap((line) => {
    const [program, ...words] = line.split(/\s+/)
    const pairs = words.filter((word) => !/^-[qw]+$/.test(word)).map((word) => word.replace(/["']/g, "").split("="))
    if (program !== "sysctl" || pairs.length === 0) throw new NotSupported(place, `the command ${line}`)
    return pairs.map(([name = "", value = ""]) => /** @type {const} */ ([name, value]))
  })

/**
 * The sysctls of the machine that a script runs on. They must be set before anything else happens.
 * @type {(events: ReadonlyArray<import("./script.mjs").Event>, rows: Readonly<Record<string, Row>>) => Values}
 */
export const sysctlsOf = (events, rows) => {
  /** @type {Values} */
  const values = {}
  const begins = events.findIndex(({ action }) => action.kind !== "shell")
  for (const [i, { action, place }] of events.entries()) {
    if (action.kind !== "shell") continue
    for (const [name, text] of pairsOf(action.command, place)) {
      if (FIXED[name] === text) continue
      const value = valueFor(rows[name], text)
      if (value === null) throw new NotSupported(place, `sysctl ${name}=${text}`)
      if (begins >= 0 && i > begins) throw new NotSupported(place, "a sysctl after the script has begun")
      values[name] = value
    }
  }
  return values
}
