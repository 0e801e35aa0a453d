// Results of runs that nobody simulated: for tests of statistics, tables and commands, and for trying those without a run.
// Kernel, seed and outcome are given; every other figure is a plausible one, the same for all, which a test replaces where it
// matters.
import { TcpMib } from "@swaplab/tcp"
import { NO_DROPS } from "./drop-sites.ts"
import type { Latencies } from "./latency-summary.ts"
import { NO_LATENCY } from "./latency.ts"
import type { LockupReport } from "./lockup-report.ts"
import type { PortResult } from "./network-result.ts"
import type { ClientResult, Outcome, RunResult } from "./result.ts"

/** What is known of a made-up run. */
interface MadeUpRun {
  readonly kernel: string
  readonly seed: number
  readonly outcome: Outcome
  readonly elapsedNs: number
  /** Names of its clients. */
  readonly clients: ReadonlyArray<string>
}

/** A port of the switch where nothing was dropped. */
const quietPort = (name: string): PortResult => ({
  name,
  drops: NO_DROPS,
  switchDroppedBytes: 0,
  queueHighWaterBytes: 4096,
  pauseFrames: 0,
  pausedNs: 0
})

/** A lockup of client-1 for want of pages in the sender, but for what is known of it. */
export const madeUpLockup = (known: Partial<LockupReport> = {}): LockupReport => ({
  client: "client-1",
  kind: "deadlock",
  taxonomy: "tx starvation",
  network: null,
  reclaim: null,
  faults: [],
  atNs: 6.2e9,
  sinceNs: 0.2e9,
  tasks: [],
  graph: { nodes: [], edges: [], cycle: [], closed: true },
  cycle: [],
  allocation: null,
  firstFailure: null,
  zones: [],
  requestsOutstanding: 1,
  lastCompletionNs: 0.2e9,
  text: "deadlock of client-1\n",
  ...known
})

/** A distribution of ten latencies of 1 ms, but for what is known of it. */
export const madeUpLatencies = (known: Partial<Latencies> = {}): Latencies => ({
  count: 10,
  meanNs: 1e6,
  p50Ns: 1e6,
  p90Ns: 1e6,
  p95Ns: 1e6,
  p99Ns: 1e6,
  p999Ns: 1e6,
  maxNs: 1e6,
  over1s: 0,
  over10s: 0,
  ...known
})

const client = ({ elapsedNs, kernel, outcome }: MadeUpRun, name: string): ClientResult => ({
  name,
  kernel,
  outcome,
  startedNs: 0,
  boots: 1,
  elapsedNs,
  userNs: 1e9,
  sysNs: elapsedNs / 16,
  pagesTouched: 1000,
  vmstat: {},
  faultLatency: NO_LATENCY,
  swapInBytes: elapsedNs / 50,
  swapOutBytes: elapsedNs / 40,
  network: {
    rxPackets: 1,
    rxBytes: 1,
    txBytes: 1,
    txPackets: 1,
    rxDropped: 0,
    rxMissed: 2,
    interrupts: 1,
    allocFailed: 3,
    retransmits: 4,
    rtos: 5,
    pfmemallocDrops: 6,
    duplicates: 0,
    tcp: { ...new TcpMib() },
    port: quietPort(name)
  },
  workload: {
    workload: "made-up",
    name: "made-up",
    unit: null,
    done: 0,
    failed: 0,
    latency: null,
    figures: {},
    latencies: {}
  },
  background: [],
  root: null,
  connection: null,
  oomKills: 0,
  integrityErrors: 0,
  failedAllocations: 7,
  reserveLeaks: null,
  firstFailedAllocation: null,
  lowWater: [{ zone: "DMA32", lowestFree: 150, min: 191 }],
  lockup: null,
  livelock: null,
  swapLayers: null,
  standstill: null,
  rescue: null
})

/** The result of a run that was made up. */
export const madeUpResult = (run: MadeUpRun): RunResult => ({
  scenario: "made up",
  kernel: run.kernel,
  seed: run.seed,
  fingerprint: `${run.kernel}-${run.seed}`,
  outcome: run.outcome,
  simulatedNs: run.elapsedNs,
  events: 1_000_000,
  elapsedNs: run.elapsedNs,
  userNs: 1e9,
  sysNs: run.elapsedNs / 16,
  clients: run.clients.map((name) => client(run, name)),
  groups: [],
  network: {
    switches: [{ name: "switch", bufferBytes: 524_288, bufferHighWaterBytes: 4096 }],
    uplinks: [],
    members: [],
    servers: [quietPort("server")],
    applications: null,
    otherHosts: null
  },
  applications: null,
  servers: [{
    name: "server",
    requests: 80_000,
    readBytes: 1e9,
    writeBytes: 1e9,
    linkInUtilisation: 0.524,
    linkOutUtilisation: 0.538,
    cpuUtilisation: 0.075,
    diskUtilisation: 0,
    cacheHitRatio: 1,
    images: [],
    noSpace: 0,
    rateWaits: 0,
    rateWaitedNs: 0,
    troubles: {
      connectionsKilled: 0,
      connectionsAccepted: 0,
      connectsRefused: 0,
      requestsUnanswered: 0,
      errorsInjected: 0,
      requestsSlowed: 0,
      noSpace: 0,
      pagesForgotten: 0
    },
    meanInSystem: 0.58,
    throughputPerSecond: 3470,
    meanResidenceNs: 169_000
  }],
  faults: [],
  laws: [{ law: "pages conserved", subject: "client-1", holds: true, detail: "16384 of 16384" }],
  series: {
    timesNs: Float64Array.of(0, 1e8),
    columns: [{ name: "client-1.nr_free_pages", values: Float64Array.of(9000, 250.5) }]
  },
  warnings: [],
  cpuSeconds: 2
})
