// Scripts that make a shell propose commands, options and values. They are made from the rows and ask the program nothing:
// a shell that starts Node at every press of the tab key is a slow one.
import type { Kind } from "./kinds.ts"
import { type CommandRow, isSeveral, nameOf, type OptionRow, type Program } from "./rows.ts"

/** Shells that there are scripts for. */
export const SHELLS = ["bash", "zsh", "fish"] as const

const kindOf = (row: OptionRow): Kind<unknown> | null => (row.form === "flag" ? null : row.kind)

const namesOf = (key: string, { letter }: OptionRow): ReadonlyArray<string> =>
  letter === undefined ? [nameOf(key)] : [nameOf(key), `-${letter}`]

const commandsOf = ({ commands }: Program): ReadonlyArray<readonly [name: string, row: CommandRow]> =>
  Object.entries(commands).filter(([name]) => name !== "")

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

const identifier = (name: string): string => `_${name.replaceAll(/\W/g, "_")}`

/** How bash proposes values of a kind. */
const bashReply = (completes: Kind<unknown>["completes"]): string =>
  completes === "file"
    ? "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"
    : completes === "directory"
    ? "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")"
    : `mapfile -t COMPREPLY < <(compgen -W ${quoted((completes ?? []).join(" "))} -- "$cur")`

const bashCommand = (pattern: string, row: CommandRow): ReadonlyArray<string> => {
  const options = Object.entries(row.options)
  const values = options.flatMap(([key, option]) => {
    const kind = kindOf(option)
    return kind === null ? [] : [`        ${namesOf(key, option).join("|")}) ${bashReply(kind.completes)}; return ;;`]
  })
  const [first] = Object.values(row.arguments)
  return [
    `    ${pattern})`,
    ...(values.length === 0 ? [] : ["      case $prev in", ...values, "      esac"]),
    `      options=${quoted([...options.flatMap(([key, option]) => namesOf(key, option)), "--help"].join(" "))}`,
    ...(first === undefined ? [] : [`      if [[ $cur != -* ]]; then ${bashReply(first.kind.completes)}; return; fi`]),
    "      ;;"
  ]
}

const bash = (program: Program): string => {
  const own = program.commands[""]
  const commands = commandsOf(program)
  return [
    `# bash completion of ${program.name}`,
    `${identifier(program.name)}() {`,
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} options=",
    "  COMPREPLY=()",
    "  if [[ $COMP_CWORD -eq 1 && $cur != -* ]]; then",
    `    mapfile -t COMPREPLY < <(compgen -W ${
      quoted([...commands.map(([name]) => name), "help"].join(" "))
    } -- "$cur")`,
    "    return",
    "  fi",
    "  case ${COMP_WORDS[1]} in",
    ...commands.flatMap(([name, row]) => bashCommand(name, row)),
    `    help) options=${quoted(commands.map(([name]) => name).join(" "))} ;;`,
    ...(own === undefined ? ["    *) options='--help --version' ;;"] : bashCommand("*", own)),
    "  esac",
    "  mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")",
    "}",
    `complete -F ${identifier(program.name)} ${program.name}`
  ].join("\n")
}

const zshAction = (kind: Kind<unknown>): string => {
  const { completes, placeholder } = kind
  const action = completes === "file"
    ? "_files"
    : completes === "directory"
    ? "_files -/"
    : completes === undefined
    ? " "
    : `(${completes.join(" ")})`
  return `:${placeholder}:${action}`
}

const zshText = (text: string): string => text.replaceAll(/[[\]:\\]/g, (mark) => `\\${mark}`)

const zshArguments = (row: CommandRow): ReadonlyArray<string> => [
  ...Object.entries(row.options).flatMap(([key, option]) => {
    const kind = kindOf(option)
    const repeat = option.form === "many" ? "*" : ""
    return namesOf(key, option).map((name) => {
      const value = kind === null ? "" : zshAction(kind)
      const joined = kind !== null && name.startsWith("--") ? "=" : ""
      return quoted(`${repeat}${name}${joined}[${zshText(option.meaning)}]${value}`)
    })
  }),
  quoted("--help[Prints this help.]"),
  ...Object.values(row.arguments).map((argument, i) =>
    quoted(
      `${isSeveral(argument) ? "*:" : `${i + 1}:${argument.required ? "" : ":"}`}${zshAction(argument.kind).slice(1)}`
    )
  )
]

const zsh = (program: Program): string => {
  const own = program.commands[""]
  const commands = commandsOf(program)
  return [
    `#compdef ${program.name}`,
    `${identifier(program.name)}() {`,
    "  local -a commands",
    "  commands=(",
    ...[...commands, ["help", { meaning: "Prints the help of a command." }] as const].map(([name, { meaning }]) =>
      `    ${quoted(`${name}:${zshText(meaning)}`)}`
    ),
    "  )",
    "  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then",
    "    _describe command commands",
    "    return",
    "  fi",
    "  case $words[2] in",
    ...commands.flatMap(([name, row]) => [
      `    ${name})`,
      "      shift words; (( CURRENT-- ))",
      `      _arguments -s ${zshArguments(row).join(" \\\n        ")}`,
      "      ;;"
    ]),
    "    help) _describe command commands ;;",
    `    *) _arguments -s ${
      (own === undefined
        ? [quoted("--help[Prints this help.]"), quoted("--version[Prints the version.]")]
        : zshArguments(own))
        .join(" \\\n        ")
    } ;;`,
    "  esac",
    "}",
    `compdef ${identifier(program.name)} ${program.name}`
  ].join("\n")
}

const fishValue = (kind: Kind<unknown> | null): string =>
  kind === null
    ? ""
    : kind.completes === "file"
    ? " -r -F"
    : kind.completes === "directory"
    ? " -x -a '(__fish_complete_directories)'"
    : kind.completes === undefined
    ? " -x"
    : ` -x -a ${quoted(kind.completes.join(" "))}`

const fish = (program: Program): string => {
  const line = (condition: string, rest: string): string => `complete -c ${program.name} -n ${quoted(condition)}${rest}`
  const ofRow = (condition: string, row: CommandRow): ReadonlyArray<string> => [
    ...Object.entries(row.options).map(([key, option]) => {
      const letter = option.letter === undefined ? "" : ` -s ${option.letter}`
      return line(
        condition,
        ` -l ${nameOf(key).slice(2)}${letter}${fishValue(kindOf(option))} -d ${quoted(option.meaning)}`
      )
    }),
    ...Object.values(row.arguments).map(({ kind }) =>
      line(condition, kind.completes === "file" ? " -F" : fishValue(kind).replace(" -x", ""))
    )
  ]
  const own = program.commands[""]
  return [
    `# fish completion of ${program.name}`,
    `complete -c ${program.name} -f`,
    ...commandsOf(program).flatMap(([name, row]) => [
      line("__fish_use_subcommand", ` -a ${name} -d ${quoted(row.meaning)}`),
      ...ofRow(`__fish_seen_subcommand_from ${name}`, row)
    ]),
    line("__fish_use_subcommand", " -a help -d 'Prints the help of a command.'"),
    ...(own === undefined ? [] : ofRow("__fish_use_subcommand", own)),
    `complete -c ${program.name} -s h -l help -d 'Prints this help.'`
  ].join("\n")
}

const SCRIPTS: { readonly [shell in (typeof SHELLS)[number]]: (program: Program) => string } = { bash, zsh, fish }

/** The script of a shell, to be sourced from its start-up file. */
export const completionScript = (program: Program, shell: (typeof SHELLS)[number]): string => SCRIPTS[shell](program)
