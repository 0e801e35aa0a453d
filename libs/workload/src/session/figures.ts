// What is measured of a session: how long a person waits, how often that is too long, and what gets lost.
import type { MetricRow } from "../plug-in/metric-row.ts"
import { ACTION_METRICS, type ActionName } from "./actions.ts"

const latency = (meaning: string): MetricRow => ({ kind: "latency", unit: null, meaning })
const count = (meaning: string): MetricRow => ({ kind: "count", unit: null, meaning })

/** Every figure of a session. */
export const FIGURES = {
  ...ACTION_METRICS,
  bootTime: latency("boots: from switching on to the greeter"),
  timeToDesktop: latency("logins: from the password to the desktop"),
  timeToFirstPage: latency("first web pages: from starting the browser to the page"),
  slow: count("actions that took more than 1 s beyond their CPU time"),
  frozen: count("actions that took more than 10 s beyond their CPU time"),
  lost: count("programs that died for want of memory or of a page in swap"),
  restarted: count("programs that the person has started again")
} as const satisfies Readonly<Record<string, MetricRow>>

export type Figure = ActionName | Exclude<keyof typeof FIGURES, number | symbol>
