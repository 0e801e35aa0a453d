// The map of outcomes as text: runs that completed and the classes of those that did not, over one or two parameters.
import type { OutcomeMap } from "@swaplab/experiment"
import { cellText, codeLegend } from "./outcome-codes.ts"
import { fold, left, type Row, table } from "./table.ts"

/** One grid a kernel. */
export const mapSection = (map: OutcomeMap | null): ReadonlyArray<string> => {
  if (map === null) return []
  const { kernels, x, y } = map.plan
  const lines: Array<string> = []
  for (const kernel of kernels) {
    const cell = (xi: number, yi: number): string =>
      cellText(map.cells.find((item) => item.kernel === kernel && item.x === xi && item.y === yi)?.runs ?? [])
    const ys = y === null ? [""] : y.values.map(String)
    const rows = ys.map((label, yi): Row => [label, ...x.values.map((_, xi) => cell(xi, yi))])
    lines.push(`  ${kernel}`)
    lines.push(
      ...table([left(y?.path ?? ""), ...x.values.map((value) => left(String(value)))], rows).map((line) => `  ${line}`)
    )
    lines.push("")
  }
  const down = y === null ? "" : `, down: ${y.path}`
  const legend = codeLegend(map.cells.flatMap(({ runs }) => runs))
  return [
    ...fold(`  across: ${x.path}${down}`),
    ...fold(`  Completed runs of all${legend === "" ? "" : `; ${legend}`}.`),
    "",
    ...lines.slice(0, -1)
  ]
}
