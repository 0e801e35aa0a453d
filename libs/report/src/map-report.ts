// The report of swaplab map: the map as text, the allocations that were refused first or are stuck, faults.
import type { LoadedScenario } from "@swaplab/cluster"
import { formatFinding } from "@swaplab/config"
import type { CellLockup, CellResult, OutcomeMap, RunFailure } from "@swaplab/experiment"
import { type Block, type Document, item, section } from "./document.ts"
import { faultSection, interruption, warningSection } from "./faults.ts"
import { mapSection } from "./outcome-map.ts"
import { PLAIN, type Sheet } from "./sheet.ts"
import { drawText } from "./text.ts"

/** An allocation without the free pages and the client of one run: `order:0, mode:0x10 (GFP_NOIO) by nbd0`. */
const shape = (allocation: string): string =>
  allocation.replace(/, \S+ (?:free|but).* by /, " by ").replace(/ by \S+ (\S+)$/, " by $1")

/** Equal texts with their counts, the most frequent first. */
const counted = (texts: ReadonlyArray<string>): string => {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([text, n]) => `${text} (${n})`).join(
    "; "
  )
}

/** What was refused first, and what is stuck, in the lockups of one row of the map. */
const allocationLines = (where: string, runs: ReadonlyArray<CellResult>): ReadonlyArray<Block> => {
  const lockups = runs.flatMap(({ lockup }) => (lockup === null ? [] : [lockup]))
  if (lockups.length === 0) return []
  const line = (words: string, of: (lockup: CellLockup) => string | null): Block =>
    item(`    ${words}: ${
      counted(lockups.map((lockup) => {
        const text = of(lockup)
        return text === null ? "none" : shape(text)
      }))
    }`)
  return [
    item(`  ${where}: ${lockups.length === 1 ? "1 lockup" : `${lockups.length} lockups`}`),
    line("refused first", ({ firstFailure }) => firstFailure),
    line("stuck", ({ allocation }) => allocation)
  ]
}

const allocationSection = ({ cells, plan: { kernels, y } }: OutcomeMap): ReadonlyArray<Block> =>
  kernels.flatMap((kernel) =>
    (y === null ? [null] : y.values).flatMap((value, row) =>
      allocationLines(
        value === null ? kernel : `${kernel}, ${value}`,
        cells.filter((cell) => cell.kernel === kernel && cell.y === row).flatMap(({ runs }) => runs)
      )
    )
  )

/** What the report of a map says. */
const mapDocument = (
  loaded: LoadedScenario,
  map: OutcomeMap,
  failures: ReadonlyArray<RunFailure>,
  interrupted: boolean
): Document => {
  const runs = map.cells.flatMap((cell) => cell.runs)
  const expected = map.cells.length * map.plan.seeds.length
  return [
    ...section(null, [item(`${loaded.scenario.name} (${loaded.file})`, "strong")]),
    ...(interrupted ? interruption(runs.length, expected) : []),
    ...section("Map of outcomes", mapSection(map)),
    ...section("Allocations of the lockups", allocationSection(map)),
    ...faultSection(runs, failures),
    ...warningSection(loaded.warnings.map(formatFinding))
  ]
}

/** The report of a map as text; it ends with a line feed. */
export const renderMap = (
  loaded: LoadedScenario,
  map: OutcomeMap,
  failures: ReadonlyArray<RunFailure>,
  interrupted: boolean,
  sheet: Sheet = PLAIN
): string => drawText(mapDocument(loaded, map, failures, interrupted), sheet)
