// Building blocks of a schema: fields with defaults, sections, ranges, choices. Each carries its description and its
// default as a file would write it, so that the JSON Schema and the reference pages come out of the same lines.
import { identity, Option, Schema, SchemaAST } from "effect"
import { SourceId, WrittenId } from "./json-schema.ts"
import { orList } from "./nearest.ts"

/** The range of a field, where it has one: it stands in the title of the JSON Schema. */
const rangeOf = <A, I>({ ast }: Schema.Schema<A, I>): { readonly title?: string } => {
  const title = SchemaAST.isRefinement(ast) ? SchemaAST.getTitleAnnotation(ast) : Option.none()
  return Option.isSome(title) ? { title: title.value } : {}
}

/**
 * Where a default is from, and how far it may be off: it was measured (on other machines than the reader's), is documented, or
 * is assumed because nothing better is known.
 */
export interface Source<A> {
  readonly basis: "measured" | "documented" | "assumed"
  readonly low: A
  readonly high: A
}

const source = (basis: Source<unknown>["basis"]) => <A>(low: A, high: A): Source<A> => ({ basis, low, high })

/** A default that was measured; `low` to `high` is what other measurements gave, or other machines are likely to give. */
export const measured = source("measured")
/** A default that is documented, with what is usual. */
export const documented = source("documented")
/** A default that nobody has measured, and the range in which it may lie. */
export const assumed = source("assumed")

/**
 * A field of a schema that may be left out; `value` stands for it then.
 *
 * **When to use.** For every setting with a default. What must be given is {@link required}, what may be absent {@link
 * maybe}.
 *
 * **Details.** `value`, `low` and `high` are in base units (bytes, nanoseconds); the JSON Schema and the reference show
 * them as a file writes them. With a source it takes part in the question which assumption matters.
 *
 * **Gotchas.** A default that the schema refuses throws where the schema is made. A key that is there with `undefined`
 * is not left out, and is refused.
 */
export const field = <A, I>(schema: Schema.Schema<A, I>, value: A, description: string, from?: Source<A>) =>
  Schema.optionalWith(schema, { exact: true, default: () => value }).annotations({
    description,
    default: value,
    [WrittenId]: Schema.encodeSync(schema)(value),
    ...(from === undefined ? {} : {
      [SourceId]: {
        basis: from.basis,
        low: Schema.encodeSync(schema)(from.low),
        high: Schema.encodeSync(schema)(from.high)
      }
    }),
    ...rangeOf(schema)
  })

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

/** A field that must be given. Without fromKey the JSON Schema would lose the description of what has a unit. */
export const required = <K extends string, A, I>(key: K, schema: Schema.Schema<A, I>, description: string) =>
  ({
    [key]: Schema.propertySignature(schema).annotations({ description, ...rangeOf(schema) }).pipe(Schema.fromKey(key))
  }) as Record<K, Schema.PropertySignature<":", A, K, ":", I>>

/** A field that is null unless given. */
export const orNull = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  Schema.optionalWith(Schema.NullOr(schema), { exact: true, default: () => null }).annotations({ description })

/** A whole number in a range; without an end, up to the largest that a number holds exactly. */
export const whole = (min: number, max: number = Number.MAX_SAFE_INTEGER) => {
  const bounded = max < Number.MAX_SAFE_INTEGER
  return Schema.Number.pipe(
    Schema.filter((value) => Number.isInteger(value) && value >= min && value <= max, {
      title: `a whole number from ${min}${bounded ? ` to ${max}` : ""}`,
      jsonSchema: { type: "integer", minimum: min, maximum: max }
    })
  )
}

/** A number in a range. */
export const number = (min: number, max: number) =>
  Schema.Number.pipe(
    Schema.filter((value) => value >= min && value <= max, {
      title: `a number from ${min} to ${max}`,
      jsonSchema: { type: "number", minimum: min, maximum: max }
    })
  )

/** One of a few words or numbers. */
export const choice = <const L extends ReadonlyArray<string | number>>(...values: L): Schema.Schema<L[number]> =>
  Schema.Literal(...values).annotations({ title: orList(values.map(String)) })

/** What the rows of a table of choices mean, for the description of a field: `e1000: …; igb: …`. */
export const meanings = (table: Readonly<Record<string, { readonly meaning: string }>>): string =>
  Object.entries(table).map(([key, { meaning }]) => `${key}: ${meaning}`).join("; ")

export const yesNo = Schema.Boolean.annotations({ title: "true or false" })
export const text = Schema.String.annotations({ title: "a text" })
