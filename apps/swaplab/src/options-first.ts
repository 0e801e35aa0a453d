// People write `run FILE --seed 1`; the parser of @effect/cli wants options before arguments. This moves them there, and
// names an option that no sub-command has, which the parser would take for an argument.
import { Either } from "effect"
import { UsageError } from "./exit.ts"

/** Options of a sub-command: those that take the next word with them, and those that stand alone. */
export interface Flags {
  readonly withValue: ReadonlyArray<string>
  readonly alone: ReadonlyArray<string>
}

/** Options that every sub-command has. */
const BUILT_IN: Flags = {
  withValue: ["--completions", "--log-level"],
  alone: ["--help", "-h", "--version", "--wizard"]
}

/** The parser knows an option of one letter by one dash only: `--x` is `-x` to it. */
const parserName = (name: string): string => name.length === 3 ? name.slice(1) : name

const isNumber = (word: string): boolean => /^-\d/.test(word)

/**
 * Puts the options after the sub-command and before its arguments; `--` and what follows stays last. `argv` starts with
 * the interpreter and the script.
 */
export const optionsFirst = (
  argv: ReadonlyArray<string>,
  flags: Readonly<Record<string, Flags>>
): Either.Either<ReadonlyArray<string>, UsageError> => {
  const command = argv[2]
  if (command === undefined || !Object.hasOwn(flags, command)) return Either.right(argv)
  const withValue = [...flags[command].withValue, ...BUILT_IN.withValue]
  const known = [...withValue, ...flags[command].alone, ...BUILT_IN.alone]
  const options: Array<string> = []
  const rest: Array<string> = []
  for (let i = 3; i < argv.length; i++) {
    const word = argv[i]
    if (word === "--") {
      rest.push(...argv.slice(i))
      break
    }
    if (!word.startsWith("-") || word === "-" || isNumber(word)) {
      rest.push(word)
      continue
    }
    const equals = word.indexOf("=")
    const name = equals < 0 ? word : word.slice(0, equals)
    if (!known.includes(name)) {
      const all = [...flags[command].withValue, ...flags[command].alone]
      const expected = all.length === 0 ? "none" : `one of ${all.join(", ")}`
      return Either.left(new UsageError({ message: `${command}: unknown option ${name}, expected ${expected}` }))
    }
    options.push(parserName(name))
    if (!withValue.includes(name)) {
      if (equals < 0) continue
      return Either.left(new UsageError({ message: `${command}: ${word}: expected ${name} without a value` }))
    }
    if (equals >= 0) {
      options.push(word.slice(equals + 1))
      continue
    }
    if (i + 1 >= argv.length) return Either.left(new UsageError({ message: `${command}: ${word}: expected a value` }))
    options.push(argv[++i])
  }
  return Either.right([...argv.slice(0, 3), ...options, ...rest])
}
