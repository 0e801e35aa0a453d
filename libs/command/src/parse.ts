// Reads a command line. commander parses it and writes help; its messages are turned into ours, which name the option, the
// value and what was expected on one line.
import { CommanderError } from "commander"
import { commandOf, type HelpStyle, WrongValue } from "./commander.ts"
import { type CommandRow, nameOf, type Program, type Values } from "./rows.ts"

/** A command and what it is called with: one of all, or of those named. */
export type Called<
  Commands extends Readonly<Record<string, CommandRow>>,
  Name extends keyof Commands = keyof Commands
> = { readonly [One in Name]: { readonly command: One; readonly values: Values<Commands[One]> } }[Name]

/** What the program says instead of doing something: help, its version, or what is wrong with the command line. */
export interface Said {
  readonly said: string
  readonly wrong: boolean
}

const quotedIn = (message: string): ReadonlyArray<string> => [...message.matchAll(/'([^']*)'/g)].map(([, word]) => word)

/** Messages by commander's code; `words` are those that it has in quotes. */
const MESSAGES: Readonly<Record<string, (words: ReadonlyArray<string>, message: string) => string>> = {
  "commander.unknownOption": ([option]) => `unknown option ${option}`,
  "commander.unknownCommand": ([command]) => `unknown command ${command}`,
  "commander.missingArgument": ([argument]) => `expected ${argument}`,
  "commander.optionMissingArgument": ([option]) => `${option.replaceAll(/[<>]/g, "")}: expected a value`,
  "commander.excessArguments": (_words, message) =>
    `too many arguments, expected ${/Expected (\d+)/.exec(message)?.[1] ?? "fewer"}`
}

const messageOf = ({ code, message }: CommanderError): string => {
  const bare = message.replace(/^error: /, "")
  const hint = /\(Did you mean ([^?]*)\?\)/.exec(bare)?.[1].replace(/^one of /, "")
  const text = (MESSAGES[code] ?? (() => bare))(quotedIn(bare), bare)
  return hint === undefined ? text : `${text}, did you mean ${hint.replaceAll(", ", " or ")}?`
}

/** A flag that is given a value, `--json=false`: it would be taken for an unknown option. */
const valueOfFlag = (row: CommandRow | undefined, argv: ReadonlyArray<string>): string | null => {
  const end = argv.indexOf("--")
  for (const word of end < 0 ? argv : argv.slice(0, end)) {
    const name = word.slice(0, Math.max(0, word.indexOf("=")))
    const key = Object.keys(row?.options ?? {}).find((candidate) => nameOf(candidate) === name)
    if (key !== undefined && row?.options[key].form === "flag") return `${word}: expected ${name} without a value`
  }
  return null
}

/**
 * What commander is given. "help run" is `run --help`, no word at all is --help where the program does nothing by itself,
 * and a word that is no command is told as such whatever follows it.
 */
const wordsFor = (program: Program, argv: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [first, ...rest] = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv
  if (first === undefined) return Object.hasOwn(program.commands, "") ? [] : ["--help"]
  return first.startsWith("-") || Object.hasOwn(program.commands, first) ? [first, ...rest] : [first]
}

/**
 * Without the command "": it would take a word that is no command for an argument too many, and options of a command that
 * has the same ones for its own.
 */
const withoutOwn = ({ commands, ...program }: Program): Program => ({
  ...program,
  commands: Object.fromEntries(Object.entries(commands).filter(([name]) => name !== ""))
})

/**
 * Reads the words after the program's name.
 *
 * **When to use.** Once, with the table of a {@link Program}; then switch on `command` of what it returns, whose
 * `values` have the types of the rows.
 *
 * **Details.** `style` is how help is shown. Help, the version, and the first mistake of a wrong command line come back
 * as a text, a mistake on one line with the option, the value and what was expected.
 *
 * **Gotchas.** It prints nothing and ends nothing: print `said`, and exit with a code of your own where `wrong` is
 * true. Options that were not given are undefined, false or an empty list; a default is the caller's.
 */
export const parse = <Commands extends Readonly<Record<string, CommandRow>>>(
  program: Program<Commands>,
  version: string,
  argv: ReadonlyArray<string>,
  style: HelpStyle
): Called<Commands> | Said => {
  const words = wordsFor(program, argv)
  const isCommand = words.length > 0 && !words[0].startsWith("-")
  const name = isCommand && Object.hasOwn(program.commands, words[0]) ? words[0] : ""
  const wrong = (message: string): Said => ({
    said: [program.name, name, message].filter((part) => part !== "").join(": "),
    wrong: true
  })
  const mistake = valueOfFlag(program.commands[name], words)
  if (mistake !== null) return wrong(mistake)

  let help = ""
  let called: Called<Commands> | null = null
  const root = commandOf(isCommand ? withoutOwn(program) : program, version, style, {
    onHelp: (text) => (help += text),
    // the values are read by the rows of this very command
    onCall: (command, values) => (called = { command, values } as Called<Commands>)
  })
  try {
    root.parse(words, { from: "user" })
  } catch (error) {
    if (error instanceof WrongValue) return wrong(error.message)
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) return wrong(messageOf(error))
  }
  return called ?? { said: help.trimEnd(), wrong: false }
}
