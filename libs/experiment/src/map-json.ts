// map.json and map.csv: what a map has measured, for other programs.
import { type LoadedScenario, scenarioSchema } from "@swaplab/cluster"
import { Schema } from "effect"
import { cellsCsv } from "./cells-csv.ts"
import type { OutcomeMap } from "./experiment.ts"
import type { JobResults } from "./jobs.ts"
import { endedRuns } from "./outcome-counts.ts"
import { failuresJson } from "./protocol.ts"
import { wilson } from "./statistics.ts"

/** Grows by one with every change that breaks a reader. */
const MAP_FORMAT = 1

/** The content of map.json. */
export const mapJson = (
  loaded: LoadedScenario,
  map: OutcomeMap,
  { failures, interrupted }: Pick<JobResults<unknown>, "failures" | "interrupted">
): object => {
  const { kernels, seeds, x, y } = map.plan
  return {
    format: MAP_FORMAT,
    file: loaded.file,
    scenario: Schema.encodeSync(scenarioSchema(loaded.workloads))(loaded.scenario),
    interrupted,
    x,
    y,
    kernels,
    seeds,
    cells: map.cells.map((cell) => {
      const ended = endedRuns(cell.runs)
      const completed = ended.filter(({ outcome }) => outcome === "completed").length
      const share = wilson(completed, ended.length)
      return {
        kernel: cell.kernel,
        x: x.values[cell.x],
        y: y === null ? null : y.values[cell.y],
        completed,
        // not a number is no JSON
        completedShare: ended.length === 0 ? null : share,
        runs: cell.runs
      }
    }),
    failures: failuresJson(failures)
  }
}

/** The content of map.csv: a line a run. */
export const mapCsv = ({ cells, plan: { x, y } }: OutcomeMap): string =>
  cellsCsv(
    y === null ? ["kernel", x.path] : ["kernel", x.path, y.path],
    cells.flatMap((cell) =>
      cell.runs.map((run) => {
        const values = [cell.kernel, String(x.values[cell.x])]
        return [y === null ? values : [...values, String(y.values[cell.y])], run] as const
      })
    )
  )
