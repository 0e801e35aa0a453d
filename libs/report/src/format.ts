// Numbers as a report shows them. A dash stands for what was not measured.

export const NONE = "-"

const known = (value: number | null | undefined): value is number =>
  value !== null && value !== undefined && Number.isFinite(value)

/** Nanoseconds as seconds with two decimals. */
export const seconds = (ns: number | null): string => (known(ns) ? (ns / 1e9).toFixed(2) : NONE)

/** A moment: nanoseconds as seconds with three decimals and the unit. */
export const moment = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`

/** A latency in the unit that gives it three digits: 12.3 ms. */
export const latency = (ns: number | null): string => {
  if (!known(ns)) return NONE
  const units = [["s", 1e9], ["ms", 1e6], ["us", 1e3]] as const
  for (const [unit, factor] of units) {
    // 999.96 ms would be written as 1000 ms
    if (ns >= factor * 0.9995) {
      const value = ns / factor
      return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${unit}`
    }
  }
  return `${Math.round(ns)} ns`
}

/** Bytes as MB (10^6) with a decimal. */
export const megabytes = (bytes: number | null): string => (known(bytes) ? (bytes / 1e6).toFixed(1) : NONE)

/** Bytes as whole KiB. */
export const kib = (bytes: number): string => count(bytes / 1024)

/** A whole number. */
export const count = (value: number | null): string => (known(value) ? String(Math.round(value)) : NONE)

/** A number with two decimals. */
export const decimal = (value: number | null): string => (known(value) ? value.toFixed(2) : NONE)

/** A share as a percentage with a decimal. */
export const percent = (share: number | null): string => (known(share) ? `${(share * 100).toFixed(1)} %` : NONE)

/** A change as a percentage with its sign: -45.6 %. */
export const change = (share: number | null): string =>
  known(share) ? `${share > 0 ? "+" : ""}${(share * 100).toFixed(1)} %` : NONE

/** A ratio: 1.84x. */
export const ratio = (value: number | null): string => (known(value) ? `${value.toFixed(2)}x` : NONE)
