// Building blocks of the scenario's schema: fields with defaults, sections, ranges, choices.
import { identity, Option, Schema, SchemaAST } from "effect"
import { RATE, Rate, SIZE, Size, TIME, Time, within } from "./units.ts"

/** Names of kernels, scenarios and client groups. No dot: a dot separates the steps of a --set path. */
export const KERNEL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/

/** A field that may be left out. Its range, where it has one, stands in the title of the JSON Schema. */
export const field = <A, I>(schema: Schema.Schema<A, I>, value: A, description: string) => {
  const title = SchemaAST.isRefinement(schema.ast) ? SchemaAST.getTitleAnnotation(schema.ast) : Option.none()
  return Schema.optionalWith(schema, { exact: true, default: () => value }).annotations({
    description,
    default: value,
    ...(Option.isSome(title) && { title: title.value })
  })
}

/** A mapping that may be left out, or given in part. */
export const section = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  Schema.optionalWith(schema, { exact: true, default: () => Schema.decodeUnknownSync(schema)({}) }).annotations({
    description
  })

/** A field that is absent unless given. Of an optionalWith without default the JSON Schema would lose the description. */
export const maybe = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  Schema.optionalToOptional(schema, Schema.typeSchema(schema), { decode: identity, encode: identity }).annotations({
    description
  })

export const whole = (min: number, max: number) =>
  Schema.Number.pipe(
    Schema.filter((value) => Number.isInteger(value) && value >= min && value <= max, {
      title: `a whole number from ${min} to ${max}`,
      jsonSchema: { type: "integer", minimum: min, maximum: max }
    })
  )

export const choice = <const L extends ReadonlyArray<string | number>>(...values: L): Schema.Schema<L[number]> =>
  Schema.Literal(...values).annotations({ title: values.join(", ").replace(/, ([^,]*)$/, " or $1") })

/** What the rows of a table of choices mean, for the description of a field: `e1000: …; igb: …`. */
export const meanings = (table: Readonly<Record<string, { readonly meaning: string }>>): string =>
  Object.entries(table).map(([key, { meaning }]) => `${key}: ${meaning}`).join("; ")

export const yesNo = Schema.Boolean.annotations({ title: "true or false" })
export const name = Schema.String.pipe(
  Schema.pattern(KERNEL_NAME, { title: "a name of letters, digits, - and _", description: "a name" })
)
export const text = Schema.String.annotations({ title: "a text" })

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB
export const US = 1e3
export const MS = 1e6
export const S = 1e9

/** Objects of the slab allocators are numbered by page frame, which ends below 16 GiB. */
export const ram = within(Size, SIZE, { min: 8 * MIB, max: 15 * GIB })
export const positiveTime = within(Time, TIME, { min: 1 })
export const positiveRate = within(Rate, RATE, { min: 1000 })
/** A link or switch must hold one full frame. */
export const buffer = within(Size, SIZE, { min: 2 * KIB, max: GIB })
