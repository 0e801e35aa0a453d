// Why a client was not done in time although nothing locked up: how far it got, what reclaim did, and how long it would have
// needed at this rate. All of it is in the result; nothing is run again.
import { clientFacts, clientsOf, loadsOf } from "@swaplab/cluster"
import { assert } from "@swaplab/sim"
import type { SavedResult, SavedTimeout } from "./saved-result.ts"

/** A time-out explained. Times are simulated nanoseconds. */
export interface TimeoutExplanation {
  readonly timeout: SavedTimeout
  readonly durationNs: number
  /** Touches of the whole workload; null where it does not say how many. */
  readonly wholeTouches: number | null
  /** The duration that it would have needed, from the start of the run; null where it is not known, or nothing was touched. */
  readonly neededNs: number | null
  /** Pages scanned by kswapd and by direct reclaim, and pages freed by both. */
  readonly kswapdScanned: number
  readonly directScanned: number
  readonly freed: number
  /** What the watchdog takes for a hang and for a livelock. */
  readonly hangNs: number
  readonly livelockNs: number
  readonly scanRatio: number
}

/** Explains a client that was not done in time. */
export const explainTimeout = (
  { loaded: { scenario, workloads } }: SavedResult,
  timeout: SavedTimeout
): TimeoutExplanation => {
  const { client, elapsedNs, kernel, pagesTouched, startedNs, vmstat } = timeout
  const spec = clientsOf(scenario, kernel).find(({ name }) => name === client)
  assert(spec !== undefined, `the scenario has no client called ${client}`)
  const [{ options, row }] = loadsOf(spec.group, workloads)
  const wholeTouches = row.touches?.(options, clientFacts(spec.group)) ?? null
  const sum = (names: RegExp): number =>
    Object.entries(vmstat).reduce((total, [name, value]) => names.test(name) ? total + value : total, 0)
  const { hang, livelock, scanRatio } = scenario.watchdog
  return {
    timeout,
    durationNs: scenario.duration,
    wholeTouches,
    neededNs: wholeTouches === null || startedNs === null || pagesTouched === 0
      ? null
      : startedNs + elapsedNs * wholeTouches / pagesTouched,
    kswapdScanned: sum(/^pgscan_kswapd_/),
    directScanned: sum(/^pgscan_direct_(?!throttle)/),
    freed: sum(/^pgsteal_/),
    hangNs: hang,
    livelockNs: livelock,
    scanRatio
  }
}
