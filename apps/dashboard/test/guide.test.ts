import type { Scenario } from "@swaplab/cluster"
import { Engine, type Moments } from "@swaplab/live"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { loadFromTexts } from "../src/engine/memory-files.ts"
import { guideSteps } from "../src/page/guide-steps.ts"
import { speedWords, timeWords } from "../src/page/words.ts"
import { texts } from "../src/scenarios.ts"
import { small } from "./small.ts"

const { scenario } = Either.getOrThrow(loadFromTexts("two-minutes.yaml", texts))

/** The moments that an engine tells. */
const momentsOf = (opened: { readonly scenario: Scenario; readonly kernel: string }): Moments | null => {
  let told: Moments | null = null
  const engine = new Engine({
    answer: (answer) => {
      if (answer.kind === "moments") told = answer.moments
    },
    clock: () => 0,
    soon: () => undefined,
    answerMs: 0,
    answerShare: 1
  })
  engine.receive({ kind: "open", opened: { ...opened, seed: 1, yaml: "" }, sampleNs: 1e6, look: null })
  engine.receive({ kind: "moments" })
  return told
}

describe("the lockup in two minutes", () => {
  const moments = momentsOf({ scenario, kernel: "without" })

  it("has its moments from the run, in order, and ends in a closed circle through the sender", () => {
    expect(moments).not.toBeNull()
    if (moments === null) return
    const { answeredNs, fullNs, haltNs, lockup, provenNs, refusedNs } = moments
    const times = [0, fullNs, answeredNs, haltNs, refusedNs, provenNs]
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(new Set(times).size).toBe(times.length)
    expect(lockup.graph).toMatchObject({ closed: true })
    expect(lockup.graph.cycle[0]).toBe("nbd0")
    expect(lockup.firstFailure?.task).toContain("nbd0")
  })

  it("has none where nothing locks up", () => {
    const { scenario: alive } = Either.getOrThrow(loadFromTexts("small.yaml", new Map([["small.yaml", small]])))
    expect(momentsOf({ scenario: alive, kernel: "patched" })).toBeNull()
  })

  it("plays one stretch after the other, and takes about two minutes to read", () => {
    const steps = guideSteps(moments)
    const played = steps.filter(({ seconds }) => seconds > 0)
    for (const [i, { fromNs, toNs }] of played.entries()) {
      expect(fromNs).toBe(i === 0 ? 0 : played[i - 1].toNs)
      expect(toNs).toBeGreaterThan(fromNs)
    }
    // 230 words a minute; what plays meanwhile is shorter than what is read
    const words = steps.flatMap(({ text, title, watch }) => [title, ...text, watch]).join(" ").split(/\s+/).length
    expect(words / 230).toBeGreaterThan(1.5)
    expect(words / 230).toBeLessThan(3)
    expect(guideSteps(null)).toHaveLength(1)
  })
})

it.each([[1_900_000, "1.9 ms"], [536e6, "536 ms"], [6e9, "6.00 s"]])("%d ns is %s", (ns, words) => {
  expect(timeWords(ns)).toBe(words)
})

it.each([
  [1, "as fast as in reality"],
  [1 / 3158, "3,000 times slower than in reality"],
  [2.5, "2.5 times faster than in reality"],
  [Number.POSITIVE_INFINITY, "as fast as it goes"]
])("a speed of %d is %s", (speed, words) => {
  expect(speedWords(speed)).toBe(words)
})
