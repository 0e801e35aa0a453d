// Quantities with units, as users write them: sizes, times, rates and shares. One table a kind feeds the parser, the
// formatter, the error messages and the patterns of the JSON Schema.
import { ParseResult, Schema } from "effect"

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
  /** Whether the base unit is the smallest there is, so that values are rounded to whole ones. */
  readonly whole: boolean
  readonly max: number
}

const KIB = 1024

/** Bytes. Binary units only: MB is read as 10^6 by some and 2^20 by others, so it is refused. */
export const SIZE: UnitKind = {
  identifier: "Size",
  expected: "a size such as 64 MiB",
  description: "A size with a unit: B, KiB, MiB, GiB or TiB.",
  units: [["B", 1], ["KiB", KIB], ["MiB", KIB ** 2], ["GiB", KIB ** 3], ["TiB", KIB ** 4]],
  aliases: [],
  whole: true,
  max: 2 ** 50
}

/** Nanoseconds. */
export const TIME: UnitKind = {
  identifier: "Time",
  expected: "a time such as 10 ms",
  description: "A time with a unit: ns, us, ms, s, min or h.",
  units: [["ns", 1], ["us", 1e3], ["ms", 1e6], ["s", 1e9], ["min", 60e9], ["h", 3600e9]],
  aliases: [["µs", 1e3]],
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
  whole: true,
  max: 1e12
}

/** A share from 0 to 1. */
export const SHARE: UnitKind = {
  identifier: "Share",
  expected: "a percentage such as 5 %",
  description: "A share from 0 % to 100 %.",
  units: [["%", 0.01]],
  aliases: [],
  whole: false,
  max: 1
}

const escape = (text: string): string => text.replace(/[/%]/g, (c) => (c === "/" ? "\\/" : c))

const unitPattern = (kind: UnitKind): string =>
  [...kind.units, ...kind.aliases].map(([unit]) => escape(unit)).sort((a, b) => b.length - a.length).join("|")

/** The pattern of a quantity: a number without sign, an optional blank, a unit. */
export const quantityPattern = (kind: UnitKind): RegExp =>
  new RegExp(`^\\d{1,18}(\\.\\d{1,9})? ?(${unitPattern(kind)})$`)

/** Value of a quantity in base units, or null if it is none. */
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

/** Bytes. */
export type Bytes = number
/** Nanoseconds of simulated time. */
export type Nanoseconds = number
/** Bits per second. */
export type BitsPerSecond = number
/** A share from 0 to 1. */
export type Share = number

const quantity = (kind: UnitKind): Schema.Schema<number, string> =>
  Schema.transformOrFail(
    Schema.String.annotations({
      jsonSchema: { type: "string", pattern: quantityPattern(kind).source, description: kind.description }
    }),
    Schema.Number,
    {
      strict: true,
      decode: (text, _options, ast) => {
        const value = parseQuantity(kind, text)
        return value === null ? ParseResult.fail(new ParseResult.Type(ast, text)) : ParseResult.succeed(value)
      },
      encode: (value) => ParseResult.succeed(formatQuantity(kind, value))
    }
  ).annotations({ identifier: kind.identifier, title: kind.expected, description: kind.description })

/** A size, decoded to bytes. */
export const Size: Schema.Schema<Bytes, string> = quantity(SIZE)
/** A time, decoded to whole nanoseconds. */
export const Time: Schema.Schema<Nanoseconds, string> = quantity(TIME)
/** A rate, decoded to bits per second. */
export const Rate: Schema.Schema<BitsPerSecond, string> = quantity(RATE)
/** A percentage, decoded to a share from 0 to 1. */
export const Percentage: Schema.Schema<Share, string> = quantity(SHARE)

/** Narrows a quantity to a range, said in the error message: "a size such as 64 MiB, at least 16 MiB". */
export const within = (
  schema: Schema.Schema<number, string>,
  kind: UnitKind,
  range: { readonly min?: number; readonly max?: number }
): Schema.Schema<number, string> => {
  const { min = 0, max = kind.max } = range
  const bounds = [
    ...(range.min === undefined ? [] : [`at least ${formatQuantity(kind, range.min)}`]),
    ...(range.max === undefined ? [] : [`at most ${formatQuantity(kind, range.max)}`])
  ]
  const title = `${kind.expected}, ${bounds.join(" and ")}`
  return schema.pipe(Schema.filter((value) => value >= min && value <= max, { title, description: title }))
}
