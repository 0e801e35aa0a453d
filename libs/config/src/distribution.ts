// A time, or a distribution of times, as a field of a schema: `10 s`, `uniform(0 s, 30 s)`, `normal(09:00, 90 s)`. The names
// and their parameters are those of the table in distributions.ts.
//
// A moment may be a time of day where the schema says so. It becomes a time of the run by the clock of the run, which one
// field does not know: `mistakeIn` and `resolved` take it. Whoever uses such a schema calls `mistakeIn` in a rule.
import { ParseResult, Schema } from "effect"
import {
  type Chance,
  DISTRIBUTION_NAMES,
  type DistributionName,
  distributionRow,
  isDistributionName,
  type ParameterRow
} from "./distributions.ts"
import { didYouMean, orList } from "./nearest.ts"
import type { Nanoseconds } from "./quantity.ts"
import { formatTimeOfDay, parseTimeOfDay, TIME_OF_DAY_PATTERN } from "./time-of-day.ts"
import { formatQuantity, parseQuantity, quantityPattern, TIME } from "./units.ts"

const Moment = Schema.Struct({ ns: Schema.Number, ofDay: Schema.Boolean })
/** A time from the start of the run, or, `ofDay`, from midnight. */
interface Moment extends Schema.Schema.Type<typeof Moment> {}

const DistributionValue = Schema.Struct({
  name: Schema.Literal(...DISTRIBUTION_NAMES),
  parameters: Schema.Array(Moment)
})
/** A distribution of times. */
export interface Distribution extends Schema.Schema.Type<typeof DistributionValue> {}

/** Those with a name in front of their parameters. */
const NAMED = DISTRIBUTION_NAMES.filter((name) => name !== "at")

const NAMED_EXAMPLE = distributionRow(NAMED[0]).example

const call = (name: DistributionName): string =>
  `${name}(${distributionRow(name).parameters.map((parameter) => parameter.name).join(", ")})`

const parseMoment = (text: string, kind: ParameterRow["kind"], withClock: boolean): Moment | null => {
  const ns = parseQuantity(TIME, text)
  if (ns !== null) return { ns, ofDay: false }
  const ofDay = withClock && kind === "moment" ? parseTimeOfDay(text) : null
  return ofDay === null ? null : { ns: ofDay, ofDay: true }
}

const FORM = /^([A-Za-z][\w-]*) ?\((.*)\)$/

const words = (withClock: boolean): string =>
  `a time such as 10 s${withClock ? " or 09:00" : ""}, or a distribution such as ${
    orList(NAMED.map((name) => distributionRow(name).example))
  }`

/** What YAML leaves of `uniform(0 s, 30 s)` between { and }, where a comma ends a value. */
const CUT_OFF = /^[A-Za-z][\w-]* ?\([^)]*$/

/** Reads a distribution; a string says what was expected instead. */
const parse = (text: string, withClock: boolean): Distribution | string => {
  const form = FORM.exec(text)
  if (form === null) {
    if (CUT_OFF.test(text)) return `a ) at the end: between { and } a distribution stands in quotes, "${NAMED_EXAMPLE}"`
    const moment = parseMoment(text, "moment", withClock)
    return moment === null ? words(withClock) : { name: "at", parameters: [moment] }
  }
  const [, name, inside] = form
  if (!isDistributionName(name) || name === "at") {
    return `${orList(NAMED.map(call))}${didYouMean(name, NAMED)}`
  }
  const rows = distributionRow(name).parameters
  const given = inside.split(",").map((part) => part.trim())
  if (given.length !== rows.length) return `${call(name)}, as in ${distributionRow(name).example}`
  const parameters: Array<Moment> = []
  for (const [i, part] of given.entries()) {
    const moment = parseMoment(part, rows[i].kind, withClock)
    if (moment === null) {
      const ofDay = withClock && rows[i].kind === "moment" ? " or 09:00" : ""
      return `for ${rows[i].name} of ${
        call(name)
      } a time such as 10 s${ofDay}, which is never negative, and not ${part}`
    }
    parameters.push(moment)
  }
  return { name, parameters }
}

/** In the largest unit of which it is a whole number: 90 s and not 1.5 min, as people write the width of a distribution. */
const formatTime = (ns: Nanoseconds): string => {
  const unit = ns === 0 ? undefined : TIME.units.findLast(([, factor]) => ns % factor === 0)
  return unit === undefined ? formatQuantity(TIME, ns) : `${ns / unit[1]} ${unit[0]}`
}

