// Quantities with units, as users write them: sizes, times, rates and shares. One table a kind feeds the parser, the
// formatter, the error messages and the patterns of the JSON Schema.
//
// Bytes have binary units only (KiB, MiB, GiB, TiB). MB means 10^6 to some and 2^20 to others, so it is refused, and the
// message says why. Bits of a network are decimal, as networks count them.

/** A kind of quantity: its units with the factor of each, in base units, smallest first. */
export interface UnitKind {
  /** Name in the JSON Schema. */
  readonly identifier: string
  /** What an error message says was expected. */
  readonly expected: string
  readonly description: string
  readonly units: ReadonlyArray<readonly [unit: string, factor: number]>
  /** Spellings that are read and never written. */
  readonly aliases: ReadonlyArray<readonly [unit: string, factor: number]>
  /** Spellings that people try and that are refused, with the reason. */
  readonly refused: ReadonlyArray<readonly [unit: string, reason: string]>
  /** Whether the base unit is the smallest there is, so that values are rounded to whole ones. */
  readonly whole: boolean
  readonly max: number
}

const KIB = 1024

const BINARY: ReadonlyArray<readonly [unit: string, factor: number]> = [
  ["B", 1],
  ["KiB", KIB],
  ["MiB", KIB ** 2],
  ["GiB", KIB ** 3],
  ["TiB", KIB ** 4]
]

const per = (
  units: ReadonlyArray<readonly [unit: string, factor: number]>
): ReadonlyArray<readonly [unit: string, factor: number]> => units.map(([unit, factor]) => [`${unit}/s`, factor])

const LETTERS = [["K", "2^10"], ["M", "2^20"], ["G", "2^30"], ["T", "2^40"]] as const

/** Decimal and bare spellings of bytes, with the unit to write instead. */
const ambiguous = (suffix: string): ReadonlyArray<readonly [unit: string, reason: string]> =>
  LETTERS.flatMap(([letter, binary], i) => {
    const spellings = [letter, letter.toLowerCase(), `${letter}B`, ...(letter === "K" ? ["kB"] : [])]
    return spellings.map((unit) =>
      [
        `${unit}${suffix}`,
        `${unit} is 10^${3 * (i + 1)} bytes to some and ${binary} to others, write ${letter}iB`
      ] as const
    )
  })

/** Bytes. */
export const SIZE: UnitKind = {
  identifier: "Size",
  expected: "a size such as 64 MiB",
  description: "A size with a unit: B, KiB, MiB, GiB or TiB.",
  units: BINARY,
  aliases: [],
  refused: ambiguous(""),
  whole: true,
  max: 2 ** 50
}

/** Nanoseconds. */
export const TIME: UnitKind = {
  identifier: "Time",
  expected: "a time such as 10 ms",
  description: "A time with a unit: ns, us, ms, s, min, h or d.",
  units: [["ns", 1], ["us", 1e3], ["ms", 1e6], ["s", 1e9], ["min", 60e9], ["h", 3600e9], ["d", 24 * 3600e9]],
  aliases: [["µs", 1e3]],
  refused: [],
  whole: true,
  // the clock of a simulation ends at 2^53 ns
  max: 2 ** 53 - 1
}

/** Bits per second. Decimal, as networks count. */
export const RATE: UnitKind = {
  identifier: "Rate",
  expected: "a rate such as 1 Gbit",
  description: "Bits per second with a unit: bit, kbit, Mbit or Gbit (decimal; a trailing /s is allowed).",
  units: [["bit", 1], ["kbit", 1e3], ["Mbit", 1e6], ["Gbit", 1e9]],
  aliases: [["bit/s", 1], ["kbit/s", 1e3], ["Mbit/s", 1e6], ["Gbit/s", 1e9]],
  refused: [],
  whole: true,
  max: 1e12
}

/** Bytes per second. */
export const BYTE_RATE: UnitKind = {
  identifier: "ByteRate",
  expected: "a rate such as 50 MiB/s",
  description: "Bytes per second with a unit: B/s, KiB/s, MiB/s, GiB/s or TiB/s.",
  units: per(BINARY),
  aliases: [],
  refused: ambiguous("/s"),
  whole: true,
  max: 2 ** 50
}

