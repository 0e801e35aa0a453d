// A result that a run has left, shown by the thread of the page.
import { CLIENT_STATES, type LoadedScenario, runCluster, type RunResult } from "@swaplab/cluster"
import { layerInProcess, makePlan, resultFiles, runExperiment } from "@swaplab/experiment"
import { History } from "@swaplab/live"
import { Effect, Either } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { loadFromTexts } from "../src/engine/memory-files.ts"
import type { NamedFile, PageAnswer, PageRequest } from "../src/engine/messages.ts"
import { makeThread } from "../src/engine/thread.ts"
import { texts } from "../src/scenarios.ts"

/** Two runs, of which the first one locks up. */
const loaded: LoadedScenario = Either.getOrThrow(
  loadFromTexts(
    "short.yaml",
    new Map([["short.yaml", texts.get("two-minutes.yaml")!.replace("passes: 2", "passes: 1")]])
  )
)

let files: ReadonlyArray<NamedFile> = []
let run: RunResult
beforeAll(() => {
  const result = Effect.runSync(
    Effect.provide(runExperiment(Either.getOrThrow(makePlan(loaded))), layerInProcess(runCluster))
  )
  run = result.runs[0]
  files = resultFiles(result, "").map(([name, content]) => ({
    name: `out/${name}`,
    bytes: new Uint8Array(typeof content === "string" ? new TextEncoder().encode(content) : content)
  }))
})

const answersTo = (...requests: ReadonlyArray<PageRequest>) => {
  const answers: Array<PageAnswer> = []
  const receive = makeThread(texts, {
    answer: (answer) => answers.push(answer),
    clock: () => 0,
    soon: () => {},
    answerMs: 30,
    answerShare: 0.5
  })
  requests.forEach(receive)
  return answers
}

const last = <K extends PageAnswer["kind"]>(answers: ReadonlyArray<PageAnswer>, kind: K) =>
  answers.filter((answer): answer is Extract<PageAnswer, { readonly kind: K }> => answer.kind === kind).at(-1)

describe("a recorded result in the thread of the page", () => {
  it("is told as a run is: facts, rows, how it ended; and its client closely", () => {
    const answers = answersTo({ kind: "show", files })
    expect(answers.map(({ kind }) => kind)).toEqual(["loaded", "recorded", "rows", "closely"])
    const facts = last(answers, "loaded")!.facts
    expect(facts).toMatchObject({
      scenario: "two-minutes",
      kernel: "without",
      seed: 1,
      clients: [{ name: "client-1" }]
    })
    expect(last(answers, "recorded")!.recorded).toEqual({
      runs: ["without, seed 1: lockup", "with, seed 1: completed"],
      at: 0,
      every: 1
    })
    const rows = last(answers, "rows")!
    expect(rows.ended).toEqual({ outcome: "lockup", fingerprint: run.fingerprint, events: run.events })
    const history = new History(1, 1)
    history.add(rows.batch)
    const stateAt = (ns: number) => CLIENT_STATES[history.client(history.rowAt(ns), 0, "state")]
    const lockup = run.clients[0].lockup!
    expect([stateAt(0.2e9), stateAt(lockup.atNs - 1e8), stateAt(lockup.atNs)]).toEqual(["swapping", "frozen", "locked"])
    const { closely } = last(answers, "closely")!
    expect(closely).toMatchObject({ client: "client-1", outcome: "lockup", report: lockup })
    expect(closely.figures.map(({ title }) => title)).toContain("Pages swapped out, each second")
    // what was gained in all: rates times times
    const out = closely.figures.find(({ title }) => title.startsWith("Pages swapped out"))!.values
    const gained = out.reduce(
      (sum, rate, i) => i === 0 ? 0 : sum + rate * (closely.timesNs[i] - closely.timesNs[i - 1]) / 1e9,
      0
    )
    expect(gained).toBeCloseTo(run.clients[0].swapOutBytes / 4096)
  })

  it("shows another of its runs when asked to", () => {
    const answers = answersTo({ kind: "show", files }, { kind: "choose", at: 1 }, { kind: "look", client: "client-1" })
    expect(last(answers, "loaded")!.facts.kernel).toBe("with")
    expect(last(answers, "recorded")!.recorded.at).toBe(1)
    expect(last(answers, "closely")!.closely).toMatchObject({ outcome: "completed", report: null })
  })

  it("is refused in one sentence where the files are none, or of a version without a column", () => {
    expect(answersTo({ kind: "show", files: [] })).toMatchObject([
      { kind: "mistake", message: expect.stringContaining("expected result.json and series.msgpack") }
    ])
    const [result, series] = files
    const renamed = Uint8Array.from(series.bytes)
    const at = Buffer.from(renamed.buffer).indexOf("client-1.state")
    renamed[at + "client-1.".length] = "S".charCodeAt(0)
    expect(answersTo({ kind: "show", files: [result, { ...series, bytes: renamed }] })).toEqual([
      {
        kind: "mistake",
        message:
          "series.msgpack: has no column client-1.state: it is of another version of swaplab, run the scenario again"
      }
    ])
  })
})
