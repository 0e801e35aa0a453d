// A prepared document (libs/report/src/document.ts) as parts of a page: the same sections, tables and paragraphs that a
// terminal shows, with the width left to the browser.
import type { Block, Cell, Column, Drawing, PageSection, Paragraph, Table, Tone } from "@swaplab/report"
import { type ComponentChild, h } from "preact"
import { elementOf } from "./svg-element.ts"

/** The text of a cell, and its tone. */
const textOf = (cell: Cell): { readonly text: string; readonly tone: Tone | null } =>
  typeof cell === "string" ? { text: cell, tone: null } : cell

const toned = (text: string, tone: Tone | null): ComponentChild =>
  tone === null ? text : h("span", { class: tone }, text)

const classOf = ({ align, use }: Column): string | undefined =>
  use === "prose" ? "prose" : align === "right" ? "right" : undefined

/** A table. Its key columns name the rows; a line of titles is there unless all of them are empty. */
const TableView = ({ columns, rows }: Table): ComponentChild => {
  const titles = columns.some(({ title }) => title !== "")
    ? h(
      "thead",
      null,
      h("tr", null, columns.map((column) => h("th", { scope: "col", class: classOf(column) }, column.title)))
    )
    : null
  const lines = rows.map((row) =>
    h(
      "tr",
      null,
      columns.map((column, i) => {
        const { text, tone } = textOf(row[i] ?? "")
        const attributes = { class: classOf(column), ...(column.use === "key" ? { scope: "row" } : {}) }
        return h(column.use === "key" ? "th" : "td", attributes, toned(text, tone))
      })
    )
  )
  return h("div", { class: "scroll" }, h("table", null, titles, h("tbody", null, lines)))
}

const ParagraphView = ({ indent, text, tone }: Paragraph): ComponentChild =>
  h("p", indent > 2 ? { style: { marginLeft: `${(indent - 2) / 2}em` } } : null, toned(text, tone))

const blockView = (block: Block): ComponentChild => {
  switch (block.kind) {
    case "blank":
      return null
    case "paragraph":
      return h(ParagraphView, block)
    case "table":
      return h(TableView, block)
  }
}

const FigureView = ({ caption, svg }: Drawing): ComponentChild =>
  h(
    "figure",
    null,
    h("div", { dangerouslySetInnerHTML: { __html: elementOf(svg) } }),
    h("figcaption", null, caption)
  )

const SectionView = ({ blocks, drawings = [], title }: PageSection): ComponentChild =>
  h(
    "section",
    null,
    title === null ? null : h("h2", null, title),
    drawings.map((drawing) => h(FigureView, drawing)),
    blocks.map(blockView)
  )

/** All sections, in reading order. */
export const SectionsView = ({ sections }: { readonly sections: ReadonlyArray<PageSection> }): ComponentChild =>
  h("main", null, sections.map((section) => h(SectionView, section)))
