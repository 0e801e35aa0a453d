import { progressText } from "#src/progress.ts"
import { spanText, timeLeft } from "#src/time-left.ts"
import type { ExperimentProgress } from "@swaplab/experiment"
import { makeProgressLine, makeTicker, type ProgressOutput } from "@swaplab/report"
import { Effect, TestClock, TestContext } from "effect"
import { describe, expect, it } from "vitest"

const progress: ExperimentProgress = {
  done: 3,
  total: 40,
  events: 1_000_000,
  running: [
    { kernel: "slab-vanilla", seed: 4, simulatedNs: 12.34e9, events: 1, clientsAlive: 1, clients: 1 },
    { kernel: "slab-vanilla", seed: 5, simulatedNs: 2e9, events: 1, clientsAlive: 0, clients: 1 }
  ]
}

/** Runs that go on, of so many events each. */
const running = (...events: ReadonlyArray<number>): ExperimentProgress["running"] =>
  events.map((made, i) => ({
    kernel: "slab",
    seed: i,
    simulatedNs: made * 1e6,
    events: made,
    clientsAlive: 1,
    clients: 1
  }))

/** What is written by an effect that gets an output. */
const writtenBy = async (
  output: Omit<ProgressOutput, "write">,
  effect: (output: ProgressOutput) => Effect.Effect<void>
): Promise<ReadonlyArray<string>> => {
  const written: Array<string> = []
  const write = (text: string): number => written.push(text)
  await Effect.runPromise(Effect.provide(effect({ ...output, write }), TestContext.TestContext))
  return written
}

describe("the progress line", () => {
  it("shows runs, time left, events a second, clients alive and simulated time", () => {
    expect(progressText(progress, 2_310_000, { seconds: 130, words: "about" })).toBe(
      "3/40 runs, about 3 min left, 2.31 M events/s, 1/2 clients alive, slab-vanilla#4 12.3 s, slab-vanilla#5 2.0 s"
    )
    expect(progressText({ ...progress, running: [] }, null, null)).toBe("3/40 runs")
  })

  it("is cut to the terminal behind a word, rewritten in place, and wiped out", async () => {
    const written = await writtenBy({ isTTY: true, columns: 40 }, (output) =>
      Effect.gen(function*() {
        const line = yield* makeProgressLine(output)
        yield* line.show(progress)
        yield* TestClock.adjust("500 millis")
        yield* line.show({ ...progress, events: 2_000_000 })
        yield* TestClock.adjust("500 millis")
        yield* line.show({ ...progress, done: 4, events: 4_000_002 })
        yield* line.end
      }))
    expect(written).toEqual([
      "\r3/40 runs, 1/2 clients alive,\u001b[K",
      "\r3/40 runs, 2.00 M events/s, 1/2 clients\u001b[K",
      // 3 million events a run in one second, 36 runs to go
      "\r4/40 runs, about 40 s left, 3.00 M\u001b[K",
      "\r\u001b[K"
    ])
  })

  it("begins anew with another list of runs", async () => {
    const written = await writtenBy({ isTTY: true, columns: 80 }, (output) =>
      Effect.gen(function*() {
        const line = yield* makeProgressLine(output)
        yield* line.show({ done: 0, total: 1, events: 0, running: [] })
        yield* TestClock.adjust("10 seconds")
        yield* line.show({ done: 1, total: 1, events: 100, running: [] })
        yield* line.show({ done: 0, total: 24, events: 0, running: [] })
      }))
    expect(written[2]).toBe("\r0/24 runs\u001b[K")
  })

  it("counts the time down while runs tell nothing new", async () => {
    const written = await writtenBy({ isTTY: true, columns: 60 }, (output) =>
      Effect.gen(function*() {
        const line = yield* makeProgressLine(output, 1e9)
        yield* line.show({ done: 0, total: 2, events: 0, running: [] })
        // threads that start take no part
        yield* TestClock.adjust("20 seconds")
        yield* line.show({ done: 0, total: 2, events: 0, running: running(0) })
        yield* TestClock.adjust("10 seconds")
        yield* line.show({ done: 0, total: 2, events: 500, running: running(500) })
        yield* TestClock.adjust("10 seconds")
        yield* line.show({ done: 0, total: 2, events: 500, running: running(500) })
        yield* TestClock.adjust("100 seconds")
        yield* line.show({ done: 0, total: 2, events: 500, running: running(500) })
      }))
    const left = written.map((text) => /(?:about|at most) \d+ s/.exec(text)?.[0] ?? "")
    // half of a run took 10 s
    expect(left).toEqual(["", "", "at most 30 s", "at most 20 s", "at most 5 s"])
  })

  it("takes 80 columns where the terminal has no size", async () => {
    const written = await writtenBy(
      { isTTY: true, columns: 0 },
      (output) => Effect.flatMap(makeProgressLine(output), (line) => line.show(progress))
    )
    expect(written[0]).toContain("slab-vanilla#5 2.0 s")
  })

  it("is a line at the beginning, every 30 seconds and at the end of a log", async () => {
    const written = await writtenBy({}, (output) =>
      Effect.gen(function*() {
        const ticker = yield* makeTicker(output)
        for (let second = 0; second <= 65; second++) {
          yield* ticker.show(`${second}/70 runs`)
          yield* TestClock.adjust("1 second")
        }
        yield* ticker.show("70/70 runs")
        yield* ticker.end
      }))
    expect(written).toEqual([
      "progress: 0/70 runs\n",
      "progress: 30/70 runs\n",
      "progress: 60/70 runs\n",
      "progress: 70/70 runs\n"
    ])
  })

  it("ends a log without a line that says nothing new", async () => {
    const written = await writtenBy({}, (output) =>
      Effect.gen(function*() {
        const ticker = yield* makeTicker(output)
        yield* ticker.show("0/1 runs")
        yield* ticker.end
      }))
    expect(written).toEqual(["progress: 0/1 runs\n"])
  })
})

