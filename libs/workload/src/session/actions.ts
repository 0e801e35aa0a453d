// What a person does at a desktop: each action is a burst of pages of the program in front, then of the X server and of the
// desktop, with CPU time.
import type { MetricRow } from "../plug-in/metric-row.ts"

const MS = 1e6
const S = 1e9

/** One kind of action. */
export interface Action {
  readonly meaning: string
  /** CPU time of the program in front, of a machine of 2012: assumed. */
  readonly cpuNs: number
  /** Pixels that are drawn, in screens full of them; a thin client gets these over the LAN: assumed. */
  readonly screens: number
  /** How many times in a row it is done, on average, and the mean time between two of these: assumed. Without: once. */
  readonly row?: { readonly times: number; readonly paceNs: number }
}

const ACTIONS_TABLE = {
  // 40 words a minute are 3.3 keys a second
  key: {
    meaning: "keys: from the key to the picture",
    cpuNs: 5 * MS,
    screens: 0.01,
    row: { times: 25, paceNs: 0.3 * S }
  },
  menu: { meaning: "menus", cpuNs: 30 * MS, screens: 0.05 },
  scroll: { meaning: "scrolling", cpuNs: 20 * MS, screens: 0.5, row: { times: 3, paceNs: 2 * S } },
  pageDown: { meaning: "pages of a document", cpuNs: 30 * MS, screens: 0.6 },
  tabSwitch: { meaning: "switches of tabs", cpuNs: 100 * MS, screens: 0.9 },
  pageLoad: { meaning: "web pages: from the click to the page", cpuNs: 1.5 * S, screens: 1.5 },
  windowSwitch: { meaning: "switches of windows", cpuNs: 20 * MS, screens: 0.9 },
  play: {
    meaning: "stretches of a video: from when one is due to its picture",
    cpuNs: 150 * MS,
    // 25 pictures of a quarter of the screen
    screens: 25 / 4,
    row: { times: 60, paceNs: 1 * S }
  },
  programStart: { meaning: "starts of programs", cpuNs: 0, screens: 0.9 }
} as const satisfies Record<string, Action>

export type ActionName = keyof typeof ACTIONS_TABLE
export const ACTIONS: Readonly<Record<ActionName, Action>> = ACTIONS_TABLE

/** The latency of each kind of action as a figure. */
export const ACTION_METRICS = Object.fromEntries(
  Object.entries(ACTIONS).map(([name, { meaning }]) => [name, { kind: "latency", unit: null, meaning }])
) as unknown as Readonly<Record<ActionName, MetricRow>>
