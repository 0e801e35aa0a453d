// @ts-check
// From what a run has counted to the figures that are compared: the same for both sides.
import { jain, quantile } from "../statistics.mjs"
import { MSS } from "./settings.mjs"

/**
 * What a run has counted within its seconds: requests completed by each client, the latency of each request in ms, and what
 * all TCP senders of the LAN have counted.
 * @typedef {{
 *   seconds: number, bytesPerRequest: number, completed: ReadonlyArray<number>, latenciesMs: ReadonlyArray<number>,
 *   timeouts: number, retransmitted: number
 * }} Counted
 */

/**
 * `retransPercent`: segments sent again, for each hundred segments of payload.
 * @typedef {{
 *   goodputMBs: number, p50ms: number, p95ms: number, p99ms: number, timeoutsPerS: number, retransPercent: number, jain: number
 * }} Figures
 */

/** @type {(value: number, digits: number) => number} */
export const rounded = (value, digits) => Number(value.toFixed(digits))

/** @type {(counted: Counted) => Figures} */
export const figuresOf = ({ bytesPerRequest, completed, latenciesMs, retransmitted, seconds, timeouts }) => {
  const sorted = Float64Array.from(latenciesMs).sort()
  const bytes = completed.reduce((a, b) => a + b, 0) * bytesPerRequest
  return {
    goodputMBs: rounded(bytes / seconds / 1e6, 4),
    p50ms: rounded(quantile(sorted, 0.5), 2),
    p95ms: rounded(quantile(sorted, 0.95), 2),
    p99ms: rounded(quantile(sorted, 0.99), 2),
    timeoutsPerS: rounded(timeouts / seconds, 2),
    retransPercent: rounded(bytes === 0 ? 0 : 100 * retransmitted / (bytes / MSS), 3),
    jain: rounded(jain(completed), 4)
  }
}
