import { CLIENT_FIGURES, decodeScenario, runCluster } from "@swaplab/cluster"
import { type Act, History } from "@swaplab/live"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { loadFromTexts } from "../src/engine/memory-files.ts"
import type { PageAnswer, PageRequest } from "../src/engine/messages.ts"
import { makeThread } from "../src/engine/thread.ts"
import { texts } from "../src/scenarios.ts"
import { small } from "./small.ts"

/** An engine whose clock and timers are the test's. */
const rig = () => {
  const answers: Array<PageAnswer> = []
  const due: Array<() => void> = []
  let ms = 0
  const receive = makeThread(texts, {
    answer: (answer) => answers.push(answer),
    // each look at the clock takes a millisecond
    clock: () => ms++,
    soon: (call, after) => {
      ms += after
      due.push(call)
    },
    answerMs: 30,
    answerShare: 0.5
  })
  return {
    answers,
    ask: (request: PageRequest) => receive(request),
    /** Runs until nothing is due, or so many slices. */
    settle: (slices = Number.POSITIVE_INFINITY) => {
      for (let i = 0; i < slices && due.length > 0; i++) due.shift()?.()
    },
    rows: () => answers.flatMap((answer) => answer.kind === "rows" ? [answer] : [])
  }
}

const load = (text = small, kernel: string | null = null, acts: ReadonlyArray<Act> = [], toNs = 0): PageRequest => ({
  kind: "load",
  source: { file: "small.yaml", text, kernel, seed: 1, acts },
  sampleNs: 1e6,
  look: null,
  toNs
})
const play = (fromNs: number, toNs: number, speed = Number.POSITIVE_INFINITY, fresh = false): PageRequest => ({
  kind: "play",
  fromNs,
  toNs,
  speed,
  sampleNs: 1e6,
  fresh
})

