// Values of an axis, as they are typed: `r8169,e1000`, `0..8000/5`, `log:1 MiB..16 MiB/5`, `1..40 step 3`. A range has a unit
// where the scenario has one, on both ends or on the second. The ends stay as they are typed; the values between them are
// whole where the ends are, and have three digits otherwise (sizes: whole pages), for a map is read by people. With a step the
// values are exact, and the last one is the last that is not beyond the second end.
import {
  type ConfigError,
  formatQuantity,
  mistake,
  parsePath,
  parseQuantity,
  parseValue,
  RATE,
  SHARE,
  SIZE,
  TIME,
  type UnitKind
} from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { exp, log as ln } from "@swaplab/sim"
import { Either } from "effect"
import type { Axis } from "./sweep/grid.ts"

/** Values that an axis may have. A larger map cannot be read. */
export const MAX_VALUES = 64
const KINDS: ReadonlyArray<UnitKind> = [SIZE, TIME, RATE, SHARE]
const EXPECTED = "PATH=a,b,c, PATH=from..to/steps, PATH=log:from..to/steps or PATH=from..to step size"

const RANGE = /^(log:)?(\d+(?:\.\d+)?) ?([A-Za-zµ%/]*)\.\.(\d+(?:\.\d+)?) ?([A-Za-zµ%/]*)\/(\d+)$/
const STEPS =
  /^(\d+(?:\.\d+)?) ?([A-Za-zµ%/]*)\.\.(\d+(?:\.\d+)?) ?([A-Za-zµ%/]*?) ?step ?(\d+(?:\.\d+)?) ?([A-Za-zµ%/]*)$/

const rounded = (value: number): number => Number(value.toPrecision(3))

/** The values with those between the ends rounded. */
const roundedBetween = (
  values: ReadonlyArray<number>,
  round: (value: number) => number
): ReadonlyArray<number> => values.map((value, i) => (i === 0 || i === values.length - 1 ? value : round(value)))

/** Values from `from` to `to`, both included, in equal steps or by equal factors. */
export const spread = (from: number, to: number, steps: number, log: boolean): ReadonlyArray<number> =>
  Array.from({ length: steps }, (_, i) => {
    if (i === 0) return from
    if (i === steps - 1) return to
    const share = i / (steps - 1)
    return log ? from * exp(share * ln(to / from)) : from + (to - from) * share
  })

const quantities = (
  kind: UnitKind,
  ends: readonly [from: string, to: string],
  steps: number,
  log: boolean
): ReadonlyArray<string> | string => {
  const [from, to] = ends.map((end) => parseQuantity(kind, end))
  if (from === null || to === null) return `expected ends such as ${kind.expected}, at most ${kind.max}`
  if (log && from === 0) return "a logarithmic range cannot start at 0"
  const values = spread(from, to, steps, log)
  const pages = kind === SIZE && from % PAGE_SIZE === 0 && to % PAGE_SIZE === 0
  const round = (value: number): number =>
    kind === SHARE
      ? rounded(value * 100) / 100
      : pages
      ? Math.round(value / PAGE_SIZE) * PAGE_SIZE
      : Math.round(rounded(value))
  return roundedBetween(values, round).map((value) => formatQuantity(kind, value))
}

const numbers = (from: string, to: string, steps: number, log: boolean): ReadonlyArray<number> | string => {
  if (log && Number(from) === 0) return "a logarithmic range cannot start at 0"
  const whole = !from.includes(".") && !to.includes(".")
  return roundedBetween(spread(Number(from), Number(to), steps, log), whole ? Math.round : rounded)
}

/** The kind of quantities that a unit belongs to. */
export const kindOf = (unit: string): UnitKind | undefined =>
  KINDS.find(({ aliases, units }) => [...units, ...aliases].some(([name]) => name === unit))

