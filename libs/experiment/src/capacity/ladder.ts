// The values over which a capacity is searched: the levels of a ladder, from the easiest to the hardest.
import { type LoadedScenario, withOverrides } from "@swaplab/cluster"
import {
  type ConfigError,
  mistake,
  overrideOf,
  parsePath,
  parseQuantity,
  RATE,
  SHARE,
  SIZE,
  TIME
} from "@swaplab/config"
import { Either } from "effect"
import { parseAxis } from "../range.ts"

/** Most levels of a ladder: as many clients as a group can have. */
const MAX_LEVELS = 10_000
/** Without an end, so many times what the scenario has. */
const DEFAULT_TIMES = 4

type Value = number | string

/** A ladder. Level 1 is the easiest. */
export interface Ladder {
  readonly path: string
  readonly values: ReadonlyArray<Value>
  /** The least value that holds is searched, not the most. Then the values fall from level to level. */
  readonly least: boolean
}

/** What a user asks for, as typed. */
export interface LadderOptions {
  /** A path, or a path with a list of values: `server.link.rate=100 Mbit,1 Gbit`. */
  readonly over?: string | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly step?: number | undefined
  readonly least: boolean
}

/** The number that a value stands for, in base units; null where it stands for none. */
const numberOf = (value: Value): number | null => {
  if (typeof value === "number") return value
  for (const kind of [SIZE, TIME, RATE, SHARE]) {
    const parsed = parseQuantity(kind, value)
    if (parsed !== null) return parsed
  }
  return null
}

/** What stands at a path of the scenario as given; undefined where nothing does. */
const givenAt = ({ given }: LoadedScenario, path: string): unknown => {
  let at: unknown = given
  for (const step of parsePath(path) ?? []) {
    at = typeof at === "object" && at !== null ? (at as Readonly<Record<string, unknown>>)[String(step)] : undefined
  }
  return at
}

const listed = (text: string): Either.Either<ReadonlyArray<Value>, ConfigError> =>
  Either.flatMap(parseAxis("--over", text), ({ path, values }) => {
    const known = values.map((value) => typeof value === "boolean" ? null : numberOf(value))
    const odd = values.find((_, i) => known[i] === null)
    if (odd !== undefined) {
      return Either.left(
        mistake(`--over ${text}`, `${odd} is no number and no quantity, so it has no place in an order`)
      )
    }
    const order = [...values.keys()].sort((a, b) => (known[a] ?? 0) - (known[b] ?? 0))
    return path === "" ? Either.right([]) : Either.right(order.map((i) => values[i] as Value))
  })

const counted = (
  loaded: LoadedScenario,
  path: string,
  { from = 1, step = 1, to: wanted }: LadderOptions
): Either.Either<ReadonlyArray<Value>, ConfigError> => {
  const source = `--over ${path}`
  const present = givenAt(loaded, path)
  if (present !== undefined && typeof present !== "number") {
    const words = typeof present === "object" ? "a mapping or a list" : JSON.stringify(present)
    return Either.left(
      mistake(
        source,
        `the scenario has ${words} there, which is no number; expected a list, such as --over ${path}=a,b,c`
      )
    )
  }
  const to = wanted ?? DEFAULT_TIMES * (typeof present === "number" ? present : 1)
  if (to < from) {
    return Either.left(mistake(`--from ${from} --to ${to}`, "an empty range, expected --to of at least --from"))
  }
  const levels = Math.floor((to - from) / step) + 1
  return levels > MAX_LEVELS
    ? Either.left(
      mistake(`--from ${from} --to ${to}`, `${levels} values, expected at most ${MAX_LEVELS}; --step makes them fewer`)
    )
    : Either.right(Array.from({ length: levels }, (_, i) => from + i * step))
}

/** Makes the ladder of a scenario, and checks that each end of it is a valid one. */
export const makeLadder = (loaded: LoadedScenario, options: LadderOptions): Either.Either<Ladder, ConfigError> =>
  Either.gen(function*() {
    const over = options.over ?? "clients.0.count"
    const equals = over.indexOf("=")
    const path = (equals < 0 ? over : over.slice(0, equals)).trim()
    if (parsePath(path) === null) {
      return yield* Either.left(mistake(`--over ${over}`, "expected a path such as clients.0.count, or PATH=a,b,c"))
    }
    if (equals >= 0 && [options.from, options.to, options.step].some((given) => given !== undefined)) {
      return yield* Either.left(mistake(`--over ${over}`, "has its values already, expected no --from, --to or --step"))
    }
    const rising = yield* equals < 0 ? counted(loaded, path, options) : listed(over)
    const values = options.least ? rising.toReversed() : rising
    const ladder = { path, values, least: options.least }
    const checked = values.length <= 64 ? values.keys() : [0, values.length - 1]
    for (const i of checked) yield* atLevel(loaded, ladder, i + 1)
    return ladder
  })

/** Scenarios at levels by what they were made of: to make one takes some milliseconds, and it is checked before it is run. */
const MADE = new WeakMap<LoadedScenario, Map<string, LoadedScenario>>()

/** The scenario at a level. */
export const atLevel = (
  loaded: LoadedScenario,
  { path, values }: Ladder,
  level: number
): Either.Either<LoadedScenario, ConfigError> => {
  const value = values[level - 1]
  const made = MADE.get(loaded) ?? new Map<string, LoadedScenario>()
  MADE.set(loaded, made)
  const name = `${path}=${JSON.stringify(value)}`
  const known = made.get(name)
  if (known !== undefined) return Either.right(known)
  return Either.map(
    withOverrides(loaded, [overrideOf(`--over ${path}=${value}`, parsePath(path) ?? [], value)]),
    (at) => {
      made.set(name, at)
      return at
    }
  )
}

/** Whether an answer of at least level `low`, and below level `high`, is as narrow as it can be, or as wanted. */
export const enough = ({ values }: Ladder, within: number) => (low: number, high: number): boolean => {
  if (high - low <= 1) return true
  const [least, most] = [low, high].map((
    level
  ) => (level < 1 || level > values.length ? null : numberOf(values[level - 1])))
  return least !== null && most !== null && Math.abs(most - least) <= within * Math.max(most, least)
}

/** How far beyond `gain` times the value of a level a ladder goes on that is made longer. */
const BEYOND = 1.5

/**
 * A ladder on which there is room for `gain` times the value of a level. Only one of numbers at equal steps goes on, as far as the
 * scenario takes them; any other stays what it is.
 */
export const longer = (loaded: LoadedScenario, ladder: Ladder, level: number, gain: number): Ladder => {
  const { least, path, values } = ladder
  const [first, second] = values
  const at = values[level - 1]
  const last = values[values.length - 1]
  if (least || typeof first !== "number" || typeof second !== "number" || typeof at !== "number") return ladder
  if (typeof last !== "number" || last - first !== (second - first) * (values.length - 1)) return ladder
  const more: Array<Value> = [...values]
  for (let value = last + second - first; value <= at * gain * BEYOND && more.length < MAX_LEVELS;) {
    more.push(value)
    value += second - first
  }
  const made = { path, values: more, least }
  return Either.isRight(atLevel(loaded, made, more.length)) ? made : ladder
}