describe("the engine behind the page", () => {
  it("runs a scenario to the same fingerprint as the command, and says what the run is", () => {
    const { answers, ask, rows, settle } = rig()
    ask(load())
    ask(play(0, Number.POSITIVE_INFINITY))
    settle()
    expect(answers[0]).toMatchObject({
      kind: "loaded",
      facts: { scenario: "small", kernel: "patched", kernels: ["patched", "other"], clients: [{ name: "client-1" }] }
    })
    const loaded = Either.getOrThrow(loadFromTexts("small.yaml", new Map([["small.yaml", small]])))
    const { events, fingerprint } = runCluster(loaded.scenario, "patched", 1)
    const last = rows().at(-1)
    expect(last).toMatchObject({ ended: { outcome: "completed", fingerprint, events }, still: true })
    expect(last?.snapshots).toMatchObject([{ client: "client-1", locked: false }])
  })

  it("sends a row for each interval, once", () => {
    const { ask, rows, settle } = rig()
    ask(load())
    ask(play(0, 20e6))
    settle()
    const times = rows().flatMap(({ batch }) => [...batch.timesNs])
    expect(times).toEqual(Array.from({ length: 21 }, (_, i) => i * 1e6))
    expect(rows().at(-1)?.nowNs).toBe(20e6)
    const figures = rows().reduce((sum, { batch }) => sum + batch.clients.length, 0)
    expect(figures).toBe(times.length * CLIENT_FIGURES.length)
  })

  it("that is to go to a time at once does not stand still before it is there", () => {
    const { ask, rows, settle } = rig()
    ask(load(small, null, [], 20e6))
    settle()
    const states = rows().map(({ nowNs, still }) => ({ nowNs, still }))
    expect(states[0]).toEqual({ nowNs: 0, still: false })
    expect(states.at(-1)).toEqual({ nowNs: 20e6, still: true })
    expect(states.slice(0, -1).some(({ still }) => still)).toBe(false)
  })

  it("goes back to where everything was the same", () => {
    const { ask, rows, settle } = rig()
    ask(load())
    ask(play(0, 5e6))
    settle()
    const then = rows().at(-1)?.snapshots
    ask(play(5e6, 40e6))
    settle()
    expect(rows().at(-1)?.snapshots).not.toEqual(then)
    ask(play(5e6, 5e6))
    settle()
    expect(rows().at(-1)?.nowNs).toBe(5e6)
    expect(rows().at(-1)?.snapshots).toEqual(then)
  })

  it("plays no faster than it is told, and stands still when it is paused", () => {
    const { ask, rows, settle } = rig()
    ask(load())
    // a simulated millisecond for each of the host's
    ask(play(0, 60e6, 1))
    settle(3)
    ask({ kind: "pause" })
    settle()
    const last = rows().at(-1)
    expect(last?.still).toBe(true)
    expect(last?.nowNs).toBeGreaterThan(0)
    expect(last?.nowNs).toBeLessThan(60e6)
  })

  it("begins its rows anew where a stretch is to be seen by itself", () => {
    const { answers, ask, settle } = rig()
    ask(load())
    ask(play(3e6, 6e6, Number.POSITIVE_INFINITY, true))
    settle()
    const fresh = answers.findIndex(({ kind }) => kind === "fresh")
    const times = answers.slice(fresh).flatMap((answer) => answer.kind === "rows" ? [...answer.batch.timesNs] : [])
    expect(times).toEqual([3e6, 4e6, 5e6, 6e6])
  })

  it("runs what was done by hand as part of the scenario: up to then all is the same, and the file gives the same run", () => {
    const acts = [{ what: "down", where: "client-1", at: "10 ms", for: "300 ms" }]
    const byHand = rig()
    byHand.ask(load(small, "patched", acts))
    byHand.ask(play(0, Number.POSITIVE_INFINITY))
    byHand.settle()
    const untouched = rig()
    untouched.ask(load())
    untouched.ask(play(0, 10e6))
    untouched.settle()
    const rowsOf = ({ rows }: ReturnType<typeof rig>) => rows().flatMap(({ batch }) => [...batch.clients])
    const before = rowsOf(untouched)
    expect(rowsOf(byHand).slice(0, before.length)).toEqual(before)
    const [loaded] = byHand.answers
    const yaml = loaded.kind === "loaded" ? loaded.facts.yaml : ""
    expect(yaml).toContain("what: down")
    const saved = rig()
    saved.ask(load(yaml))
    saved.ask(play(0, Number.POSITIVE_INFINITY))
    saved.settle()
    const ended = byHand.rows().at(-1)?.ended
    expect(ended?.outcome).toBe("completed")
    expect(saved.rows().at(-1)?.ended).toEqual(ended)
  })

  it.each([
    [
      "something done by hand that cannot be",
      load(small, null, [{ what: "down", where: "nobody", at: "1 ms" }]),
      /nobody/
    ],
    ["a scenario with a mistake", load("name: 3"), /small\.yaml/],
    ["a kernel that is not there", load(small, "none"), "small.yaml: has no kernel none, expected patched, other"]
  ])("tells of %s, and runs nothing", (_what, request, message) => {
    const { answers, ask, settle } = rig()
    ask(request)
    ask(play(0, 1e6))
    settle()
    expect(answers).toEqual([{ kind: "mistake", message: expect.stringMatching(message) }])
  })

  it("finds included scenarios among those that ship", () => {
    for (const file of texts.keys()) {
      if (file.includes("/")) continue
      const loaded = loadFromTexts(file, texts)
      expect(Either.isRight(loaded) ? "" : loaded.left.message, file).toBe("")
    }
    expect(decodeScenario("x", {})).toMatchObject({ _tag: "Left" })
  })
})

describe("the rows of a page", () => {
  const batch = (from: number, count: number) => ({
    timesNs: Float64Array.from({ length: count }, (_, i) => from + i),
    clients: Float32Array.from(
      { length: count * 2 * CLIENT_FIGURES.length },
      (_, i) => from * 2 * CLIENT_FIGURES.length + i
    ),
    servers: new Float64Array(0)
  })

  it("come in pieces, and a piece that runs through the same times again adds nothing", () => {
    const history = new History(2, 0)
    history.add(batch(0, 300))
    history.add(batch(200, 200))
    expect(history.rows).toBe(400)
    expect([history.rowAt(-1), history.rowAt(0), history.rowAt(250.5), history.rowAt(1e9)]).toEqual([-1, 0, 250, 399])
    for (const row of [0, 199, 250, 399]) {
      const first = row * 2 * CLIENT_FIGURES.length
      expect(history.client(row, 1, "free")).toBe(first + CLIENT_FIGURES.length + CLIENT_FIGURES.indexOf("free"))
      expect(history.clientColumn(0, "state")[row]).toBe(first)
    }
  })

  it("are fewer and farther apart when there are too many, and stay whole", () => {
    const history = new History(2, 0)
    for (let from = 0; from < 6000; from += 500) history.add(batch(from, 500))
    expect(history.rows).toBeLessThanOrEqual(4096)
    const row = history.rowAt(3001)
    expect(history.timesNs[row]).toBe(3001)
    expect(history.client(row, 0, "state")).toBe(3001 * 2 * CLIENT_FIGURES.length)
  })
})
