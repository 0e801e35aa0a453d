// @ts-check
// What a script may set before it begins by options of packetdrill. Sysctls are in sysctls.mjs.
import { NotSupported } from "./cursor.mjs"

/** @typedef {import("./script.mjs").Option} Option */
/** Bounds on time, and the largest segment of the link. @typedef {{ toleranceNs: number, mss: number }} Settings */

/** 4 ms, and an Ethernet's segments without time stamps. @type {Settings} */
const DEFAULTS = { toleranceNs: 4_000_000, mss: 1460 }

/**
 * What an option changes; null: its value has no meaning here.
 * @type {Readonly<Record<string, (value: string) => Partial<Settings> | null>>}
 */
const OPTIONS = {
  mss: (value) => /^[1-9]\d{1,3}$/.test(value) ? { mss: Number(value) } : null,
  tolerance_usecs: (value) => /^\d{1,9}$/.test(value) ? { toleranceNs: Number(value) * 1000 } : null,
  ip_version: (value) => value === "ipv4" ? {} : null
}

/** @type {(options: ReadonlyArray<Option>) => Settings} */
export const settingsOf = (options) =>
  options.reduce((settings, { name, place, value }) => {
    const change = OPTIONS[name]?.(value) ?? null
    if (change === null) throw new NotSupported(place, `--${name}${value === "" ? "" : `=${value}`}`)
    return { ...settings, ...change }
  }, DEFAULTS)
