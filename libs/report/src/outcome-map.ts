// The map of outcomes as text: runs that completed and the classes of those that did not, over one or two parameters.
import type { CellResult, OutcomeMap } from "@swaplab/experiment"
import { BLANK, type Block, type Cell, item, key, left, type Row, table, toned } from "./document.ts"
import { cellText, codeLegend, fieldCounts } from "./outcome-codes.ts"

/** A field: all runs completed, some, or none. */
const fieldCell = (runs: ReadonlyArray<CellResult>): Cell => {
  const { completed, ended } = fieldCounts(runs)
  return toned(cellText(runs), ended === 0 ? null : completed === ended ? "good" : completed === 0 ? "bad" : "warn")
}

/** One grid a kernel. */
export const mapSection = (map: OutcomeMap | null): ReadonlyArray<Block> => {
  if (map === null) return []
  const { kernels, x, y } = map.plan
  const grids: Array<Block> = []
  for (const kernel of kernels) {
    const cell = (xi: number, yi: number): Cell =>
      fieldCell(map.cells.find((field) => field.kernel === kernel && field.x === xi && field.y === yi)?.runs ?? [])
    const ys = y === null ? [""] : y.values.map(String)
    const rows = ys.map((label, yi): Row => [label, ...x.values.map((_, xi) => cell(xi, yi))])
    grids.push(
      item(`  ${kernel}`),
      table([key(y?.path ?? ""), ...x.values.map((value) => left(String(value)))], rows, 4),
      BLANK
    )
  }
  const down = y === null ? "" : `, down: ${y.path}`
  const legend = codeLegend(map.cells.flatMap(({ runs }) => runs))
  return [
    item(`  across: ${x.path}${down}`),
    item(`  Completed runs of all${legend === "" ? "" : `; ${legend}`}.`),
    BLANK,
    ...grids.slice(0, -1)
  ]
}
