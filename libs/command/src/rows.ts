// The rows of a command line: programs, commands, options, arguments. Everything else derives from them: what is parsed and
// its type, help, completions, the reference page.
import type { Kind } from "./kinds.ts"

/** What every option has. Its name is its key in the row of the command, `noMap` for `--no-map`. */
interface Described {
  /** A sentence for help and the reference: what it does, with its unit. */
  readonly meaning: string
  /** What holds without it; help ends with it. */
  readonly without?: string
  /** A second name of one letter. */
  readonly letter?: string
}

/** An option without a value. */
export interface Flag extends Described {
  readonly form: "flag"
}

/** An option with a value, given at most once. */
export interface SingleOption<A> extends Described {
  readonly form: "one"
  readonly kind: Kind<A>
}

/** An option with a value, given any number of times. */
export interface ManyOption<A> extends Described {
  readonly form: "many"
  readonly kind: Kind<A>
}

/** Any option. */
export type OptionRow = Flag | SingleOption<unknown> | ManyOption<unknown>

/** An argument, which has a place instead of a name. */
export interface Argument<A, Required extends boolean> {
  readonly kind: Kind<A>
  readonly required: Required
  readonly meaning: string
}

/** An argument that takes all words which follow, at least one; the last of a command. */
export interface SeveralArgument<A> extends Argument<A, true> {
  readonly several: true
}

type More = Pick<Described, "without" | "letter">

export const flag = (meaning: string, more: More = {}): Flag => ({ form: "flag", meaning, ...more })
export const one = <A>(kind: Kind<A>, meaning: string, more: More = {}): SingleOption<A> => ({
  form: "one",
  kind,
  meaning,
  ...more
})
export const many = <A>(kind: Kind<A>, meaning: string, more: More = {}): ManyOption<A> => ({
  form: "many",
  kind,
  meaning,
  ...more
})
export const required = <A>(kind: Kind<A>, meaning: string): Argument<A, true> => ({ kind, required: true, meaning })
export const optional = <A>(kind: Kind<A>, meaning: string): Argument<A, false> => ({ kind, required: false, meaning })
export const several = <A>(kind: Kind<A>, meaning: string): SeveralArgument<A> => ({
  ...required(kind, meaning),
  several: true
})

/** Whether an argument takes all words which follow. */
export const isSeveral = (row: Argument<unknown, boolean>): boolean => "several" in row

/** A command. */
export interface CommandRow {
  /** One sentence. */
  readonly meaning: string
  /** What else help says, a paragraph each. */
  readonly more?: ReadonlyArray<string>
  readonly arguments: Readonly<Record<string, Argument<unknown, boolean>>>
  readonly options: Readonly<Record<string, OptionRow>>
  /** Command lines without the program's name, and what each does. */
  readonly examples: ReadonlyArray<readonly [line: string, meaning: string]>
}

/**
 * A program: its commands by name. The command named "" is the program itself, without a command's name.
 *
 * **When to use.** Write one table for a program; `parse`, help, `completionScript` and the tables of the reference
 * derive from it.
 *
 * **Details.** Rows are made by `flag`, `one`, `many`, `required`, `optional` and `several`; a Kind reads a value and
 * says what was expected. The key `noMap` is the option `--no-map`.
 *
 * **Gotchas.** An argument that takes several words must be the last. Exit codes are for the reference only: nothing
 * exits by them.
 */
export interface Program<Commands extends Readonly<Record<string, CommandRow>> = Readonly<Record<string, CommandRow>>> {
  readonly name: string
  readonly meaning: string
  readonly commands: Commands
  readonly exitCodes: ReadonlyArray<readonly [code: number, meaning: string]>
}

type ValueOf<Row> = Row extends ManyOption<infer A> ? ReadonlyArray<A>
  : Row extends SingleOption<infer A> ? A | undefined
  : Row extends SeveralArgument<infer A> ? ReadonlyArray<A>
  : Row extends Argument<infer A, infer Required> ? (Required extends true ? A : A | undefined)
  : boolean

/** What a command is called with: a value for each of its options and arguments, by their keys. */
export type Values<Row extends CommandRow> =
  & { readonly [Key in keyof Row["options"]]: ValueOf<Row["options"][Key]> }
  & { readonly [Key in keyof Row["arguments"]]: ValueOf<Row["arguments"][Key]> }

/** The name of an option: `--no-map` for noMap. */
export const nameOf = (key: string): string => `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** An option as help writes it: `-x, --x PATH=RANGE`. */
export const termOf = (key: string, row: OptionRow): string =>
  [
    row.letter === undefined ? "" : `-${row.letter}, `,
    nameOf(key),
    row.form === "flag" ? "" : ` ${row.kind.placeholder}`
  ]
    .join("")

/** What help and the reference say about an option. */
export const sentenceOf = (row: OptionRow): string =>
  [row.meaning, row.form === "many" ? "Any number of times." : "", row.without ?? ""].filter((part) => part !== "")
    .join(" ")

/** The arguments of a command as its usage has them: `FILE [KERNEL]`. */
export const argumentsOf = ({ arguments: row }: CommandRow): string =>
  Object.values(row).map((argument) => {
    const { kind: { placeholder }, required: must } = argument
    return isSeveral(argument) ? `${placeholder}...` : must ? placeholder : `[${placeholder}]`
  }).join(" ")
