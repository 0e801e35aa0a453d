import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { runCluster } from "@swaplab/cluster"
import {
  chooseLockup,
  explain,
  type ExplainOptions,
  type Explanation,
  layerInProcess,
  makePlan,
  readResult,
  resultJson,
  runExperiment,
  type SavedResult
} from "@swaplab/experiment"
import { Effect, Either, Layer } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { scenarioWith } from "./fake.ts"

/** Vanilla SLUB on 32 MiB locks up within a second; a dear scan keeps the futile reclaim cheap for the host. */
const LOADED = scenarioWith({
  seeds: [1],
  costs: { scanPage: "10 us" },
  clients: [{ name: "client", ram: "32 MiB", swap: "200 MiB", workload: { usemem: { processesPerCpu: 2, passes: 1 } } }]
})

const runner = layerInProcess(runCluster)

/** Files by path; `out` is a directory. */
const files = (contents: Readonly<Record<string, string>>) =>
  Layer.merge(
    FileSystem.layerNoop({
      stat: (path) =>
        path in contents || path === "out"
          ? Effect.succeed({ type: path === "out" ? "Directory" : "File" } as FileSystem.File.Info)
          : Effect.fail({
            _tag: "SystemError",
            reason: path === "locked" ? "PermissionDenied" : "NotFound",
            description: "not there",
            message: "not there"
          } as never),
      readFileString: (path) =>
        path in contents ? Effect.succeed(contents[path]) : Effect.fail({ message: "not there" } as never)
    }),
    Path.layer
  )

const read = (path: string, contents: Readonly<Record<string, string>>) =>
  Effect.runSync(Effect.either(Effect.provide(readResult(path), files(contents))))

const message = (path: string, contents: Readonly<Record<string, string>>): string => {
  const found = read(path, contents)
  return Either.isLeft(found) ? found.left.message : "no error"
}

let json = ""
let saved: SavedResult

beforeAll(() => {
  const plan = Either.getOrThrow(makePlan(LOADED, { kernels: ["slub-vanilla"] }))
  const result = Effect.runSync(Effect.provide(runExperiment(plan), runner))
  json = JSON.stringify(resultJson(result))
  saved = Either.getOrThrow(read("out", { "out/result.json": json }))
})

describe("a result that is read back", () => {
  it("has the scenario with all its values, and the lockups", () => {
    expect(saved.loaded.scenario).toEqual(LOADED.scenario)
    expect(saved.lockups.map(({ client, kernel, seed, taxonomy }) => [kernel, seed, client, taxonomy])).toEqual([
      ["slub-vanilla", 1, "client-1", "tx starvation"]
    ])
    expect(Either.getOrThrow(read("r.json", { "r.json": json })).lockups).toEqual(saved.lockups)
  })

  const EXPECTED = "expected the result.json that swaplab run --out writes, or its directory"

  it.each([
    ["nowhere", {}, `nowhere: no such file, ${EXPECTED}`],
    ["out", {}, `out/result.json: cannot be read: not there; ${EXPECTED}`],
    ["r.json", { "r.json": "{" }, `r.json: is not JSON, ${EXPECTED}`],
    ["locked", {}, `locked: cannot be read: not there; ${EXPECTED}`],
    ["r.json", { "r.json": "{}" }, `r.json: is no result: format: is missing; ${EXPECTED}`],
    ["r.json", { "r.json": "[]" }, `r.json: is no result; ${EXPECTED}`],
    [
      "r.json",
      {
        "r.json": JSON.stringify({
          format: 3,
          file: "x.yaml",
          scenario: {},
          findings: [],
          runs: [{ kernel: "a", seed: "1" }]
        })
      },
      `r.json: is no result: runs[0].seed: Expected number, actual "1"; ${EXPECTED}`
    ],
    ["r.json", { "r.json": "{\"format\":999}" }, "r.json: has format 999, expected 3: run the scenario again"]
  ])("is no result: %s %j", (path, contents, expected) => {
    expect(message(path, contents)).toBe(expected)
  })

  it("must be of this format, with a scenario that is valid", () => {
    expect(message("r.json", { "r.json": json.replace(/"format":\d+/, "\"format\":999") })).toMatch(
      /^r\.json: has format 999, expected \d+: run the scenario again$/
    )
    expect(message("r.json", { "r.json": json.replace("\"32 MiB\"", "\"32 M\"") })).toMatch(
      /^r\.json: clients\[0\]\.ram: /
    )
  })

  it("is asked for a lockup that it has, or says which there are", () => {
    expect(Either.getOrThrow(chooseLockup(saved, { seed: 1, client: "client-1" }))).toBe(saved.lockups[0])
    const none = chooseLockup(saved, { seed: 2 })
    expect(Either.isLeft(none) && none.left.message).toBe(
      "out/result.json: no lockup of seed 2, expected one of: kernel slub-vanilla, seed 1, client client-1"
    )
    const empty = chooseLockup({ ...saved, lockups: [] }, {})
    expect(Either.isLeft(empty) && empty.left.message).toBe(
      "out/result.json: no run of this result has locked up, stood still at its end or shows a livelock in reclaim"
    )
  })
})

