// The guided page: two engines side by side, step by step.
import { CLIENT_STATES } from "@swaplab/cluster"
import { plural } from "@swaplab/config"
import { ClientPanel, WaitGraphView } from "@swaplab/view"
import { type ComponentChild, h } from "preact"
import { useEffect, useReducer, useRef, useState } from "preact/hooks"
import { texts } from "../scenarios.ts"
import { EngineClient } from "./engine-client.ts"
import { type GuideStep, guideSteps } from "./guide-steps.ts"
import { speedWords, timeWords } from "./words.ts"

const FILE = "two-minutes.yaml"
/** The rows of a stretch. */
const ROWS = 240

const SIDES = [
  { kernel: "without", title: "Linux 3.5, without the patches" },
  { kernel: "with", title: "Linux 3.6, with the patches" }
] as const

/** Simulated time for each moment of the reader. */
const speedOf = ({ fromNs, seconds, toNs }: GuideStep): number =>
  seconds === 0 ? Number.POSITIVE_INFINITY : (toNs - fromNs) / (seconds * 1e9)

const load = (engine: EngineClient, kernel: string): void =>
  engine.ask({
    kind: "load",
    source: { file: FILE, text: texts.get(FILE) ?? "", kernel, seed: 1, acts: [] },
    sampleNs: Number.POSITIVE_INFINITY,
    look: null,
    toNs: 0
  })

const play = (engine: EngineClient, step: GuideStep, still: boolean): void => {
  const speed = still ? Number.POSITIVE_INFINITY : speedOf(step)
  const sampleNs = Math.max(1000, (step.toNs - step.fromNs) / ROWS)
  engine.ask({ kind: "play", fromNs: step.fromNs, toNs: step.toNs, speed, sampleNs, fresh: true })
}

/** How a side is doing, in a word or two, with a sign. */
const stateOf = ({ ended, history, snapshot }: EngineClient): readonly [words: string, kind: string] => {
  if (ended !== null && ended.outcome === "completed") return ["✓ finished", "good"]
  if (snapshot === null || snapshot.atNs === 0) return ["not started", ""]
  if (snapshot.locked) return ["✗ locked up, for ever", "bad"]
  const frozen = history.rows > 0 && CLIENT_STATES[history.client(history.rows - 1, 0, "state")] === "frozen"
  return frozen ? ["✗ stands still", "bad"] : ["running", ""]
}

const Side = (
  { engine, step, title }: { readonly engine: EngineClient; readonly step: GuideStep; readonly title: string }
): ComponentChild => {
  const { facts, history, mistake, snapshot } = engine
  if (mistake !== null) {
    return h("section", { class: "side" }, h("h2", null, title), h("p", { class: "mistake" }, mistake))
  }
  if (facts === null || snapshot === null) {
    return h("section", { class: "side" }, h("h2", null, title), h("p", null, "Boots …"))
  }
  const [client] = facts.clients
  const [words, kind] = stateOf(engine)
  return h(
    "section",
    { class: "side", "aria-label": title },
    h("h2", null, title),
    h(
      "p",
      { class: "clock" },
      h("span", { class: `state ${kind}` }, words),
      ` at ${timeWords(snapshot.atNs)} · ${plural(snapshot.swapOut, "page")} sent to the server so far`
    ),
    h(ClientPanel, {
      snapshot,
      columns: {
        timesNs: history.timesNs,
        free: history.clientColumn(0, "free"),
        fromNs: step.fromNs,
        toNs: step.toNs
      },
      levels: [{ value: client.low, label: "low" }, { value: client.min, label: "min" }],
      ...(step.closeUp && { top: 4 * client.low })
    })
  )
}

/** What the clock does. */
const statusOf = (step: GuideStep, playing: boolean): string => {
  const { fromNs, seconds, toNs } = step
  if (seconds > 0) {
    return `${playing ? "Plays" : "Played"} ${timeWords(fromNs)} to ${timeWords(toNs)}, ${speedWords(speedOf(step))}.`
  }
  return playing ? "The emulator runs again …" : "The clock stands."
}

/** The reader wants no movement: each step shows its end at once. */
const wantsStill = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches

export const Guide = (): ComponentChild => {
  const [, changed] = useReducer((n: number) => n + 1, 0)
  const [at, setAt] = useState(0)
  const engines = useRef<ReadonlyArray<EngineClient> | null>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    const made = SIDES.map(() => new EngineClient(() => changed(undefined)))
    engines.current = made
    made.forEach((engine, i) => load(engine, SIDES[i].kernel))
    made[0].ask({ kind: "moments" })
    return () => made.forEach((engine) => engine.close())
  }, [])
  const moments = engines.current?.[0].moments ?? null
  const steps = guideSteps(moments)
  const step = steps[Math.min(at, steps.length - 1)]
  const playing = engines.current?.some(({ still }) => !still) ?? false

  const go = (to: number): void => {
    if (to < 0 || to >= steps.length) return
    setAt(to)
    engines.current?.forEach((engine) => play(engine, steps[to], wantsStill()))
    heading.current?.focus()
  }
  useEffect(() => {
    const onKey = ({ altKey, ctrlKey, key, metaKey, target }: KeyboardEvent): void => {
      if (altKey || ctrlKey || metaKey || target instanceof HTMLInputElement) return
      if (key === "ArrowRight") go(at + 1)
      else if (key === "ArrowLeft") go(at - 1)
      else if (key === "r") go(at)
    }
    addEventListener("keydown", onKey)
    return () => removeEventListener("keydown", onKey)
  })

  return h(
    "main",
    { id: "guide" },
    h("h1", null, "The lockup in two minutes"),
    h(
      "ol",
      { class: "steps", "aria-label": "steps" },
      steps.map(({ title }, i) =>
        h(
          "li",
          null,
          h(
            "button",
            {
              type: "button",
              onClick: () => go(i),
              "aria-label": `step ${i + 1}: ${title}`,
              ...(i === at && { "aria-current": "step" })
            },
            i + 1
          )
        )
      )
    ),
    h(
      "div",
      { class: "story" },
      h("h2", { ref: heading, tabIndex: -1 }, step.title),
      step.text.map((text) => h("p", null, text)),
      h("p", { class: "watch" }, step.watch)
    ),
    h(
      "div",
      { class: "controls" },
      h("button", { type: "button", onClick: () => go(at - 1), disabled: at === 0 }, "← Back"),
      h(
        "button",
        { type: "button", class: "primary", onClick: () => go(at + 1), disabled: at >= steps.length - 1 },
        "Next →"
      ),
      h("button", { type: "button", onClick: () => go(at), disabled: step.seconds === 0 }, "Replay"),
      h(
        "span",
        { class: "clock", role: "status" },
        moments === null
          ? "The emulator looks for the moments of the lockup …"
          : statusOf(step, playing)
      )
    ),
    step.graph && moments !== null
      ? h(WaitGraphView, { report: moments.lockup, of: "Linux 3.5", locked: true })
      : null,
    h(
      "div",
      { class: "sides" },
      (engines.current ?? []).map((engine, i) => h(Side, { engine, step, title: SIDES[i].title }))
    )
  )
}
