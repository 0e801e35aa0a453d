// Ends a run that has missed what it has to keep, where nothing can make that good: a figure that only grows is above its limit, or a
// client has locked up where none may. A run that is ended so has missed; one that is not is the run that it would have been.
// Certain: the longest of some latencies, and counts that only rise, held against an upper limit. Not certain, and so never a reason:
// means, percentiles and shares, which the rest of a run may bring down again; lower limits; figures of servers and of runs.
import { formatQuantity, TIME } from "@swaplab/config"
import { PSWPIN, PSWPOUT } from "@swaplab/page-alloc"
import type { WorkloadTable } from "@swaplab/workload"
import { formatMiss, formatThreshold, keeps, type Threshold } from "../scenario/threshold.ts"
import { ClientLoad } from "./client-load.ts"
import type { ClientRun } from "./client-run.ts"
import { clientResult } from "./collect.ts"
import { type MetricName, metricOf } from "./metrics.ts"
import type { GroupResult } from "./result.ts"

/** What a run has to keep, as far as a miss of it can be certain before its end. */
export interface EarlyStop {
  readonly thresholds: ReadonlyArray<Threshold>
  /** Whether a lockup of any client is a miss. */
  readonly lockup: boolean
  /**
   * So many events, with the pages that were swapped, are enough where no client stands in a closed cycle, or even then: with
   * `stuckToo`. An event may swap many pages, each of which takes the host as long as an event.
   */
  readonly enough?: { readonly events: number; readonly stuckToo: boolean }
}

/** Counts of a client over all its boots. */
const COUNTS: ReadonlyArray<MetricName> = ["client.integrityErrors", "client.oomKills", "client.failedAllocations"]

/** Whether a figure of a client or a group never falls while a run goes on. */
const onlyGrows = (metric: string): boolean =>
  COUNTS.some((name) => name === metric) || /^(client|group)\..*\.max$/.test(metric)

/** Those of the limits that can be missed for good before the end of a run. */
export const certainLimits = (thresholds: ReadonlyArray<Threshold>): ReadonlyArray<Threshold> =>
  thresholds.filter(({ comparison, metric }) => comparison.startsWith("<") && onlyGrows(metric))

/** Looks in a run go on at most so often; each takes some milliseconds. */
const LOOKS = 40

/** Looks whether a run has missed for good. */
export class MissWatch {
  readonly #stop: EarlyStop
  readonly #runs: ReadonlyArray<ClientRun>
  readonly #workloads: WorkloadTable | undefined
  readonly #everyNs: number
  #dueNs = 0

  constructor(
    stop: EarlyStop,
    runs: ReadonlyArray<ClientRun>,
    duration: number,
    workloads?: WorkloadTable
  ) {
    this.#stop = stop
    this.#runs = runs
    this.#workloads = workloads
    this.#everyNs = duration / LOOKS
  }

  /** What has been missed after so many events, in words; null: nothing yet, as far as it was looked. */
  look(nowNs: number, events: number): string | null {
    const at = `; ended at ${formatQuantity(TIME, Math.round(nowNs / 1e6) * 1e6)}`
    const { enough } = this.#stop
    if (
      enough !== undefined && events + this.#swapped() >= enough.events && (enough.stuckToo || !this.#standsStill())
    ) {
      return `enough: ${enough.events} events and swapped pages${at}`
    }
    if (nowNs < this.#dueNs) return null
    this.#dueNs = nowNs + this.#everyNs
    const locked = this.#stop.lockup ? this.#runs.find(({ lockup }) => lockup !== null) : undefined
    if (locked !== undefined) return `${locked.client.spec.name} has locked up${at}`
    for (const threshold of this.#stop.thresholds) {
      const missed = this.#miss(threshold)
      if (missed !== null) return `${missed}${at}`
    }
    return null
  }

  /** Pages that clients have swapped since their last boot. */
  #swapped(): number {
    return this.#runs.reduce((sum, { client }) => {
      const { items } = client.machine.pages.vmstat
      return sum + items[PSWPIN] + items[PSWPOUT]
    }, 0)
  }

  /** A client is in a closed cycle, which goes on until it is proved a deadlock or has opened. */
  #standsStill(): boolean {
    return this.#runs.some(({ locked, stuck }) => stuck !== null && !locked)
  }

  #miss(threshold: Threshold): string | null {
    const metric = metricOf(threshold.metric, this.#workloads)
    const limit = formatThreshold(threshold, this.#workloads)
    const missing = (name: string, value: number | null): string | null =>
      value === null || keeps(threshold, value)
        ? null
        : `${limit}: ${name} has ${formatMiss(threshold, value, this.#workloads)}`
    if (metric?.scope === "client") {
      for (const run of this.#runs) {
        const missed = missing(run.client.spec.name, metric.of(clientResult(run, "stopped")))
        if (missed !== null) return missed
      }
    } else if (metric?.scope === "group") {
      for (const group of this.#groups()) {
        const missed = missing(group.group, metric.of(group))
        if (missed !== null) return missed
      }
    }
    return null
  }

  #groups(): ReadonlyArray<GroupResult> {
    const groups = [...new Set(this.#runs.map(({ client }) => client.spec.group))]
    return groups.map((group) => {
      const loads = this.#runs.filter(({ client }) => client.spec.group === group).map(({ measured }) => measured)
      return { group: group.name, clients: loads.length, workload: ClientLoad.resultOfAll(loads) }
    })
  }
}
