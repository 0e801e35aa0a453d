// @ts-check
// Sysctls of a script, set by lines for the shell: `sysctl -q NAME=VALUE …`.
// Those that the model has (NET_SYSCTLS of net-skb) are those of the machine, which takes them at its boot. Of others a script
// may ask for what the model does anyway.
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { NotSupported } from "./cursor.mjs"

/** @typedef {import("./cursor.mjs").Place} Place */
/**
 * A row of NET_SYSCTLS, as far as it is read here.
 * @typedef {{ kind: string, min?: number, max?: number, names?: ReadonlyArray<string> }} Row
 */
/** @typedef {Record<string, string | number | ReadonlyArray<number>>} Values */

/** What the model does without a row for it. @type {Readonly<Record<string, string>>} */
const FIXED = {
  "net.ipv4.tcp_low_latency": "0",
  "net.ipv4.tcp_mtu_probing": "0",
  "net.ipv4.tcp_syncookies": "0"
}

/** The value for a row, or null when it is none. @type {(row: Row | undefined, text: string) => Values[string] | null} */
const valueFor = (row, text) => {
  if (row?.kind === "name") return row.names?.includes(text) === true ? text : null
  if (row?.kind === "triple") {
    const three = text.split(/\s+/)
    return three.length === 3 && three.every((one) => /^\d+$/.test(one)) ? three.map(Number) : null
  }
  if (row?.kind !== "whole" || !/^\d+$/.test(text)) return null
  const value = Number(text)
  return value >= (row.min ?? 0) && value <= (row.max ?? 0) ? value : null
}

/** `ofSuite`: it is one of the defaults of a suite. @typedef {readonly [name: string, value: string, ofSuite: boolean]} Pair */

/** What the shell multiplies: `$((15*1024*1024))`. */
const PRODUCT = /\$\(\(([\d*]+)\)\)/g

/** @type {(product: number, factor: string) => number} */
const times = (product, factor) => product * Number(factor)

/** A shell file with the defaults of a suite, which its scripts run first. */
const DEFAULTS = /(^|\/)defaults\.sh$/

/**
 * What a suite sets before each of its scripts: lines `sysctl -q NAME=VALUE` of a shell file. What else stands there is about the
 * host (routes, queues of a device), and is passed over.
 * @type {(file: string) => ReadonlyArray<Pair>}
 */
const defaultsIn = (file) =>
  readFileSync(file, "utf8").split("\n").flatMap((line) => {
    if (!/^\s*sysctl -q\s/.test(line)) return []
    const numbers = line.replace(PRODUCT, (_, factors) => String(factors.split("*").reduce(times, 1)))
    return [...numbers.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)].map((
      [, name = "", quoted, bare = ""]
    ) => /** @type {const} */ ([name, quoted ?? bare, true]))
  })

/**
 * The pairs of a command; several commands may stand in lines or behind semicolons.
 * @type {(command: string, place: Place, path: string) => ReadonlyArray<Pair>}
 */
const pairsOf = (command, place, path) =>
  command.split(/[;\n]/).map((each) => each.trim()).filter((each) => each !== "").flatMap((line) => {
    const [program, ...words] = line.split(/\s+/)
    const file = join(dirname(path), program ?? "")
    if (words.length === 0 && DEFAULTS.test(file) && existsSync(file)) return defaultsIn(file)
    const pairs = words.filter((word) => !/^-[qw]+$/.test(word)).map((word) => word.replace(/["']/g, "").split("="))
    if (program !== "sysctl" || pairs.length === 0) throw new NotSupported(place, `the command ${line}`)
    return pairs.map(([name = "", value = ""]) => /** @type {const} */ ([name, value, false]))
  })

/**
 * The sysctls of the machine that the script at `path` runs on. They must be set before anything else happens. Of a suite's
 * defaults those are taken that the model has: the others are of younger kernels.
 * @type {(path: string, events: ReadonlyArray<import("./script.mjs").Event>,
 *   rows: Readonly<Record<string, Row>>) => Values}
 */
export const sysctlsOf = (path, events, rows) => {
  /** @type {Values} */
  const values = {}
  const begins = events.findIndex(({ action }) => action.kind !== "shell")
  for (const [i, { action, place }] of events.entries()) {
    if (action.kind !== "shell") continue
    for (const [name, text, ofSuite] of pairsOf(action.command, place, path)) {
      if (FIXED[name] === text) continue
      const value = valueFor(rows[name], text)
      if (value === null && ofSuite) continue
      if (value === null) throw new NotSupported(place, `sysctl ${name}=${text}`)
      if (begins >= 0 && i > begins) throw new NotSupported(place, "a sysctl after the script has begun")
      values[name] = value
    }
  }
  return values
}
