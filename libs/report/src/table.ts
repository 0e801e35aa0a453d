// Plain-text tables for a terminal of 100 columns.

/** A column: its title, and the side its cells are aligned to. */
export interface Column {
  readonly title: string
  readonly align: "left" | "right"
}

/** A column of texts. */
export const left = (title: string): Column => ({ title, align: "left" })
/** A column of figures. */
export const right = (title: string): Column => ({ title, align: "right" })

/** The cells of a line of a table. */
export type Row = ReadonlyArray<string>

const pad = (text: string, width: number, align: Column["align"]): string =>
  align === "left" ? text.padEnd(width) : text.padStart(width)

const INDENT = "  "
const GAP = "  "

/** Lines of a table: titles, then rows. A row of one cell spans the table; it is a remark, or blank. */
export const table = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...rows.filter((row) => row.length > 1).map((row) => (row[i] ?? "").length))
  )
  const line = (cells: Row): string =>
    cells.length === 1
      ? `${INDENT}${cells[0]}`.trimEnd()
      : (INDENT + cells.map((cell, i) => pad(cell, widths[i], columns[i].align)).join(GAP)).trimEnd()
  return [line(columns.map((column) => column.title)), ...rows.map(line)]
}

/** A section: its title, a blank line after it. Without lines there is no section. */
export const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : [title, ...lines, ""]

/** Breaks words into indented lines of at most `width` columns. */
export const wrap = (words: ReadonlyArray<string>, width = 100, indent = INDENT): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = indent
  for (const word of words) {
    if (line.length > indent.length && line.length + 1 + word.length > width) {
      lines.push(line)
      line = indent
    }
    line += line.length > indent.length ? ` ${word}` : word
  }
  if (line.length > indent.length) lines.push(line)
  return lines
}

/** Breaks a line at blanks to at most `width` columns where it can; what follows is indented two columns more. */
export const fold = (line: string, width = 100): ReadonlyArray<string> => {
  if (line.length <= width) return [line]
  const indent = " ".repeat(line.length - line.trimStart().length)
  const [first, ...rest] = wrap(line.trim().split(" "), width - INDENT.length, indent)
  return [first, ...rest.map((part) => INDENT + part)]
}
