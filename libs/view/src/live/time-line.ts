// Faults on a time line: a bar for each from its beginning to its end, with its words beside it.
import type { FaultMark } from "@swaplab/cluster"
import { type ComponentChild, h } from "preact"

/** More faults than these are counted in words only. */
const SHOWN = 12

export interface TimeLineProps {
  readonly faults: ReadonlyArray<FaultMark>
  /** What the whole width stands for, and where the reader is. */
  readonly toNs: number
  readonly atNs: number
  /** A time in words. */
  readonly words: (ns: number) => string
}

const percent = (share: number): string => `${Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10}%`

const wordsOf = ({ beganNs, endedNs, where, words: what }: FaultMark, words: TimeLineProps["words"]): string =>
  `${what} at ${where.join(", ")}: ${words(beganNs)} to ${endedNs === null ? "the end" : words(endedNs)}`

/** The last faults; a run without any has no time line. */
export const TimeLine = ({ atNs, faults, toNs, words }: TimeLineProps): ComponentChild => {
  if (faults.length === 0) return null
  const span = Math.max(1, toNs)
  const shown = faults.slice(-SHOWN)
  const more = faults.length - shown.length
  return h(
    "figure",
    { class: "timeline" },
    h("figcaption", null, more === 0 ? "Faults" : `Faults: the last ${SHOWN}; ${more} were before`),
    h(
      "ol",
      { "aria-label": "faults" },
      shown.map((fault) => {
        const { beganNs, endedNs } = fault
        const on = beganNs <= atNs && (endedNs === null || atNs < endedNs)
        const from = beganNs / span
        return h(
          "li",
          null,
          h(
            "span",
            { class: "track", "aria-hidden": "true" },
            h("i", {
              class: on ? "on" : "",
              style: { left: percent(from), width: percent((endedNs ?? span) / span - from) }
            }),
            h("b", { style: { left: percent(atNs / span) } })
          ),
          h("span", null, `${on ? "▶ " : ""}${wordsOf(fault, words)}`)
        )
      })
    )
  )
}
