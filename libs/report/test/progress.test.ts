import { makeProgressLine, progressText } from "@swaplab/report"
import { Effect, TestClock, TestContext } from "effect"
import { describe, expect, it } from "vitest"

const progress = {
  done: 3,
  total: 40,
  events: 1_000_000,
  running: [
    { kernel: "slab-vanilla", seed: 4, simulatedNs: 12.34e9, events: 1, clientsAlive: 1, clients: 1 },
    { kernel: "slab-vanilla", seed: 5, simulatedNs: 2e9, events: 1, clientsAlive: 0, clients: 1 }
  ]
}

describe("the progress line", () => {
  it("shows runs, events a second, clients alive and simulated time", () => {
    expect(progressText(progress, 2_310_000)).toBe(
      "3/40 runs  2.31 M events/s  1/2 clients alive  slab-vanilla#4 12.3 s  slab-vanilla#5 2.0 s"
    )
  })

  it("is cut to the terminal, rewritten in place, and wiped out", async () => {
    const written: Array<string> = []
    const output = { isTTY: true, columns: 40, write: (text: string) => written.push(text) }
    await Effect.runPromise(Effect.provide(
      Effect.gen(function*() {
        const line = yield* makeProgressLine(output)
        if (line === null) return
        yield* line.show(progress)
        yield* TestClock.adjust("500 millis")
        yield* line.show({ ...progress, events: 2_000_000 })
        yield* line.clear
      }),
      TestContext.TestContext
    ))
    expect(written).toEqual([
      "\r3/40 runs  1/2 clients alive  slab-vani\u001b[K",
      "\r3/40 runs  2.00 M events/s  1/2 clients\u001b[K",
      "\r\u001b[K"
    ])
  })

  it("takes 80 columns where the terminal has no size", async () => {
    const written: Array<string> = []
    const line = await Effect.runPromise(
      makeProgressLine({ isTTY: true, columns: 0, write: (text) => written.push(text) })
    )
    await Effect.runPromise(line?.show(progress) ?? Effect.void)
    expect(written[0]).toContain("slab-vanilla#5 2.0 s")
  })

  it("is not there without a terminal", async () => {
    expect(await Effect.runPromise(makeProgressLine({ write: () => undefined }))).toBeNull()
  })
})
