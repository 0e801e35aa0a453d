// Quantities as fields of a schema: the text of a file on one side, base units on the other.
import { ParseResult, Schema } from "effect"
import {
  BYTE_RATE,
  formatQuantity,
  parseQuantity,
  quantityPattern,
  RATE,
  remarkOn,
  SHARE,
  SIZE,
  TIME,
  type UnitKind
} from "./units.ts"

/** Bytes. */
export type Bytes = number
/** Nanoseconds of simulated time. */
export type Nanoseconds = number
/** Bits per second. */
export type BitsPerSecond = number
/** A share from 0 to 1. */
export type Share = number

/** A schema's remark on a value that it refuses, for the end of the message. */
export const RemarkId: unique symbol = Symbol.for("@swaplab/config/Remark")
/** What stands at {@link RemarkId}. */
export type Remark = (value: unknown) => string | null

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
  ).annotations({
    identifier: kind.identifier,
    title: kind.expected,
    description: kind.description,
    [RemarkId]: ((value) => typeof value === "string" ? remarkOn(kind, value) : null) satisfies Remark
  })

/** A size, decoded to bytes. */
export const Size: Schema.Schema<Bytes, string> = quantity(SIZE)
/** A time, decoded to whole nanoseconds. */
export const Time: Schema.Schema<Nanoseconds, string> = quantity(TIME)
/** A rate, decoded to bits per second. */
export const Rate: Schema.Schema<BitsPerSecond, string> = quantity(RATE)
/** A rate of bytes, decoded to bytes per second. */
export const ByteRate: Schema.Schema<Bytes, string> = quantity(BYTE_RATE)
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
