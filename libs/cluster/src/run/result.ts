// What one simulation gives back. Everything here is plain data (numbers, strings, arrays, Float64Array columns), so
// that it can cross a worker boundary and be written to a file as it is. Times are simulated nanoseconds unless the
// name says otherwise; sizes are bytes.

import type { Drops } from "./drop-sites.ts"
import type { LockupReport } from "./lockup-report.ts"

/**
 * How a run, or a client, ended.
 *
 * - `corruption`: a page came back with another content than was written.
 * - `completed`: every workload process ran to its end.
 * - `lockup`: the watchdog found a hang or a deadlock; see {@link LockupReport}.
 * - `sigbus`: a workload process could not read a page back from swap.
 * - `oom`: a workload process was killed for lack of memory, and there was no lockup.
 * - `timeout`: the scenario's `duration` was over before the workloads were.
 * - `stopped`: the user ended the run; the figures are what was measured until then.
 */
export type Outcome = "completed" | "corruption" | "lockup" | "sigbus" | "oom" | "timeout" | "stopped"

/** Every outcome, worst first: the order in which a run takes the outcome of its clients. */
export const OUTCOMES: ReadonlyArray<Outcome> = [
  "corruption",
  "lockup",
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
  readonly server: ServerResult
  /** The server on which programs of thin clients run; null without any. */
  readonly applications: ApplicationsResult | null
  readonly network: NetworkResult
  /** Every law that was checked, held or not. */
  readonly laws: ReadonlyArray<LawResult>
  readonly series: Series
  /** The samples of a replay that asked for them. */
  readonly closeUp?: Series
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

/** What the server served of an image. */
interface ImageResult {
  readonly name: string
  readonly requests: number
  readonly readBytes: number
  /** Bytes that were in the page cache, came from the disk for this reader, or were on their way for another one. */
  readonly hitBytes: number
  readonly missBytes: number
  readonly sharedBytes: number
}

/** Network counters of one client. */
export interface ClientNetwork {
  readonly rxPackets: number
  readonly txPackets: number
  /** Packets dropped above the ring, for any reason. */
  readonly rxDropped: number
  /** Packets that found no receive descriptor. */
  readonly rxMissed: number
  /** Receive buffers that could not be allocated. */
  readonly allocFailed: number
  readonly retransmits: number
  /** Retransmission timeouts. */
  readonly rtos: number
  /** Packets from the reserve that sk_filter discarded because their socket is no memalloc socket; all sockets. */
  readonly pfmemallocDrops: number
  /** Segments of its connections to the server, both directions, that arrived although their data had been there: sent in vain. */
  readonly duplicates: number
  readonly port: PortResult
}

/** A port of the switch, its cable and the machine at its other end. */
export interface PortResult {
  /** The machine: client-1, server, other hosts. */
  readonly name: string
  /** Packets that the machine sent, or that were for it, by the place that dropped them. */
  readonly drops: Drops
  /** Bytes of the frames for which the switch had no room. */
  readonly switchDroppedBytes: number
  /** Most bytes that waited in the switch for the machine. */
  readonly queueHighWaterBytes: number
  /** Orders of the switch to pause, or to go on, and the time the machine was not allowed to send. */
  readonly pauseFrames: number
  readonly pausedNs: number
}

/** The switch, and the ports that are no client's. */
export interface NetworkResult {
  readonly bufferBytes: number
  /** Most bytes that were ever in its packet buffer. */
  readonly bufferHighWaterBytes: number
  readonly server: PortResult
  /** Null without thin clients. */
  readonly applications: PortResult | null
  /** Null without other hosts. */
  readonly otherHosts: PortResult | null
}

/** A distribution of latencies, in nanoseconds. All zero when `count` is 0. */
export interface LatencySummary {
  readonly count: number
  readonly meanNs: number
  readonly p50Ns: number
  readonly p90Ns: number
  readonly p95Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly maxNs: number
  /** How many took longer than 1 s, and longer than 10 s. */
  readonly over1s: number
  readonly over10s: number
}

/** The shared NBD server. Utilisations and ratios are shares from 0 to 1, over the same window as the clients. */
export interface ServerResult {
  readonly requests: number
  /** Sent to clients. */
  readonly readBytes: number
  /** Received from clients. */
  readonly writeBytes: number
  /** Link from the switch to the server. */
  readonly linkInUtilisation: number
  /** Link from the server to the switch. */
  readonly linkOutUtilisation: number
  readonly cpuUtilisation: number
  readonly diskUtilisation: number
  readonly cacheHitRatio: number
  /** Images of roots, by name. */
  readonly images: ReadonlyArray<ImageResult>
  /** Writes that were refused because the disk was full. */
  readonly noSpace: number
  /** Requests in the server on average: L of Little's law. */
  readonly meanInSystem: number
  /** Requests that arrived per simulated second: λ of Little's law. */
  readonly throughputPerSecond: number
  /** Time of a request in the server on average, of those still there at the end too: W of Little's law. */
  readonly meanResidenceNs: number
}

/** The server on which programs of thin clients run. Utilisations are shares from 0 to 1, over the whole run. */
export interface ApplicationsResult {
  /** Persons whose programs it runs. */
  readonly people: number
  readonly ramBytes: number
  /** Least free memory over the run, in bytes, all zones. */
  readonly lowestFreeBytes: number
  readonly swapInBytes: number
  readonly swapOutBytes: number
  readonly faultLatency: LatencySummary
  readonly cpuUtilisation: number
  /** Link from the switch to it, and back. */
  readonly linkInUtilisation: number
  readonly linkOutUtilisation: number
  /** Of the disk that it swaps to. */
  readonly diskUtilisation: number
  /** Bytes of pictures that it has sent to screens, and of input that it has got. */
  readonly pictureBytes: number
  readonly inputBytes: number
  readonly oomKills: number
}

export type LawName =
  | "pages conserved"
  | "packets conserved"
  | "retransmits explained"
  | "Little's law"
  | "swap tokens"
  | "image tokens"

/** One law checked on one subject, for example pages of client-3. */
export interface LawResult {
  readonly law: LawName
  readonly subject: string
  readonly holds: boolean
  /** The figures of both sides. */
  readonly detail: string
}

/** A time series in columns: every column has a value for every time. */
export interface Series {
  readonly timesNs: Float64Array
  /** For example `client-1.nr_free_pages`. */
  readonly columns: ReadonlyArray<SeriesColumn>
}

export interface SeriesColumn {
  readonly name: string
  readonly values: Float64Array
}

/** Where a run has got to. */
export interface RunProgress {
  readonly simulatedNs: number
  readonly events: number
  /** Clients that have neither locked up nor lost a process. */
  readonly clientsAlive: number
  readonly clients: number
}

/** How a run talks to its caller while it runs. Both are called every 100,000 events or so. */
export interface RunHooks {
  readonly progress: (progress: RunProgress) => void
  /** True ends the run at once, with the outcome `stopped`. */
  readonly shouldStop: () => boolean
  /** CPU time of the host so far in seconds, for the result; a lib does not know it by itself. */
  readonly cpuSeconds: () => number
}

/** Hooks that do nothing. */
export const NO_HOOKS: RunHooks = { progress: () => {}, shouldStop: () => false, cpuSeconds: () => 0 }
