import { unpackSeries } from "#src/codec.ts"
import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { layerInProcess, makePlan, RESULT_FILES, resultFiles, runExperiment, writeFiles } from "@swaplab/experiment"
import { Effect, Either, Exit, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { fakeSimulate, scenarioWith } from "./fake.ts"

const result = Effect.runSync(
  Effect.provide(runExperiment(Either.getOrThrow(makePlan(scenarioWith({ seeds: 2 })))), layerInProcess(fakeSimulate))
)

/** Writes into a map of files; writing `broken` fails. */
const write = (broken: string | null) => {
  const files = new Map<string, Uint8Array>()
  const full = new SystemError({
    reason: "Unknown",
    module: "FileSystem",
    method: "writeFile",
    description: "no space left"
  })
  const fileSystem = FileSystem.layerNoop({
    writeFile: (path, data) =>
      broken !== null && path.includes(broken) ? Effect.fail(full) : Effect.sync(() => void files.set(path, data)),
    rename: (from, to) =>
      Effect.sync(() => {
        const data = files.get(from)
        if (data !== undefined) files.set(to, data)
        files.delete(from)
      }),
    remove: (path) => Effect.sync(() => void files.delete(path))
  })
  const layer = Layer.merge(fileSystem, Path.layer)
  const exit = Effect.runSyncExit(Effect.provide(writeFiles("out", resultFiles(result, "a report\n")), layer))
  return { exit, files }
}

describe("a result directory", () => {
  it("holds the result, the series in both forms, and the report", () => {
    const { exit, files } = write(null)
    expect(Exit.isSuccess(exit)).toBe(true)
    expect([...files.keys()].sort()).toEqual(RESULT_FILES.map((name) => `out/${name}`).sort())
    const series = unpackSeries(files.get("out/series.msgpack") ?? new Uint8Array())
    expect(series).toHaveLength(6)
    expect(series[0]).toEqual({ kernel: "slab-vanilla", seed: 1, series: result.runs[0].series })
  })

  it.each(RESULT_FILES)("is left without any file when %s cannot be written", (name) => {
    const { exit, files } = write(name)
    expect(Exit.isFailure(exit)).toBe(true)
    expect([...files.keys()]).toEqual([])
  })
})
