// Results on a file system.
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Effect } from "effect"
import { type NamedSeries, packSeries } from "./codec.ts"
import type { ExperimentResult } from "./experiment.ts"
import { resultJson } from "./result-json.ts"
import { seriesCsv } from "./series-csv.ts"

/** What is wrong with a file, in the words of the system. */
export const reasonOf = (error: PlatformError): string =>
  error._tag === "SystemError" ? (error.description ?? error.reason) : error.message

/** Names of the files in a result directory. */
export const RESULT_FILES = ["result.json", "series.msgpack", "series.csv", "report.txt"] as const

/**
 * Writes files into a directory. Every file is written under another name, and renamed once all of them are written: the
 * directory never holds half of a file, and no new one where one of them cannot be written.
 */
export const writeFiles = (
  directory: string,
  contents: ReadonlyArray<readonly [name: string, content: string | Uint8Array]>
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const encoder = new TextEncoder()
    yield* fs.makeDirectory(directory, { recursive: true })
    const temporary = (name: string): string => paths.join(directory, `.${name}.tmp`)
    const write = Effect.forEach(contents, ([name, content]) =>
      fs.writeFile(temporary(name), typeof content === "string" ? encoder.encode(content) : content))
    const rename = Effect.forEach(contents, ([name]) =>
      fs.rename(temporary(name), paths.join(directory, name)))
    const clean = Effect.forEach(contents, ([name]) => Effect.ignore(fs.remove(temporary(name), { force: true })))
    yield* Effect.zipRight(write, rename).pipe(Effect.onError(() => clean), Effect.uninterruptible)
  })

/** JSON as a file has it. */
export const jsonFile = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Writes a result directory: `result.json`, the series as MessagePack columns and as CSV, and the report. */
export const writeResults = (
  directory: string,
  result: ExperimentResult,
  report: string
): Effect.Effect<void, PlatformError, FileSystem.FileSystem | Path.Path> => {
  const series = result.runs.map((run): NamedSeries => ({ kernel: run.kernel, seed: run.seed, series: run.series }))
  const contents: Record<(typeof RESULT_FILES)[number], string | Uint8Array> = {
    "result.json": jsonFile(resultJson(result)),
    "series.msgpack": packSeries(series),
    "series.csv": seriesCsv(series),
    "report.txt": report
  }
  return writeFiles(directory, RESULT_FILES.map((name) => [name, contents[name]]))
}