const formatMoment = ({ ns, ofDay }: Moment): string => ofDay ? formatTimeOfDay(ns) : formatTime(ns)

/** Writes a distribution as it is read. */
export const formatDistribution = ({ name, parameters }: Distribution): string => {
  const written = parameters.map(formatMoment).join(", ")
  return name === "at" ? written : `${name}(${written})`
}

const needsClock = ({ parameters }: Distribution): boolean => parameters.some(({ ofDay }) => ofDay)

/** The parameters as times of a run that starts at `clock`, a time of day. Without one none may be a time of day. */
const resolved = ({ parameters }: Distribution, clock: Nanoseconds | undefined): ReadonlyArray<Nanoseconds> =>
  parameters.map(({ ns, ofDay }) => ofDay ? ns - (clock ?? 0) : ns)

/** What should have stood there, of a run that starts at `clock`; null: all is well. */
export const mistakeIn = (distribution: Distribution, clock: Nanoseconds | undefined): string | null => {
  const { name, parameters } = distribution
  const early = parameters.find(({ ns, ofDay }) => ofDay && (clock === undefined || ns < clock))
  if (early !== undefined) {
    return clock === undefined
      ? `a time from the start, such as 10 s, or a clock in the scenario: without one nobody knows when ${
        formatMoment(early)
      } is`
      : `a time of day from the clock on, which starts at ${formatTimeOfDay(clock)}`
  }
  const row = distributionRow(name)
  const mistake = row.mistake(resolved(distribution, clock))
  return mistake === null ? null : `for ${row.parameters[mistake.index].name} of ${call(name)} ${mistake.expected}`
}

/** Draws a time of a run that starts at `clock`, in whole nanoseconds. */
export const drawTime = (distribution: Distribution, clock: Nanoseconds | undefined, chance: Chance): Nanoseconds =>
  Math.round(distributionRow(distribution.name).draw(chance, resolved(distribution, clock)))

/** The first time that any parameter names, of a run that starts at `clock`. */
export const firstMoment = (distribution: Distribution, clock: Nanoseconds | undefined): Nanoseconds =>
  resolved(distribution, clock)[0]

/** The mean of a distribution of lengths of time. */
export const meanTime = (distribution: Distribution): Nanoseconds =>
  distributionRow(distribution.name).mean(resolved(distribution, undefined))

const patternOf = (name: DistributionName, withClock: boolean): string => {
  const time = quantityPattern(TIME).source.slice(1, -1)
  const moment = withClock ? `(${time}|${TIME_OF_DAY_PATTERN.source})` : `(${time})`
  const parameters = distributionRow(name).parameters.map(({ kind }) => kind === "moment" ? moment : `(${time})`)
  return name === "at" ? parameters.join("") : `${name} ?\\( *${parameters.join(" *, *")} *\\)`
}

const distributionSchema = (withClock: boolean): Schema.Schema<Distribution, string> => {
  const description = words(withClock)
  const pattern = `^(${DISTRIBUTION_NAMES.map((name) => patternOf(name, withClock)).join("|")})$`
  return Schema.transformOrFail(
    Schema.String.annotations({ jsonSchema: { type: "string", pattern, description } }),
    DistributionValue,
    {
      strict: true,
      decode: (text, _options, ast) => {
        const parsed = parse(text, withClock)
        if (typeof parsed === "string") return ParseResult.fail(new ParseResult.Type(ast, text, parsed))
        // with a time of day in it only a rule can tell, by the clock
        const mistake = needsClock(parsed) ? null : mistakeIn(parsed, undefined)
        return mistake === null
          ? ParseResult.succeed(parsed)
          : ParseResult.fail(new ParseResult.Type(ast, text, mistake))
      },
      encode: (distribution) => ParseResult.succeed(formatDistribution(distribution))
    }
  ).annotations({
    identifier: withClock ? "MomentDistribution" : "TimeDistribution",
    title: description,
    description: `${description}. ${NAMED.map((name) => `${call(name)}: ${distributionRow(name).meaning}.`).join(" ")}`
  })
}

/** A length of time, or a distribution of such. */
export const TimeDistribution = distributionSchema(false)
/** A moment of a run, by its time from the start or by its time of day, or a distribution of such. */
export const MomentDistribution = distributionSchema(true)