describe("the time that is left", () => {
  const beginning = { millis: 0, done: 0, events: 0 }

  it.each<[string, ExperimentProgress, number | null, ReturnType<typeof timeLeft>]>([
    ["nothing is known", { done: 0, total: 4, events: 0, running: [] }, null, null],
    ["the runs that are over give what one takes", { done: 2, total: 4, events: 200, running: [] }, null, {
      seconds: 10,
      words: "about"
    }],
    ["of a run that goes on the rest", { done: 1, total: 2, events: 150, running: running(50) }, null, {
      seconds: 10 / 3,
      words: "about"
    }],
    ["a run longer than the others is halfway", { done: 1, total: 2, events: 500, running: running(400) }, null, {
      seconds: 4,
      words: "about"
    }],
    ["a bound before the first one is over", { done: 0, total: 2, events: 100, running: running(100) }, 1e9, {
      seconds: 190,
      words: "at most"
    }],
    ["all is over", { done: 2, total: 2, events: 200, running: [] }, null, null]
  ])("%s", (_, now, limitNs, left) => {
    expect(timeLeft(now, beginning, 10_000, limitNs)).toEqual(left)
  })

  it("leaves out what was there at the beginning", () => {
    const now = { done: 12, total: 14, events: 200, running: [] }
    expect(timeLeft(now, { ...beginning, done: 10 }, 10_000, null)?.seconds).toBe(10)
  })

  it.each([
    [0, "5 s"],
    [31, "35 s"],
    [54, "55 s"],
    [56, "1 min"],
    [61, "2 min"],
    [3599, "1 h"],
    [3700, "1 h 10 min"],
    [7201, "2 h 10 min"]
  ])("%s seconds are %s", (seconds, text) => {
    expect(spanText(seconds)).toBe(text)
  })
})
