// Times of day, as a timetable has them: 08:55, or 08:55:30.
import { ParseResult, Schema } from "effect"
import type { Nanoseconds } from "./quantity.ts"

/** Two digits each, so that 8:55 and 08:55 cannot both stand for one time in results. */
export const TIME_OF_DAY_PATTERN = /([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?/

const WHOLE = new RegExp(`^${TIME_OF_DAY_PATTERN.source}$`)

/** What an error message says was expected. */
const TIME_OF_DAY_WORDS = "a time of day such as 08:55 or 08:55:30"

const S = 1e9

/** Nanoseconds since midnight, or null if the text is no time of day. */
export const parseTimeOfDay = (text: string): Nanoseconds | null => {
  const parts = WHOLE.exec(text)
  if (parts === null) return null
  const [hours, minutes, seconds] = [parts[1], parts[2], parts[3] ?? "0"].map(Number)
  return ((hours * 60 + minutes) * 60 + seconds) * S
}

const DAY = 24 * 3600

/** Writes a time since midnight; days that have gone by since are left out, and parts of a second. */
export const formatTimeOfDay = (ns: Nanoseconds): string => {
  const seconds = Math.floor(ns / S) % DAY
  const two = (value: number): string => String(value).padStart(2, "0")
  const minutes = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`
  return seconds % 60 === 0 ? minutes : `${minutes}:${two(seconds % 60)}`
}

/** A time of day, decoded to nanoseconds since midnight. */
export const TimeOfDay: Schema.Schema<Nanoseconds, string> = Schema.transformOrFail(
  Schema.String.annotations({ jsonSchema: { type: "string", pattern: WHOLE.source, description: TIME_OF_DAY_WORDS } }),
  Schema.Number,
  {
    strict: true,
    decode: (text, _options, ast) => {
      const ns = parseTimeOfDay(text)
      return ns === null ? ParseResult.fail(new ParseResult.Type(ast, text)) : ParseResult.succeed(ns)
    },
    encode: (ns) => ParseResult.succeed(formatTimeOfDay(ns))
  }
).annotations({ identifier: "TimeOfDay", title: TIME_OF_DAY_WORDS, description: TIME_OF_DAY_WORDS })
