// The rows as tables of a reference page, padded as dprint wants them.
import { argumentsOf, type CommandRow, type Program, sentenceOf, termOf } from "./rows.ts"

const table = (heads: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i].length)))
  const line = (cells: ReadonlyArray<string>): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`
  return [line(heads), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join("\n")
}

const cell = (text: string): string => text.replaceAll("|", "\\|")

/** The commands of a program, with the arguments that they take. */
export const commandsTable = (program: Program): string =>
  table(
    ["command", "what it does"],
    Object.entries(program.commands).map(([name, row]) => [
      `\`${[program.name, name, argumentsOf(row)].filter((part) => part !== "").join(" ")}\``,
      cell(row.meaning)
    ])
  )

/** The options of a command, with the value that each takes. */
export const optionsTable = (row: CommandRow): string =>
  table(
    ["option", "meaning"],
    Object.entries(row.options).map(([key, option]) => [`\`${termOf(key, option)}\``, cell(sentenceOf(option))])
  )
