// Results of any command read back as cells: what `swaplab compare` puts side by side. A result.json has whole runs, which are
// reduced as a sweep would; sweep.json and map.json have reduced ones.
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { decodeScenario, type LoadedScenario, type RunResult } from "@swaplab/cluster"
import { type ConfigError, type Mapping, mistake } from "@swaplab/config"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import { Effect } from "effect"
import { cellOf, type CellResult } from "../cell.ts"
import { reasonOf } from "../reason.ts"

/** Files that a directory may have, the first one there is taken. */
const FILES = ["result.json", "sweep.json", "map.json"] as const
const EXPECTED = `expected ${FILES.slice(0, -1).join(", ")} or ${FILES.at(-1)}, or the directory of one`

/** A kernel at some values of parameters, and its runs. */
export interface SavedCell {
  readonly kernel: string
  /** Values by path, as a file has them; none in a result.json. */
  readonly at: Readonly<Record<string, string>>
  readonly runs: ReadonlyArray<CellResult>
}

/** A result that was read back as cells. */
export interface SavedCells {
  /** As it was asked for, without a selection. */
  readonly source: string
  readonly loaded: LoadedScenario
  /** The build of swaplab that made it; null where the runs are not beside it. */
  readonly engine: string | null
  readonly cells: ReadonlyArray<SavedCell>
}

type Json = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const listOf = (value: unknown): ReadonlyArray<Json> => Array.isArray(value) ? value.filter(isRecord) : []

const NO_SERIES = { timesNs: new Float64Array(), columns: [] }

/** The cells of a result.json: one a kernel. */
const resultCells = (json: Json, loaded: LoadedScenario, workloads: WorkloadTable): ReadonlyArray<SavedCell> => {
  const runs = listOf(json.runs).map((run) => ({ ...run, series: NO_SERIES }) as unknown as RunResult)
  const kernels = [...new Set(runs.map(({ kernel }) => kernel))]
  return kernels.map((kernel) => ({
    kernel,
    at: {},
    runs: runs.filter((run) => run.kernel === kernel).map((run) => cellOf(loaded.scenario, run, workloads))
  }))
}

/** The cells of a sweep.json, which has the values of each by path, or of a map.json, which has x and y. */
const gridCells = (json: Json): ReadonlyArray<SavedCell> =>
  listOf(json.cells).map((cell) => {
    const at = isRecord(cell.at)
      ? cell.at
      : Object.fromEntries(
        (["x", "y"] as const).flatMap((axis) => {
          const path = isRecord(json[axis]) ? json[axis].path : null
          return typeof path === "string" ? [[path, cell[axis]]] : []
        })
      )
    return {
      kernel: String(cell.kernel),
      at: Object.fromEntries(Object.entries(at).map(([path, value]) => [path, String(value)])),
      runs: listOf(cell.runs) as unknown as ReadonlyArray<CellResult>
    }
  })

/** Which shape of result it is, by what only such a one has; null: none. */
const cellsOf = (json: Json, loaded: LoadedScenario, workloads: WorkloadTable): ReadonlyArray<SavedCell> | null =>
  Array.isArray(json.runs)
    ? resultCells(json, loaded, workloads)
    : Array.isArray(json.cells)
    ? gridCells(json)
    : null

/** The build that made the runs beside a file. */
const engineOf = (folder: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const text = yield* Effect.option(fs.readFileString(paths.join(folder, "runs", "experiment.json")))
    if (text._tag === "None") return null
    const manifest = yield* Effect.option(Effect.try((): unknown => JSON.parse(text.value)))
    return manifest._tag === "Some" && isRecord(manifest.value) && typeof manifest.value.engine === "string"
      ? manifest.value.engine
      : null
  })

/** Reads `source`: a file, or the directory of one. */
export const readCells = (
  source: string,
  workloads: WorkloadTable = WORKLOADS
): Effect.Effect<SavedCells, ConfigError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const info = yield* Effect.mapError(fs.stat(source), (error) =>
      mistake(
        source,
        error._tag === "SystemError" && error.reason === "NotFound"
          ? `no such file, ${EXPECTED}`
          : `cannot be read: ${reasonOf(error)}; ${EXPECTED}`
      ))
    const folder = info.type === "Directory"
    let file = source
    if (folder) {
      const there = yield* Effect.filter(FILES, (name) =>
        Effect.orElseSucceed(fs.exists(paths.join(source, name)), () => false))
      if (there.length === 0) {
        return yield* mistake(source, `has no result, ${EXPECTED}`)
      }
      file = paths.join(source, there[0])
    }
    const text = yield* Effect.mapError(fs.readFileString(file), (error) =>
      mistake(file, `cannot be read: ${reasonOf(error)}; ${EXPECTED}`))
    const json = yield* Effect.try({
      try: (): unknown =>
        JSON.parse(text),
      catch: () =>
        mistake(file, `is not JSON, ${EXPECTED}`)
    })
    if (!isRecord(json) || !isRecord(json.scenario)) {
      return yield* mistake(file, `is no result, ${EXPECTED}`)
    }
    const loaded = yield* decodeScenario(String(json.file), json.scenario as Mapping, file, workloads)
    const cells = cellsOf(json, loaded, workloads)
    if (cells === null) {
      return yield* mistake(file, `is no result, ${EXPECTED}`)
    }
    if (
      cells.every(({ runs }) =>
        runs.length === 0
      )
    ) return yield* mistake(file, "has no run, nothing to compare")
    return { source, loaded, engine: yield* engineOf(paths.dirname(file)), cells }
  })
