// The clock of a run: play, pause, step, speed, and a slider over all that has been.
import { type ComponentChild, h } from "preact"
import type { EngineClient } from "./engine-client.ts"
import { speedWords, timeWords } from "./words.ts"

const SPEEDS = [0.001, 0.01, 0.1, 1, 10, Number.POSITIVE_INFINITY]

/** The button "Step" goes on by so much. */
const STEP_NS = 1e6

/** Positions of the slider. */
const POSITIONS = 1000

export interface RunControlsProps {
  readonly engine: EngineClient
  readonly atNs: number
  readonly speed: number
  readonly onSpeed: (speed: number) => void
  readonly onPlay: () => void
  readonly onPause: () => void
  readonly onStep: (ns: number) => void
  /** The slider moves: rows that are there are shown. */
  readonly onShow: (ns: number) => void
  /** The slider was let go of: the run goes back to this time. */
  readonly onSettle: (ns: number) => void
}

export const RunControls = (props: RunControlsProps): ComponentChild => {
  const { atNs, engine, onPause, onPlay, onSettle, onShow, onSpeed, onStep, speed } = props
  const { ended, history, nowNs, still } = engine
  const reachedNs = Math.max(nowNs, history.timesNs[history.rows - 1] ?? 0)
  const over = ended !== null && atNs >= reachedNs
  const nsOf = ({ currentTarget }: { currentTarget: HTMLInputElement }): number =>
    Number(currentTarget.value) / POSITIONS * reachedNs
  return h(
    "div",
    { class: "controls" },
    still
      ? h("button", { type: "button", class: "primary", onClick: onPlay, disabled: over }, "▶ Run")
      : h("button", { type: "button", class: "primary", onClick: onPause }, "❚❚ Pause"),
    h("button", { type: "button", onClick: () => onStep(STEP_NS), disabled: !still || over }, "Step 1 ms"),
    h(
      "label",
      null,
      "Speed ",
      h(
        "select",
        {
          value: String(speed),
          onChange: ({ currentTarget }: { currentTarget: HTMLSelectElement }) => onSpeed(Number(currentTarget.value))
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
        value: reachedNs === 0 ? 0 : Math.round(atNs / reachedNs * POSITIONS),
        "aria-valuetext": timeWords(atNs),
        // while it goes on the slider cannot be moved, but it keeps the focus, which a disabled one loses
        "aria-disabled": !still,
        onInput: (event: { currentTarget: HTMLInputElement }) => still && onShow(nsOf(event)),
        onChange: (event: { currentTarget: HTMLInputElement }) => still && onSettle(nsOf(event))
      })
    ),
    h(
      "span",
      { class: "clock", role: "status" },
      `${timeWords(atNs)}${still ? "" : ", runs"}${
        over ? `: ${ended.outcome}. Fingerprint ${ended.fingerprint}, ${ended.events} events` : ""
      }`
    )
  )
}
