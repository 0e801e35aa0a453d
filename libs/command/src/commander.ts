// The rows of a program as commands of commander.
import { Argument, Command, type Help, Option } from "commander"
import type { Kind } from "./kinds.ts"
import {
  argumentsOf,
  type CommandRow,
  isSeveral,
  nameOf,
  type OptionRow,
  type Program,
  sentenceOf,
  termOf
} from "./rows.ts"

/** How help is shown. */
export interface HelpStyle {
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number
  /** Marks a title, such as in bold. */
  readonly title: (text: string) => string
}

/** Called with what the parser finds. */
export interface Listener {
  readonly onHelp: (text: string) => void
  readonly onCall: (command: string, values: object) => void
}

/** Help that is wider is hard to read. */
const WIDEST = 100

/** A value that is wrong; its message names option or argument, value and expectation. */
export class WrongValue extends Error {
  constructor(what: string, value: string, expected: string) {
    super(`${what}: got ${value === "" ? "nothing" : value}, expected ${expected}`)
  }
}

const read = (what: string, { expected, read: readValue }: Kind<unknown>, text: string): unknown => {
  const value = readValue(text)
  if (value === undefined) throw new WrongValue(what, text, expected)
  return value
}

const optionOf = (key: string, row: OptionRow): Option => {
  const name = nameOf(key)
  const letter = row.letter === undefined ? "" : `-${row.letter}, `
  if (row.form === "flag") return new Option(`${letter}${name}`, sentenceOf(row))
  const option = new Option(`${letter}${name} <${row.kind.placeholder}>`, sentenceOf(row))
  if (row.form === "many") {
    return option.argParser((text, before: ReadonlyArray<unknown> | undefined) => [
      ...(before ?? []),
      read(name, row.kind, text)
    ])
  }
  return option.argParser((text, before: unknown) => {
    if (before !== undefined) throw new WrongValue(name, `${String(before)} and ${text}`, "one value")
    return read(name, row.kind, text)
  })
}

/** What commander has read, by the keys of the row. */
const valuesOf = (row: CommandRow, command: Command): object => {
  const given = command.opts()
  const options = Object.entries(row.options).map(([key, option]) => {
    const found = command.options.find(({ long }) => long === nameOf(key))
    const value: unknown = given[found?.attributeName() ?? key]
    return [
      key,
      option.form === "many" ? (value ?? []) : option.form === "one" ? value : value === (found?.negate !== true)
    ]
  })
  const places = Object.keys(row.arguments).map((key, i) => [key, command.processedArgs[i]])
  return Object.fromEntries([...options, ...places])
}

const section = (title: string, lines: ReadonlyArray<string>): string =>
  lines.length === 0 ? "" : ["", title, ...lines.map((line) => `  ${line}`)].join("\n")

const examplesOf = (program: string, { examples }: CommandRow): ReadonlyArray<string> =>
  examples.flatMap(([line, meaning]) => [`${program} ${line}`, `    ${meaning}`])

/** Adds to `command` what a row says. */
const fill = (
  command: Command,
  program: Program,
  name: string,
  row: CommandRow,
  style: HelpStyle,
  { onCall }: Listener
): void => {
  command.usage(["[OPTIONS]", argumentsOf(row)].filter((part) => part !== "").join(" "))
  command.description([row.meaning, ...(row.more ?? [])].join("\n\n"))
  for (const argument of Object.values(row.arguments)) {
    const { kind, meaning, required } = argument
    const { placeholder } = kind
    const several = isSeveral(argument)
    command.addArgument(
      new Argument(several ? `<${placeholder}...>` : required ? `<${placeholder}>` : `[${placeholder}]`, meaning)
        .argParser((text: string, before: unknown): unknown => {
          const value = read(placeholder, kind, text)
          return several ? [...(before as ReadonlyArray<unknown> | undefined ?? []), value] : value
        })
    )
  }
  for (const [key, option] of Object.entries(row.options)) command.addOption(optionOf(key, option))
  command.addHelpText("after", section(style.title("Examples:"), examplesOf(program.name, row)))
  command.action(() => onCall(name, valuesOf(row, command)))
}

const styled = (program: Program, style: HelpStyle) => ({
  helpWidth: Math.min(style.columns, WIDEST),
  styleTitle: (title: string) => style.title(title),
  optionTerm: (option: Option) => {
    const known = Object.values(program.commands).flatMap(({ options }) => Object.entries(options))
    const row = known.find(([key, { letter }]) =>
      nameOf(key) === option.long && option.short === (letter && `-${letter}`)
    )
    return row === undefined ? option.flags : termOf(row[0], row[1])
  },
  argumentTerm: (argument: Argument) => argument.name(),
  subcommandTerm: (command: Command) => command.name()
} satisfies Partial<Help>)

/** The program for commander. */
export const commandOf = (program: Program, version: string, style: HelpStyle, listener: Listener): Command => {
  const root = new Command(program.name)
  root.exitOverride().helpCommand(false).version(version, "-V, --version", "Prints the version.")
  root.configureHelp(styled(program, style)).helpOption("-h, --help", "Prints this help.")
  root.configureOutput({ writeOut: listener.onHelp, writeErr: () => {}, getOutHasColors: () => true })
  root.description(program.meaning).usage("COMMAND [OPTIONS]")
  const own = program.commands[""]
  if (own !== undefined) fill(root, program, "", own, style, listener)
  for (const [name, row] of Object.entries(program.commands)) {
    if (name === "") continue
    const command = root.command(name)
    command.summary(row.meaning)
    fill(command, program, name, row, style, listener)
  }
  const width = Math.max(...program.exitCodes.map(([code]) => String(code).length))
  root.addHelpText(
    "after",
    section(
      style.title("Exit codes:"),
      program.exitCodes.map(([code, meaning]) => `${String(code).padEnd(width)}  ${meaning}`)
    )
  )
  return root
}
