// A mistake of the user: the file with line and column (or the flag) it stands in, the path to it, what stood there and
// what was expected.
import { Data } from "effect"

/** Keys and indices from the top of a configuration to a value. */
export type Path = ReadonlyArray<string | number>

/** A line and a column, both from 1. */
interface Position {
  readonly line: number
  readonly column: number
}

/** Where something was written. */
export interface Place {
  /** A file as the user named it, or a flag as it was typed: `--set hz=7`. */
  readonly source: string
  /** Null for a flag, and for a file as a whole. */
  readonly position: Position | null
}

/** What is wrong at a path, before it is known where that was written. */
export interface Finding {
  readonly path: Path
  /** In words, without file and path. */
  readonly text: string
}

/** One mistake. */
export interface Problem extends Finding {
  readonly place: Place
}

/** A flag, or a file as a whole. */
export const wholeOf = (source: string): Place => ({ source, position: null })

const PLAIN_KEY = /^[\w*$-]+$/

/** Writes a path as users know it: `clients[0].ram`. Keys of other than letters, digits, `_`, `-` and `*` are quoted. */
export const formatPath = (path: Path): string =>
  path.map((part, i) => {
    if (typeof part === "number") return `[${part}]`
    if (!PLAIN_KEY.test(part)) return `[${JSON.stringify(part)}]`
    return i === 0 ? part : `.${part}`
  }).join("")

/** Writes a place: `x.yaml:3:5`, or the flag. */
const formatPlace = ({ position, source }: Place): string =>
  position === null ? source : `${source}:${position.line}:${position.column}`

/** Says what was found and what was expected. `found` is a value as it stood there. */
export const mismatch = (found: string, expected: string): string => `got ${found}, expected ${expected}`

/** Writes what is wrong at a path, without the place: `clients[0].thp: true has no effect: …`. */
export const formatFinding = ({ path, text }: Finding): string =>
  path.length === 0 ? text : `${formatPath(path)}: ${text}`

/** Writes a problem as one line: `x.yaml:7:10: clients[0].ram: got "64 MB/s", expected a size such as 64 MiB`. */
export const formatProblem = (problem: Problem): string => `${formatPlace(problem.place)}: ${formatFinding(problem)}`

/** Problems that are shown at once; of more, their number is said. */
const MAX_SHOWN = 20

/** Files, flags or values that cannot be used. The message has one line a mistake. */
export class ConfigError extends Data.TaggedError("ConfigError")<{
  readonly problems: ReadonlyArray<Problem>
}> {
  override get message(): string {
    const lines = this.problems.slice(0, MAX_SHOWN).map(formatProblem)
    const more = this.problems.length - lines.length
    return [...lines, ...(more > 0 ? [`and ${more} more mistakes`] : [])].join("\n")
  }
}

/** An error with a single problem, about a file or a flag as a whole. */
export const mistake = (source: string, text: string): ConfigError =>
  new ConfigError({ problems: [{ place: wholeOf(source), path: [], text }] })
