// @ts-check
// Tables in pages that are made of more runs than a test can do: which commands print them, and how each figure is read.
import { withBlocks } from "../page-blocks.mjs"
import { typed } from "../typed.mjs"
import { FINDINGS } from "./findings.mjs"
import { NODE_TABLES } from "./nodes.mjs"
import { PATCHES } from "./patches.mjs"
import { ROOMS } from "./rooms.mjs"

/**
 * A command behind a table. `read`: what is kept of all that it prints. `picture`: of docs, which shows its first run.
 * @typedef {{
 *   label: string, command: ReadonlyArray<string>, read: (printed: import("./printed.mjs").Printed) => any, picture?: string | undefined
 * }} Row
 */
/**
 * A table, or a block of output, of a page. `name`: of its marker in the page. `render`: the whole of it, from what is kept.
 * @typedef {{
 *   name: string, page: string, rows: ReadonlyArray<Row>,
 *   render: (rows: ReadonlyArray<{ label: string, figures: any }>) => string
 * }} Table
 */

/** @type {ReadonlyArray<Table>} */
export const TABLES = [...FINDINGS, ...NODE_TABLES, ...ROOMS, ...PATCHES]

/** What was kept, by the command as one would type it. @typedef {Record<string, any>} Kept */

/** A line for each command. @type {(kept: Kept) => string} */
export const formatKept = (kept) =>
  `{\n${
    Object.entries(kept).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) =>
      `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`
    ).join(",\n")
  }\n}\n`

/** The tables of which every command was kept. The others stay as they are. @type {(tables: ReadonlyArray<Table>, kept: Kept) => ReadonlyArray<Table>} */
export const complete = (tables, kept) =>
  tables.filter(({ rows }) => rows.every(({ command }) => typed(command) in kept))

/** Every page with its tables as they were kept. @type {(read: (path: string) => string, kept: Kept) => Readonly<Record<string, string>>} */
export const pagesOf = (read, kept) => {
  const tables = complete(TABLES, kept)
  return Object.fromEntries([...new Set(tables.map(({ page }) => page))].map((page) => [
    page,
    withBlocks(
      page,
      "tables",
      read(page),
      Object.fromEntries(
        tables.filter((it) => it.page === page).map(({ name, render, rows }) => [
          name,
          render(rows.map(({ command, label }) => ({ label, figures: kept[typed(command)] })))
        ])
      )
    )
  ]))
}
