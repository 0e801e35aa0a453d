// The moments of a lockup that the guided page stops at, read off the run itself.
import type { ClusterRun, LockupReport } from "@swaplab/cluster"

/** Simulated times, in order. */
export interface Moments {
  /** The biggest zone reached its low watermark for the first time: memory is full. */
  readonly fullNs: number
  /** The first page has been written to the server, and the answer read. */
  readonly answeredNs: number
  /** The last touch of a page before the workload stood still for the first time. */
  readonly haltNs: number
  /** The sender was refused the page that it lacks to the end. */
  readonly refusedNs: number
  /** No event was left that could help. */
  readonly provenNs: number
  readonly lockup: LockupReport
}

/** How finely it is looked, before the workload first stands still and afterwards; and what counts as that. */
const STEP_NS = 100_000
const COARSE_STEP_NS = 100_000_000
const STILL_NS = 100_000_000

/** Runs to the lockup of the first client; null if it does not lock up. */
export const momentsOf = (run: ClusterRun): Moments | null => {
  const [watched] = run.clients
  const { machine } = watched.client
  const zone = machine.pages.populatedZones.reduce((a, b) => (b.watermark[2] > a.watermark[2] ? b : a))
  const [, low] = zone.watermark
  let fullNs = -1
  let answeredNs = -1
  let haltNs = -1
  let touched = 0
  let touchedNs = 0
  for (let to = STEP_NS; run.advance(to) !== "ended"; to += haltNs < 0 ? STEP_NS : COARSE_STEP_NS) {
    if (fullNs < 0 && zone.free <= low) fullNs = to
    if (answeredNs < 0 && machine.disk.counters.completed > 0) answeredNs = to
    if (machine.touched !== touched) {
      touched = machine.touched
      touchedNs = to
    } else if (haltNs < 0 && to - touchedNs >= STILL_NS) {
      haltNs = touchedNs
    }
  }
  const { lockup } = watched
  if (lockup === null) return null
  return {
    fullNs,
    answeredNs,
    haltNs,
    refusedNs: lockup.firstFailure?.timeNs ?? lockup.sinceNs,
    provenNs: lockup.atNs,
    lockup
  }
}