describe("a lockup explained", () => {
  const OPTIONS: ExplainOptions = { beforeNs: 100e6, limitNs: 10e9, lookOnly: false }
  const explained = (options: Partial<ExplainOptions> = {}): Explanation =>
    Effect.runSync(Effect.provide(explain(saved, saved.lockups[0], { ...OPTIONS, ...options }), runner))
  let explanation: Explanation

  beforeAll(() => {
    explanation = explained()
  })

  it("shows the seconds before it, up to where nothing moves any more", () => {
    const { closeUp, momentNs, report, switchNs } = explanation
    expect(report.text).toBe(saved.lockups[0].text)
    // the watchdog looks every 100 ms, the close-up every millisecond
    expect(momentNs).toBeLessThanOrEqual(report.sinceNs)
    expect(report.sinceNs - momentNs).toBeLessThan(200e6)
    expect(switchNs).toBe(momentNs - 100e6)
    expect(closeUp.timesNs.at(-1)).toBeGreaterThan(momentNs)
    const completed = closeUp.columns.find(({ name }) => name === "requests_completed_total")?.values ?? []
    const at = closeUp.timesNs.indexOf(momentNs)
    expect(completed[at]).toBe(completed.at(-1))
    expect(completed[at]).toBeGreaterThan(completed[0])
  })

  it("says which patch saves it, which changes nothing, and which is not worth a try", () => {
    const fates = new Map(explanation.single.map(({ fate, patches }) => [patches[0], fate]))
    expect(fates.get("nbd-memalloc")).toBe("saved")
    expect(fates.get("slab-knowledge")).toBe("locked up")
    expect(fates.get("gfp-memalloc")).toBe("not tried")
    expect(fates.get("slub-min-partial")).toBe("not tried")
    // older forms are no remedies
    expect(fates.has("throttle-v8")).toBe(false)
    expect(explanation.single.find(({ patches }) => patches[0] === "slab-knowledge")?.unchanged).toBe(true)
    expect(explanation.together?.fate).toBe("saved")
    // one is enough, so nothing is left to search for
    expect(explanation.enough).toBe(null)
  })

  it("comes too late with a patch that is switched on after it", () => {
    const late = explained({ beforeNs: -3e9 })
    expect(late.single.filter(({ fate }) => fate === "saved")).toEqual([])
  })

  it("only looks when it is told to", () => {
    const { enough, single, together } = explained({ lookOnly: true })
    expect([single, together, enough]).toEqual([[], null, null])
  })

  it("refuses a result that this version does not reproduce", () => {
    const [lockup] = saved.lockups
    const other = { ...lockup, text: lockup.text.replace("tx", "rx") }
    const failed = Effect.runSync(Effect.either(Effect.provide(explain(saved, other, OPTIONS), runner)))
    expect(Either.isLeft(failed) && failed.left.message).toMatch(
      /^out\/result\.json: the run is another one than it was/
    )
  })
})