/** A share from 0 to 1. */
export const SHARE: UnitKind = {
  identifier: "Share",
  expected: "a percentage from 0 % to 100 %, such as 5 %",
  description: "A share from 0 % to 100 %.",
  units: [["%", 0.01]],
  aliases: [],
  refused: [],
  whole: false,
  max: 1
}

const escape = (text: string): string => text.replace(/[/%]/g, (c) => (c === "/" ? "\\/" : c))

const unitPattern = (kind: UnitKind): string =>
  [...kind.units, ...kind.aliases].map(([unit]) => escape(unit)).sort((a, b) => b.length - a.length).join("|")

/** The pattern of a quantity: a number without sign, an optional blank, a unit. */
export const quantityPattern = (kind: UnitKind): RegExp =>
  new RegExp(`^\\d{1,18}(\\.\\d{1,9})? ?(${unitPattern(kind)})$`)

/**
 * The value of a quantity such as `64 MiB` in base units (bytes, nanoseconds, bits or bytes per second, a share), or
 * null.
 *
 * **When to use.** For quantities outside of a schema, such as in options of a command; in a schema take Size, Time or
 * Rate.
 *
 * **Details.** A number without sign, at most one blank, a unit of the kind. Values are rounded to whole base units,
 * except shares. {@link formatQuantity} writes one.
 *
 * **Gotchas.** Units are read as they stand: `mib`, a bare number and `MB` give null, and so does more than `kind.max`.
 * The message is the caller's: `kind.expected` says what was expected.
 */
export const parseQuantity = (kind: UnitKind, text: string): number | null => {
  if (!quantityPattern(kind).test(text)) return null
  const digits = /^[\d.]+/.exec(text)
  if (digits === null) return null
  const number = digits[0]
  const unit = text.slice(number.length).trim()
  for (const [name, factor] of [...kind.units, ...kind.aliases]) {
    if (name !== unit) continue
    // a division by a whole number is exact where a multiplication by its inverse is not: 7 % is 7 / 100
    const value = factor < 1 ? Number(number) / Math.round(1 / factor) : Number(number) * factor
    const rounded = kind.whole ? Math.round(value) : value
    return rounded <= kind.max ? rounded : null
  }
  return null
}

/** Why the unit of a quantity is refused, where it is one that people try; else null. */
export const remarkOn = (kind: UnitKind, text: string): string | null => {
  const unit = text.trim().replace(/^[\d.]+ ?/, "")
  return kind.refused.find(([name]) => name === unit)?.[1] ?? null
}

/** Shortest decimal text of a number without exponent. */
const decimal = (value: number): string => {
  const text = String(value)
  return text.includes("e") ? value.toFixed(9).replace(/\.?0+$/, "") : text
}

/** Writes a value in the largest unit that keeps it exact: 67108864 is 64 MiB, 1500 ns is 1.5 us. */
export const formatQuantity = (kind: UnitKind, value: number): string => {
  for (let i = kind.units.length - 1; i >= 0; i--) {
    const [unit, factor] = kind.units[i]
    const scaled = factor < 1 ? Number((value * Math.round(1 / factor)).toPrecision(12)) : value / factor
    if (scaled < 1 && i > 0) continue
    const text = `${decimal(Number(scaled.toPrecision(12)))} ${unit}`
    // two decimals at most where a smaller unit is left: 1.000001 s reads worse than 1000001 us
    if (i > 0 && !/^\d+(\.\d{1,2})? /.test(text)) continue
    if (parseQuantity(kind, text) === value) return text
  }
  const [unit, factor] = kind.units[0]
  return `${decimal(factor < 1 ? value * Math.round(1 / factor) : value / factor)} ${unit}`
}

/** Writes a value in the largest unit that leaves a whole part, with so many digits: 408158207 ns is 408 ms. */
export const roundQuantity = (kind: UnitKind, value: number, digits: number): string => {
  let [unit, scale] = kind.units[0]
  for (const [name, factor] of kind.units) if (value >= factor) [unit, scale] = [name, factor]
  const scaled = scale < 1 ? value * Math.round(1 / scale) : value / scale
  // the whole part stays: 1020 KiB would be wrong for 1023 KiB
  const whole = Math.trunc(scaled).toString().length
  return `${decimal(Number(scaled.toFixed(Math.min(9, Math.max(0, digits - whole)))))} ${unit}`
}
