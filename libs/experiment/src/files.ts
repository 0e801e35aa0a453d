// Results on a file system.
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Effect } from "effect"
import { type NamedSeries, packSeries } from "./codec.ts"
import type { ExperimentResult } from "./experiment.ts"
import { resultJson } from "./result-json.ts"
import { seriesCsv } from "./series-csv.ts"

/** Names of the files in a result directory. */
export const RESULT_FILES = ["result.json", "series.msgpack", "series.csv", "report.txt"] as const

/**
 * Writes files into a directory, which is there; folders below it that names lie in are made. Every file is written under
 * another name, and renamed once all of them are written: the directory never holds half of a file, and no new one where
 * one of them cannot be written.
 */
export const writeFiles = (
  directory: string,
  contents: ReadonlyArray<readonly [name: string, content: string | Uint8Array]>
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const encoder = new TextEncoder()
    const temporary = (name: string): string =>
      paths.join(directory, paths.dirname(name), `.${paths.basename(name)}.tmp`)
    const folders = new Set(contents.map(([name]) => paths.dirname(name)).filter((folder) => folder !== "."))
    yield* Effect.forEach(folders, (folder) => fs.makeDirectory(paths.join(directory, folder), { recursive: true }))
    const write = Effect.forEach(
      contents,
      ([name, content]) =>
        fs.writeFile(temporary(name), typeof content === "string" ? encoder.encode(content) : content)
    )
    const rename = Effect.forEach(contents, ([name]) => fs.rename(temporary(name), paths.join(directory, name)))
    const clean = Effect.forEach(contents, ([name]) => Effect.ignore(fs.remove(temporary(name), { force: true })))
    yield* Effect.zipRight(write, rename).pipe(Effect.onError(() => clean), Effect.uninterruptible)
  })

/** JSON as a file has it. */
export const jsonFile = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** The files of a result: `result.json`, the series as MessagePack columns and as CSV, and the report. */
export const resultFiles = (
  result: ExperimentResult,
  report: string
): ReadonlyArray<readonly [name: string, content: string | Uint8Array]> => {
  const series = result.runs.map((run): NamedSeries => ({ kernel: run.kernel, seed: run.seed, series: run.series }))
  const contents: Record<(typeof RESULT_FILES)[number], string | Uint8Array> = {
    "result.json": jsonFile(resultJson(result)),
    "series.msgpack": packSeries(series),
    "series.csv": seriesCsv(series),
    "report.txt": report
  }
  return RESULT_FILES.map((name) => [name, contents[name]])
}
