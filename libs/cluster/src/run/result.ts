// What one simulation gives back. Everything here is plain data (numbers, strings, arrays, Float64Array columns), so
// that it can cross a worker boundary and be written to a file as it is. Times are simulated nanoseconds unless the
// name says otherwise; sizes are bytes.

import type { ServerTraceData } from "@swaplab/server-model"
import type { TcpMib } from "@swaplab/tcp"
import type { ConnectionResult } from "./connection-result.ts"
import type { EarlyStop } from "./early-stop.ts"
import type { FaultResult } from "./fault-result.ts"
import type { GatewayResult } from "./gateway-result.ts"
import type { LatencySummary } from "./latency-summary.ts"
import type { LockupReport } from "./lockup-report.ts"
import type { NetworkResult, PortResult } from "./network-result.ts"
import type { Series } from "./series.ts"
import type { ApplicationsResult, ServerResult } from "./server-result.ts"
import type { SwapLayersResult } from "./swap-layers-result.ts"
import type { Cluster } from "./topology.ts"

/**
 * How a run, or a client, ended.
 *
 * - `corruption`: a page came back with another content than was written.
 * - `completed`: every workload process ran to its end.
 * - `lockup`: the watchdog found a hang or a deadlock; see {@link LockupReport}.
 * - `lost-swap`: a workload process found zeroes where the server had forgotten what it had swapped out.
 * - `sigbus`: a workload process could not read a page back from swap.
 * - `oom`: a workload process was killed for lack of memory, and there was no lockup.
 * - `timeout`: the scenario's `duration` was over before the workloads were.
 * - `stopped`: the user ended the run; the figures are what was measured until then.
 */
export type Outcome = "completed" | "corruption" | "lockup" | "lost-swap" | "sigbus" | "oom" | "timeout" | "stopped"

/** Every outcome, worst first: the order in which a run takes the outcome of its clients. */
export const OUTCOMES: ReadonlyArray<Outcome> = [
  "corruption",
  "lockup",
  "lost-swap",
  "sigbus",
  "oom",
  "timeout",
  "stopped",
  "completed"
]

/** One simulation: a scenario, run with one kernel and one seed. */
export interface RunResult {
  /** Name of the scenario. */
  readonly scenario: string
  /** Name of the cell's kernel in the scenario. */
  readonly kernel: string
  readonly seed: number
  /** Hash over every event. Same scenario, kernel and seed: same fingerprint, on every machine. */
  readonly fingerprint: string
  /** The worst outcome of its clients. */
  readonly outcome: Outcome
  /** Simulated time at the end of the run. */
  readonly simulatedNs: number
  readonly events: number
  /** All workloads: from the first start to the last exit. Where not all exited: to the end of the run. */
  readonly elapsedNs: number
  /** CPU time in user mode, all clients. */
  readonly userNs: number
  /** CPU time in the kernel, softirqs included, all clients. */
  readonly sysNs: number
  /** Sorted naturally by name. */
  readonly clients: ReadonlyArray<ClientResult>
  /** What the clients of each group have measured, together; groups in the order of the scenario. */
  readonly groups: ReadonlyArray<GroupResult>
  /** The NBD servers, in the order of the scenario. */
  readonly servers: ReadonlyArray<ServerResult>
  /** The server on which programs of thin clients run; null without any. */
  readonly applications: ApplicationsResult | null
  readonly network: NetworkResult
  /** What the scenario's faults did, in the order of their beginnings; at most 1000. */
  readonly faults: ReadonlyArray<FaultResult>
  /** Every law that was checked, held or not. */
  readonly laws: ReadonlyArray<LawResult>
  readonly series: Series
  /** The samples of a replay that asked for them. */
  readonly closeUp?: Series
  /** Of a run that was checked: how often each slow path was taken, and each other counter of its structures, by COUNTER_NAMES. */
  readonly counters?: Readonly<Record<string, number>>
  /** What the run had missed for good when it was ended for that, with the outcome `stopped` or worse; its figures are those until then. */
  readonly endedEarly?: string
  /** The server outside, of a run whose server stood there; and all that it did, for a replay. */
  readonly gateway?: GatewayResult
  readonly serverTrace?: ServerTraceData
  /** What a reader must know about this run, for example that a limit was hit. */
  readonly warnings: ReadonlyArray<string>
  /** CPU time of the host that the simulation took. Not reproducible, and no part of the fingerprint. */
  readonly cpuSeconds: number
}

