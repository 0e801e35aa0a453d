// The map of outcomes: a letter a seed, in a grid over one or two parameters.
import type { Outcome } from "@swaplab/cluster"
import type { OutcomeMap } from "@swaplab/experiment"
import { left, type Row, table } from "./table.ts"

const LETTERS: Readonly<Record<Outcome, string>> = { completed: "c", lockup: "L", oom: "o", timeout: "t", stopped: "-" }

/** Seeds that are shown as letters; of more, the lockups are counted. */
const MAX_LETTERS = 10

const cellText = (outcomes: ReadonlyArray<Outcome>): string => {
  if (outcomes.length === 0) return "."
  if (outcomes.length <= MAX_LETTERS) return outcomes.map((outcome) => LETTERS[outcome]).join("")
  return `${outcomes.filter((outcome) => outcome === "lockup").length}L/${outcomes.length}`
}

/** One grid a kernel. */
export const mapSection = (map: OutcomeMap | null): ReadonlyArray<string> => {
  if (map === null) return []
  const { kernels, x, y } = map.plan
  const lines: Array<string> = []
  for (const kernel of kernels) {
    const cell = (xi: number, yi: number): string =>
      cellText(map.cells.find((item) => item.kernel === kernel && item.x === xi && item.y === yi)?.outcomes ?? [])
    const ys = y === null ? [""] : y.values.map(String)
    const rows = ys.map((label, yi): Row => [label, ...x.values.map((_, xi) => cell(xi, yi))])
    lines.push(`  ${kernel}`)
    lines.push(
      ...table([left(y?.path ?? ""), ...x.values.map((value) => left(String(value)))], rows).map((line) => `  ${line}`)
    )
    lines.push("")
  }
  const down = y === null ? "" : `, down: ${y.path}`
  return [
    `  across: ${x.path}${down}`,
    "  A letter a seed: c completed, L lockup, o oom, t timeout, - stopped; a dot: not run.",
    "",
    ...lines.slice(0, -1)
  ]
}
