import { packSeries } from "#src/codec.ts"
import { madeUpLockup, type RunResult } from "@swaplab/cluster"
import {
  type ExperimentResult,
  layerInProcess,
  makePlan,
  readRecording,
  resultFiles,
  runExperiment
} from "@swaplab/experiment"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { fakeSimulate, scenarioWith } from "./fake.ts"

const encoder = new TextEncoder()

/** Two samples, the last one at the end. */
const sampled = (run: RunResult): RunResult => ({
  ...run,
  series: {
    timesNs: Float64Array.of(0, run.simulatedNs),
    columns: [{ name: "client-1.nr_free_pages", values: Float64Array.of(900, run.seed) }]
  },
  clients: run.clients.map((client) => client.outcome === "lockup" ? { ...client, lockup: madeUpLockup() } : client)
})

const made: ExperimentResult = Effect.runSync(
  Effect.provide(runExperiment(Either.getOrThrow(makePlan(scenarioWith({ seeds: 2 })))), layerInProcess(fakeSimulate))
)
const result: ExperimentResult = { ...made, runs: made.runs.map(sampled) }

/** The files of a result, in a folder, with some of them changed. */
const filesWith = (changes: Readonly<Record<string, string | Uint8Array | null>> = {}) =>
  Object.entries({ ...Object.fromEntries(resultFiles(result, "a report\n")), ...changes }).flatMap(([name, content]) =>
    content === null ? [] : [{
      name: `out/${name}`,
      bytes: typeof content === "string" ? encoder.encode(content) : content
    }]
  )

const jsonWith = (change: (json: Record<string, unknown>) => void): string => {
  const json = JSON.parse(String(Object.fromEntries(resultFiles(result, ""))["result.json"])) as Record<string, unknown>
  change(json)
  return JSON.stringify(json)
}

const mistakeOf = (files: Parameters<typeof readRecording>[0]): string =>
  Either.match(readRecording(files), { onLeft: ({ message }) => message, onRight: () => "none" })

describe("a result that is read back whole", () => {
  it("has its runs with their samples, its scenario, and its lockups", () => {
    const { loaded, runs } = Either.getOrThrow(readRecording(filesWith()))
    expect(loaded.scenario).toEqual(result.plan.loaded.scenario)
    expect(runs.map(({ kernel, outcome, seed, series }) => ({ kernel, outcome, seed, series }))).toEqual(
      result.runs.map(({ kernel, outcome, seed, series }) => ({ kernel, outcome, seed, series }))
    )
    const [locked] = runs.filter(({ outcome }) => outcome === "lockup")
    expect(locked.clients[0].lockup).toEqual(madeUpLockup())
  })

  it.each([
    ["no file", [], /^got no file: expected result\.json and series\.msgpack/],
    ["another file", [{ name: "a.png", bytes: new Uint8Array(3) }], /^got a\.png: expected result\.json and/],
    [
      "no series",
      filesWith({ "series.msgpack": null }),
      /^got out\/result\.json, out\/series\.csv, out\/report\.txt: exp/
    ],
    [
      "a series in another folder",
      filesWith().map((file) => file.name.endsWith("msgpack") ? { ...file, name: "b/series.msgpack" } : file),
      /^got .*: expected result\.json and series\.msgpack/
    ],
    [
      "two results",
      [...filesWith(), { name: "b/result.json", bytes: new Uint8Array() }],
      /^out\/result\.json: and b\/result\.json are two results, expected one/
    ],
    ["no JSON", filesWith({ "result.json": "hello" }), /^out\/result\.json: is not JSON; expected/],
    ["JSON of something else", filesWith({ "result.json": "[1]" }), /^out\/result\.json: is no result/],
    [
      "another format",
      filesWith({ "result.json": jsonWith((json) => (json["format"] = 2)) }),
      /^out\/result\.json: has format 2, expected 3: run the scenario again/
    ],
    [
      "no run",
      filesWith({ "result.json": jsonWith((json) => (json["runs"] = [])) }),
      /^out\/result\.json: has no run, expected one/
    ],
    [
      "a run that is none",
      filesWith({
        "result.json": jsonWith(({ runs }) => ((runs as Array<Record<string, unknown>>)[1]["events"] = "many"))
      }),
      /^out\/result\.json: is no result: runs\[1\]\.events: /
    ],
    [
      "a scenario with a mistake",
      filesWith({ "result.json": jsonWith((json) => ((json["scenario"] as Record<string, unknown>)["hz"] = 3)) }),
      /^out\/result\.json: hz: /
    ],
    ["no MessagePack", filesWith({ "series.msgpack": "c1" }), /^out\/series\.msgpack: is no series of a result/],
    [
      "columns of another length",
      filesWith({
        "series.msgpack": packSeries([{
          kernel: "slab-vanilla",
          seed: 1,
          series: { timesNs: Float64Array.of(0), columns: [{ name: "a", values: new Float64Array(2) }] }
        }])
      }),
      /^out\/series\.msgpack: is no series of a result/
    ],
    [
      "the series of another result",
      filesWith({
        "series.msgpack": packSeries(
          result.runs.map(({ kernel, seed, series }) => ({
            kernel,
            seed,
            series: seed === 2 ? { ...series, timesNs: Float64Array.of(0, 1) } : series
          }))
        )
      }),
      /^out\/series\.msgpack: is not of this result\.json: it has no samples of kernel slab-vanilla, seed 2 to its end/
    ]
  ])("says what is wrong with %s", (_what, files, words) => {
    expect(mistakeOf(files)).toMatch(words)
  })
})
