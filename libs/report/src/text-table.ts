// A table as lines of a terminal. It is made to fit in three steps, and each is taken only where the one before did not do:
//
//   1. every column as wide as its widest cell or title; sentences take what the others leave
//   2. titles of several words stand on several lines
//   3. columns that find no room move to a second part below the first, under the names of the same rows; names that take
//      more than half of the line are broken
import type { Cell, Column, Row, Table } from "./document.ts"
import { paint, type Sheet } from "./sheet.ts"
import { breakText, columnsOf, widestWord } from "./text-words.ts"

const GAP = 2
/** Sentences get at least so much, or what they need. */
const PROSE = 30
const MIN_KEY = 6

/** Columns of the table that are drawn beside each other, and their widths. */
interface Part {
  readonly columns: ReadonlyArray<number>
  readonly widths: ReadonlyArray<number>
}

const textOf = (
  cell: Cell | undefined
): string => (cell === undefined ? "" : typeof cell === "string" ? cell : cell.text)

const total = (widths: ReadonlyArray<number>): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1)

/** Widths in which nothing is broken but titles and sentences, and those in which nothing is broken at all. */
const widthsOf = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<Row>) => {
  const cells = columns.map((_, i) => rows.reduce((most, row) => Math.max(most, columnsOf(textOf(row[i]))), 0))
  const whole = columns.map(({ title }, i) => Math.max(columnsOf(title), cells[i]))
  const least = columns.map(({ title, use }, i) =>
    use === "prose"
      ? rows.reduce((most, row) => Math.max(most, widestWord(textOf(row[i]))), Math.min(whole[i], PROSE))
      : Math.max(widestWord(title), cells[i])
  )
  return { whole, least }
}

/** Gives what is left of the room to sentences first, then to titles that fit on one line with it. */
const widen = (
  columns: ReadonlyArray<Column>,
  least: ReadonlyArray<number>,
  whole: ReadonlyArray<number>,
  room: number
) => {
  let left = room - total(least)
  const widths = [...least]
  const order = [...columns.keys()].sort((a, b) =>
    Number(columns[b].use === "prose") - Number(columns[a].use === "prose") || a - b
  )
  for (const i of order) {
    const wanted = whole[i] - widths[i]
    const given = columns[i].use === "prose" ? Math.min(left, wanted) : wanted <= left ? wanted : 0
    widths[i] += given
    left -= given
  }
  return widths
}

/** Columns in groups that fit beside the names of the rows. */
const groupsOf = (columns: ReadonlyArray<number>, widths: ReadonlyArray<number>, room: number) => {
  const groups: Array<Array<number>> = []
  let used = 0
  for (const i of columns) {
    if (groups.length > 0 && used + GAP + widths[i] <= room) {
      used += GAP + widths[i]
      groups[groups.length - 1].push(i)
    } else {
      used = widths[i]
      groups.push([i])
    }
  }
  return groups.length === 0 ? [[]] : groups
}

/** The parts of a table that is too wide, as few as can be; titles stay on one line where that costs no part. */
const split = ({ columns, rows }: Table, room: number): ReadonlyArray<Part> => {
  const { least, whole } = widthsOf(columns, rows)
  const keys = [...columns.keys()].filter((i) => columns[i].use === "key")
  const others = [...columns.keys()].filter((i) => columns[i].use !== "key")
  const half = Math.floor(room / 2)
  const share = Math.floor((half - GAP * Math.max(0, keys.length - 1)) / Math.max(1, keys.length))
  const broken = total(keys.map((i) => least[i])) > half
  const names = keys.map((i) => (broken ? Math.min(least[i], Math.max(MIN_KEY, share)) : least[i]))
  const rest = room - total(names) - (keys.length > 0 ? GAP : 0)
  const [narrow, wide] = [least, whole].map((widths) => widths.map((width) => Math.min(width, rest)))
  const groups = groupsOf(others, narrow, rest)
  const roomy = groupsOf(others, wide, rest)
  return (roomy.length === groups.length ? roomy : groups).map((group) => {
    const shown = [...keys, ...group]
    const needed = [...names, ...group.map((i) => narrow[i])]
    const most = [...names, ...group.map((i) => wide[i])]
    return { columns: shown, widths: widen(shown.map((i) => columns[i]), needed, most, room) }
  })
}

const partsOf = (table: Table, width: number): ReadonlyArray<Part> => {
  const { columns, indent, rows } = table
  const room = width - indent
  const { least, whole } = widthsOf(columns, rows)
  return total(least) <= room
    ? [{ columns: [...columns.keys()], widths: widen(columns, least, whole, room) }]
    : split(table, room)
}

const lineOf = (cells: ReadonlyArray<string>): string => cells.join(" ".repeat(GAP)).trimEnd()

/** One row; cells of several lines stand beside each other. */
const rowLines = (row: Row, table: Table, { columns, widths }: Part, sheet: Sheet): ReadonlyArray<string> => {
  const cells = columns.map((i, at) => breakText(textOf(row[i]), widths[at]))
  const height = cells.reduce((most, { length }) => Math.max(most, length), 1)
  return Array.from({ length: height }, (_, n) =>
    " ".repeat(table.indent) + lineOf(columns.map((i, at) => {
      const text = cells[at][n] ?? ""
      const cell = row[i]
      const blanks = " ".repeat(widths[at] - columnsOf(text))
      const drawn = typeof cell === "object" ? paint(text, cell.tone, sheet) : text
      return table.columns[i].align === "left" ? drawn + blanks : blanks + drawn
    })))
}

/** The titles, the last line of each beside the rows. */
const titleLines = (table: Table, part: Part, sheet: Sheet): ReadonlyArray<string> => {
  const titles = part.columns.map((i, at) => breakText(table.columns[i].title, part.widths[at]))
  const height = titles.reduce((most, { length }) => Math.max(most, length), 1)
  return Array.from({ length: height }, (_, n) => {
    const row: Array<Cell> = table.columns.map(() => "")
    part.columns.forEach((i, at) => {
      row[i] = { text: titles[at][n - height + titles[at].length] ?? "", tone: "strong" }
    })
    return rowLines(row, table, part, sheet)
  }).flat()
}

/** The lines of a table: none is wider than the sheet. */
export const tableLines = (table: Table, sheet: Sheet): ReadonlyArray<string> => {
  const titled = table.columns.some(({ title }) => title !== "")
  return partsOf(table, sheet.width).flatMap((part, i) => [
    ...(i > 0 ? [""] : []),
    ...(titled ? titleLines(table, part, sheet) : []),
    ...table.rows.flatMap((row) => rowLines(row, table, part, sheet))
  ])
}