const rangeOf = (match: RegExpExecArray): ReadonlyArray<string | number> | string => {
  const [, logMark, from, fromUnit, to, toUnit, count] = match
  const log = logMark !== undefined
  const steps = Number(count)
  if (steps < 2 || steps > MAX_VALUES) return `expected 2 to ${MAX_VALUES} steps`
  if (toUnit === "") return fromUnit === "" ? numbers(from, to, steps, log) : "the second end has no unit"
  const unit = fromUnit === "" ? toUnit : fromUnit
  const kind = kindOf(toUnit)
  if (kind === undefined) return `${toUnit} is no unit`
  return quantities(kind, [`${from} ${unit}`, `${to} ${toUnit}`], steps, log)
}

/** Decimals of a number as it is typed. */
const decimals = (text: string): number => text.split(".")[1]?.length ?? 0

/** Values at equal distances from the first on. */
const stepsOf = (match: RegExpExecArray): ReadonlyArray<string | number> | string => {
  const [, from, fromUnit, to, toUnit, step, stepUnit] = match
  const unit = [toUnit, fromUnit, stepUnit].find((name) => name !== "")
  const kind = unit === undefined ? null : kindOf(unit)
  if (kind === undefined) return `${unit} is no unit`
  const [low, high, size] = [[from, fromUnit], [to, toUnit], [step, stepUnit]].map(([number, own]) =>
    kind === null ? Number(number) : parseQuantity(kind, `${number} ${own === "" ? unit : own}`)
  )
  if (kind !== null && (low === null || high === null || size === null)) {
    return `expected ends and a step such as ${kind.expected}, at most ${kind.max}`
  }
  const [first, last, distance] = [low ?? 0, high ?? 0, size ?? 0]
  if (distance === 0) return "a step of 0 goes nowhere"
  if (last < first) return `is empty: ${to} is below ${from}`
  // a hair more, so that 0..1 step 0.1 ends with 1
  const count = Math.floor((last - first) / distance + 1e-9) + 1
  if (count > MAX_VALUES) return `has ${count} values, expected at most ${MAX_VALUES}`
  const digits = Math.max(decimals(from), decimals(step))
  return Array.from({ length: count }, (_, i) => {
    const value = first + i * distance
    return kind === null ? Number(value.toFixed(digits)) : formatQuantity(kind, kind.whole ? Math.round(value) : value)
  })
}

/** A list: values as in a file. A comma inside brackets belongs to a value: `uniform(0 s, 5 s)`. */
const listOf = (text: string): ReadonlyArray<string | number | boolean> | string => {
  const values = text.split(/,(?![^(]*\))/).map((part) => {
    const tree = Either.getOrNull(parseValue("", part.trim()))
    const value = tree?.kind === "scalar" ? tree.value : null
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null
  })
  const plain = values.filter((value) => value !== null)
  if (plain.length < values.length) return "expected texts and numbers between the commas"
  return plain.length > MAX_VALUES ? `expected at most ${MAX_VALUES} values` : plain
}

/** Reads an axis, `path=range`; `flag` is --x or --y, for messages. */
export const parseAxis = (flag: string, text: string): Either.Either<Axis, ConfigError> => {
  const source = `${flag} ${text}`
  const fail = (reason: string) => Either.left(mistake(source, reason))
  const equals = text.indexOf("=")
  const path = text.slice(0, Math.max(0, equals)).trim()
  const range = text.slice(equals + 1).trim()
  if (equals < 0 || range === "" || parsePath(path) === null) return fail(`expected ${EXPECTED}`)
  const match = RANGE.exec(range)
  const steps = STEPS.exec(range)
  if (match === null && steps === null && range.includes("..")) return fail(`expected ${EXPECTED}`)
  const values = steps !== null ? stepsOf(steps) : match === null ? listOf(range) : rangeOf(match)
  if (typeof values === "string") return fail(values)
  if (new Set(values).size < values.length) return fail(`two of its values are equal: ${values.join(", ")}`)
  return Either.right({ path, values })
}
