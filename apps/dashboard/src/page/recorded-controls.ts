// The clock of a recorded run: play, a sample back or on, speed, and a slider over all of it.
import type { History } from "@swaplab/live"
import { type ComponentChild, h } from "preact"
import { useEffect, useState } from "preact/hooks"
import { speedWords, timeWords } from "./words.ts"

const SPEEDS = [0.1, 1, 10, 100, 1000]

/** Positions of the slider. */
const POSITIONS = 1000

export interface RecordedControlsProps {
  readonly history: History
  readonly atNs: number
  readonly onShow: (ns: number) => void
  /** How it ended, in words. */
  readonly ending: string
}

export const RecordedControls = ({ atNs, ending, history, onShow }: RecordedControlsProps): ComponentChild => {
  const [speed, setSpeed] = useState(1)
  const [playing, play] = useState(false)
  const { rows, timesNs } = history
  const endNs = timesNs[rows - 1] ?? 0
  useEffect(() => {
    if (!playing) return
    let last = performance.now()
    let ns = atNs
    let frame = requestAnimationFrame(function on(ms) {
      ns = Math.min(endNs, ns + Math.max(0, ms - last) * 1e6 * speed)
      last = ms
      onShow(ns)
      if (ns >= endNs) play(false)
      else frame = requestAnimationFrame(on)
    })
    return () => cancelAnimationFrame(frame)
  }, [playing, speed, history])
  const row = history.rowAt(atNs)
  const step = (by: number): void => onShow(timesNs[Math.min(rows - 1, Math.max(0, row + by))])
  const over = atNs >= endNs
  return h(
    "div",
    { class: "controls" },
    h(
      "button",
      {
        type: "button",
        class: "primary",
        onClick: () => {
          if (!playing && over) onShow(0)
          play(!playing)
        }
      },
      playing ? "❚❚ Pause" : over ? "↺ Play again" : "▶ Play"
    ),
    h("button", { type: "button", onClick: () => step(-1), disabled: playing || row <= 0 }, "← Sample"),
    h("button", { type: "button", onClick: () => step(1), disabled: playing || over }, "Sample →"),
    h(
      "label",
      null,
      "Speed ",
      h(
        "select",
        {
          value: String(speed),
          onChange: ({ currentTarget }: { currentTarget: HTMLSelectElement }) => setSpeed(Number(currentTarget.value))
        },
        SPEEDS.map((of) => h("option", { value: String(of) }, speedWords(of)))
      )
    ),
    h(
      "label",
      { class: "slider" },
      "Time ",
      h("input", {
        type: "range",
        min: 0,
        max: POSITIONS,
        value: endNs === 0 ? 0 : Math.round(atNs / endNs * POSITIONS),
        "aria-valuetext": timeWords(atNs),
        onInput: ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
          play(false)
          onShow(Number(currentTarget.value) / POSITIONS * endNs)
        }
      })
    ),
    h("span", { class: "clock", role: "status" }, `${timeWords(atNs)}${over ? `: ${ending}` : ""}`)
  )
}
