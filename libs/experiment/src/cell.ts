// What a table over many runs needs of each one. A whole result of a run has some 100 kB with its time series; this has a
// few kB, so that thousands fit into memory and into files. Equal runs give equal cells: no time of the host.
import {
  type ClientResult,
  fellBehind,
  kernelOf,
  type LockupFailure,
  type LockupKind,
  type LockupTaxonomy,
  type Outcome,
  type RunResult,
  type Scenario
} from "@swaplab/cluster"
import { patchesOf } from "@swaplab/kernel"
import type { WorkloadTable } from "@swaplab/workload"
import { metricsOf, type RunMetrics } from "./run-metrics.ts"
import { type NoSteadyState, steadyOf, type SteadyState } from "./sweep/steady.ts"

/** The first lockup of a run. */
export interface CellLockup {
  readonly client: string
  readonly kind: LockupKind
  readonly taxonomy: LockupTaxonomy
  /** Last progress. */
  readonly sinceNs: number
  /** The allocation that cannot succeed, and whose it is; null if none is stuck. */
  readonly allocation: string | null
  /** The allocation that was refused first, and whose it was; null if none was. */
  readonly firstFailure: string | null
}

/** One run, reduced. Counts are sums over its clients. */
export interface CellResult {
  readonly kernel: string
  readonly seed: number
  readonly fingerprint: string
  readonly outcome: Outcome
  readonly simulatedNs: number
  readonly events: number
  readonly elapsedNs: number
  readonly sysNs: number
  readonly lockup: CellLockup | null
  /** pgscan_direct_throttle; null where no client's kernel has the counter. */
  readonly throttles: number | null
  /** Packets lost on clients for want of memory or of a descriptor. */
  readonly drops: number
  /** Packets made of the reserve that sk_filter discarded. */
  readonly filterDrops: number
  readonly retransmits: number
  /** Page allocations that failed with a message; the message of the first. */
  readonly failedAllocations: number
  readonly firstFailedAllocation: string | null
  /** The zone that went deepest below its min watermark: the least free pages, and the mark. */
  readonly lowWater: { readonly zone: string; readonly lowestFree: number; readonly min: number }
  /** Every metric that a threshold can name. */
  readonly metrics: RunMetrics
  /** What its servers do once the beginning is over. */
  readonly steady: SteadyState | NoSteadyState
  /** What it had missed for good when it was ended for that; its other figures are those until then. */
  readonly endedEarly?: string
  /** Why a run in real time is not judged: its host could not keep up. */
  readonly behind?: string
  /** Laws that do not hold: faults of swaplab. */
  readonly brokenLaws: ReadonlyArray<string>
}

/** Deepest below the min watermark, in pages. */
const deepest = (clients: ReadonlyArray<ClientResult>): CellResult["lowWater"] =>
  clients.flatMap(({ lowWater }) => lowWater).reduce((a, b) => b.min - b.lowestFree > a.min - a.lowestFree ? b : a)

const failureText = ({ flags, gfp, order, task, zones }: LockupFailure): string => {
  const tried = zones.map(({ floor, free, name }) => `${name} free ${free} <= floor ${floor}`).join(", ")
  return `order:${order}, mode:0x${gfp.toString(16)} (${flags}), ${tried} by ${task}`
}

const firstLockup = (clients: ReadonlyArray<ClientResult>): CellLockup | null => {
  const locked = clients.flatMap(({ lockup }) => lockup ?? [])
  // where nobody has locked up, what kept a client from its end until the time was up
  const reports = locked.length > 0
    ? locked
    : clients.flatMap(({ livelock, outcome }) => outcome === "timeout" ? livelock ?? [] : [])
  if (reports.length === 0) return null
  const first = reports.reduce((a, b) => (b.sinceNs < a.sinceNs ? b : a))
  const { allocation, client, firstFailure, kind, sinceNs, taxonomy } = first
  return {
    client,
    kind,
    taxonomy,
    sinceNs,
    allocation: allocation === null ? null : `${allocation.text} by ${allocation.task}`,
    firstFailure: firstFailure === null ? null : failureText(firstFailure)
  }
}

/** Reduces the result of a run of `scenario`. */
export const cellOf = (scenario: Scenario, run: RunResult, workloads?: WorkloadTable): CellResult => {
  const { clients } = run
  const sum = (value: (client: ClientResult) => number): number =>
    clients.reduce((total, client) => total + value(client), 0)
  const behind = fellBehind(run)
  const counted = clients.some(({ kernel }) => patchesOf(kernelOf(scenario, kernel)).has("throttle-counter"))
  return {
    kernel: run.kernel,
    seed: run.seed,
    fingerprint: run.fingerprint,
    outcome: run.outcome,
    simulatedNs: run.simulatedNs,
    events: run.events,
    elapsedNs: run.elapsedNs,
    sysNs: run.sysNs,
    lockup: firstLockup(clients),
    throttles: counted ? sum(({ vmstat }) => vmstat.pgscan_direct_throttle ?? 0) : null,
    drops: sum(({ network }) => network.rxDropped + network.rxMissed),
    filterDrops: sum(({ network }) => network.pfmemallocDrops),
    retransmits: sum(({ network }) => network.retransmits),
    failedAllocations: sum((client) => client.failedAllocations),
    firstFailedAllocation: clients.find((client) => client.firstFailedAllocation !== null)?.firstFailedAllocation
      ?? null,
    lowWater: deepest(clients),
    metrics: metricsOf(run, workloads),
    steady: steadyOf(run),
    ...(run.endedEarly !== undefined && { endedEarly: run.endedEarly }),
    ...(behind !== null && { behind }),
    brokenLaws: run.laws.filter(({ holds }) => !holds).map(({ detail, law, subject }) =>
      `${law}, ${subject}: ${detail}`
    )
  }
}
