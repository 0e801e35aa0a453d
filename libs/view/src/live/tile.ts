// A client of a room as a tile, and a server as a card: how it is in a word and a sign, and the figures that say so.
import type { ClientState } from "@swaplab/cluster"
import { type ComponentChild, h } from "preact"
import { counted } from "../counted.ts"

/** A sign and a word for each state: no state is a colour alone. */
const STATES: Readonly<Record<ClientState, readonly [sign: string, words: string]>> = {
  waiting: ["·", "not started"],
  alive: ["●", "works"],
  swapping: ["⇄", "swaps"],
  frozen: ["■", "stands still"],
  locked: ["✗", "locked up"],
  dead: ["†", "dead"],
  done: ["✓", "finished"]
}

/** A state in words, with its sign. */
const stateWords = (state: ClientState): string => STATES[state].join(" ")

export interface TileProps {
  readonly name: string
  readonly state: ClientState
  /** Free pages, and the watermark below which the kernel frees some. */
  readonly free: number
  readonly low: number
  readonly requests: number
  /** Mean time of the page-ins of the last moment; 0: there was none. */
  readonly latencyNs: number
  readonly chosen: boolean
  readonly onChoose: () => void
}

/** How long a page-in took, in steps that a person feels: at once, noticed, a pause, a broken flow of thought. */
const WAITS: ReadonlyArray<readonly [belowNs: number, sign: string, kind: string]> = [
  [1, "", "none"],
  [10e6, "▁", "short"],
  [100e6, "▃", "noticed"],
  [1e9, "▅", "long"],
  [Number.POSITIVE_INFINITY, "█", "longest"]
]

const waitOf = (ns: number): ComponentChild => {
  const [, sign, kind] = WAITS.find(([below]) => ns < below) ?? WAITS[0]
  return h(
    "span",
    { class: `wait ${kind}` },
    sign === "" ? null : h("i", { "aria-hidden": "true" }, sign),
    latencyWords(ns)
  )
}

const latencyWords = (ns: number): string =>
  ns === 0 ? "no page-in" : ns < 1e9 ? `page-ins ${(ns / 1e6).toFixed(1)} ms` : `page-ins ${(ns / 1e9).toFixed(1)} s`

export const Tile = (
  { chosen, free, latencyNs, low, name, onChoose, requests, state }: TileProps
): ComponentChild =>
  h(
    "button",
    { type: "button", class: `tile ${state}`, "aria-pressed": chosen ? "true" : "false", onClick: onChoose },
    h("b", null, name),
    h("span", { class: "state" }, stateWords(state)),
    h("span", null, `${free} free${free <= low ? " (scarce)" : ""}`),
    h("span", null, counted(requests, "request")),
    waitOf(latencyNs)
  )

export interface ServerCardProps {
  readonly name: string
  readonly resident: number
  /** Shares of the time that its cables were busy. */
  readonly inShare: number
  readonly outShare: number
  /** Share of the buffer of its switch. */
  readonly bufferShare: number
}

const share = (label: string, value: number): ComponentChild => {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100)
  return h(
    "div",
    { class: "share" },
    h("span", null, label),
    h("meter", { min: 0, max: 100, value: percent, "aria-label": label }),
    h("span", null, `${percent} %`)
  )
}

export const ServerCard = (
  { bufferShare, inShare, name, outShare, resident }: ServerCardProps
): ComponentChild =>
  h(
    "div",
    { class: "server" },
    h("b", null, name),
    h("p", null, `${counted(resident, "request")} inside`),
    share("cable to it", inShare),
    share("cable from it", outShare),
    share("buffer of its switch", bufferShare)
  )
