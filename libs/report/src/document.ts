// What a report says, prepared once: sections of tables and paragraphs, without a width, a colour or a page. Text for a
// terminal is drawn from it (text.ts); another drawing takes the same document.

/** How a reader should take something. A drawing chooses the means: a colour, or nothing at all. */
export type Tone = "good" | "bad" | "warn" | "strong"

/** The text of a cell, with a tone where it matters. */
export type Cell = string | { readonly text: string; readonly tone: Tone }

/** The cells of a line of a table, one a column. */
export type Row = ReadonlyArray<Cell>

/**
 * A column. `key`: names the row; where a table is drawn in parts, each part has it. `prose`: sentences, which may be
 * broken at blanks to the width that the other columns leave.
 */
export interface Column {
  readonly title: string
  readonly align: "left" | "right"
  readonly use: "key" | "value" | "prose"
}

/** A column of names that say what a row is about. */
export const key = (title: string): Column => ({ title, align: "left", use: "key" })
/** A column of short texts. */
export const left = (title: string): Column => ({ title, align: "left", use: "value" })
/** A column of figures. */
export const right = (title: string): Column => ({ title, align: "right", use: "value" })
/** A column of sentences. */
export const prose = (title: string): Column => ({ title, align: "left", use: "prose" })

/** Rows under titles; where all titles are empty there is no line of titles. */
export interface Table {
  readonly kind: "table"
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<Row>
  /** Columns of a terminal that it is moved to the right. */
  readonly indent: number
}

/** One paragraph; its first line is indented by `indent`, the others by `hang` more. */
export interface Paragraph {
  readonly kind: "paragraph"
  readonly text: string
  readonly tone: Tone | null
  readonly indent: number
  readonly hang: number
}

export type Block = Table | Paragraph | { readonly kind: "blank" }

/** Blocks under a title, or without one. */
export interface Section {
  readonly title: string | null
  readonly blocks: ReadonlyArray<Block>
}

/** Everything that a command prints, in reading order. */
export type Document = ReadonlyArray<Section>

const INDENT = 2

/** A table. */
export const table = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<Row>, indent = INDENT): Table => ({
  kind: "table",
  columns,
  rows,
  indent
})

/** A paragraph whose lines all begin in the same column. */
export const paragraph = (text: string, tone: Tone | null = null): Paragraph => ({
  kind: "paragraph",
  text,
  tone,
  indent: INDENT,
  hang: 0
})

/** A line of a list: what follows its first line is indented further. Blanks in front of the text count. */
export const item = (text: string, tone: Tone | null = null): Paragraph => ({
  kind: "paragraph",
  text: text.trim(),
  tone,
  indent: text.length - text.trimStart().length,
  hang: INDENT
})

/** The lines of a text that is there already, moved to the right; an empty line stays empty. */
export const lines = (text: string, indent: number): ReadonlyArray<Block> =>
  text.trimEnd().split("\n").map((line) => line.trim() === "" ? BLANK : item(" ".repeat(indent) + line))

/** An empty line. */
export const BLANK: Block = { kind: "blank" }

/** A section; without blocks there is none. */
export const section = (title: string | null, blocks: ReadonlyArray<Block>): Document =>
  blocks.length === 0 ? [] : [{ title, blocks }]

/** A cell in a tone; without one, the text alone. */
export const toned = (text: string, tone: Tone | null): Cell => (tone === null ? text : { text, tone })