/** One client of a run. */
export interface ClientResult {
  readonly name: string
  readonly kernel: string
  readonly outcome: Outcome
  /** Times that it booted, the first before the run began. Its counters are those of all boots together. */
  readonly boots: number
  /** When its workload started; null: the run was over before. */
  readonly startedNs: number | null
  /** From its start to its end, or to the end of the run. */
  readonly elapsedNs: number
  readonly userNs: number
  readonly sysNs: number
  /** Touches of pages by the workload. */
  readonly pagesTouched: number
  /** Counters of /proc/vmstat under their Linux names, in Linux's order. */
  readonly vmstat: Readonly<Record<string, number>>
  /** Major faults: from the fault to the page being mapped. */
  readonly faultLatency: LatencySummary
  readonly swapInBytes: number
  readonly swapOutBytes: number
  readonly network: ClientNetwork
  /** What is measured. */
  readonly workload: WorkloadResult
  /** What ran besides and counts something, in the order of the table of workloads. */
  readonly background: ReadonlyArray<WorkloadResult>
  /** What it read of its root image; null: it has none. */
  readonly root: RootResult | null
  /** Compressed memory and encryption in front of its swap export; null: neither. */
  readonly swapLayers: SwapLayersResult | null
  /** What became of its connections to servers; null: nothing happened to them, and no request failed. */
  readonly connection: ConnectionResult | null
  readonly oomKills: number
  /** Pages that came back with another content than was written. Any is a corruption. */
  readonly integrityErrors: number
  /**
   * Page allocations that failed with a message ("page allocation failure"), those lost to its rate limit included. Not
   * counted: attempts with __GFP_NOWARN, which have something to fall back on (a lower order, a mempool).
   */
  readonly failedAllocations: number
  /** The kernel's message of the first of them. */
  readonly firstFailedAllocation: string | null
  /**
   * Objects of slabs from the reserve that SLAB of a kernel with memory nodes handed, past the arrays that guard them, to callers
   * without a right to the reserve; null: not counted, as with SLUB.
   */
  readonly reserveLeaks: number | null
  /** How deep each zone was used, from DMA up. */
  readonly lowWater: ReadonlyArray<ZoneLowWater>
  readonly lockup: LockupReport | null
  /** The first window in which its reclaim scanned and freed next to nothing. The run goes on after it. */
  readonly livelock: LockupReport | null
  /** The closed wait-for cycle in which it stood when the time was up, not yet long enough for the proof of a deadlock. */
  readonly standstill: LockupReport | null
  /** The first closed wait-for cycle that the OOM killer has broken. */
  readonly rescue: LockupReport | null
}

/** The least free memory of a zone over a whole run, against its min watermark; both in pages. */
export interface ZoneLowWater {
  readonly zone: string
  readonly lowestFree: number
  readonly min: number
}

/** A workload of one client, over the whole run. */
export interface WorkloadResult {
  /** Its key in the table of workloads, and in the names of its metrics. */
  readonly workload: string
  /** As a report has it. */
  readonly name: string
  /** What `done` counts: messages, transactions, …; null where it has no operations. */
  readonly unit: string | null
  readonly done: number
  /** Operations that failed for want of memory, and processes that were killed. */
  readonly failed: number
  /** Of its operations; null where they have none. */
  readonly latency: LatencySummary | null
  /** Its other figures, by their names: counts, and distributions of latencies. */
  readonly figures: Readonly<Record<string, number>>
  readonly latencies: Readonly<Record<string, LatencySummary>>
}

/** The measured workload of all clients of a group: counts are sums, distributions are those of all values. */
export interface GroupResult {
  readonly group: string
  readonly clients: number
  readonly workload: WorkloadResult
}

/** What a client read of its root image. */
export interface RootResult {
  /** Bytes read from the device: of squashfs, compressed ones. */
  readonly readBytes: number
  /** Pages of files that were read again after reclaim had dropped them. */
  readonly refaults: number
  /** Pages that could not be read. */
  readonly readErrors: number
  /** Blocks of squashfs that were decompressed. */
  readonly blocks: number
}

/** Network counters of one client. */
export interface ClientNetwork {
  readonly rxPackets: number
  readonly txPackets: number
  /** Bytes of frames that the switch sent to it, and that it sent. */
  readonly rxBytes: number
  readonly txBytes: number
  /** Packets dropped above the ring, for any reason. */
  readonly rxDropped: number
  /** Packets that found no receive descriptor. */
  readonly rxMissed: number
  /** Interrupts of its card. */
  readonly interrupts: number
  /** Receive buffers that could not be allocated. */
  readonly allocFailed: number
  readonly retransmits: number
  /** Retransmission timeouts. */
  readonly rtos: number
  /** Packets from the reserve that sk_filter discarded because their socket is no memalloc socket; all sockets. */
  readonly pfmemallocDrops: number
  /** Segments of its connections to the server, both directions, whose data had arrived before: sent in vain. */
  readonly duplicates: number
  /** What became of losses on its connections to the server, both ends: counters by their names in /proc/net/netstat. */
  readonly tcp: Readonly<TcpMib>
  readonly port: PortResult
}

export type LawName =
  | "pages conserved"
  | "packets conserved"
  | "retransmits explained"
  | "Little's law"
  | "swap tokens"
  | "swap slots"
  | "image tokens"
  | "nothing left over"

/** One law checked on one subject, for example pages of client-3. */
export interface LawResult {
  readonly law: LawName
  readonly subject: string
  readonly holds: boolean
  /** The figures of both sides. */
  readonly detail: string
}

/** Where a run has got to. */
export interface RunProgress {
  readonly simulatedNs: number
  readonly events: number
  /** Clients that have neither locked up nor lost a process. */
  readonly clientsAlive: number
  readonly clients: number
}

/** How a run talks to its caller while it runs: the first two are called every 100,000 events or so. */
export interface RunHooks {
  readonly progress: (progress: RunProgress) => void
  /** True ends the run at once, with the outcome `stopped`. */
  readonly shouldStop: () => boolean
  /** Ends the run, too, as soon as it is seen that it has missed for good. Without it: never. */
  readonly earlyStop?: EarlyStop
  /** CPU time of the host so far in seconds, for the result; a lib does not know it by itself. */
  readonly cpuSeconds: () => number
  /** Invariants of every structure are looked at now and then, and at the end. Changes no event. */
  readonly checked?: boolean
  /** Gets the cluster before anything has happened, to put taps into its network. */
  readonly built?: (cluster: Cluster) => void
}

/** Hooks that do nothing. */
export const NO_HOOKS: RunHooks = { progress: () => {}, shouldStop: () => false, cpuSeconds: () => 0 }
