// Simulations that are made up, from kernel and seed alone.
import {
  decodeScenario,
  type LoadedScenario,
  type LockupReport,
  type LockupTaxonomy,
  NO_DROPS,
  NO_LATENCY,
  type Outcome,
  type PortResult,
  type RunHooks,
  type RunResult,
  type Scenario
} from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { Either } from "effect"

/** A port where nothing was dropped. */
const QUIET_PORT: PortResult = {
  name: "client-1",
  drops: NO_DROPS,
  switchDroppedBytes: 0,
  queueHighWaterBytes: 4096,
  pauseFrames: 0,
  pausedNs: 0
}

export const KERNELS = {
  "slab-vanilla": { allocator: "slab", base: "v3.5" },
  "slab-series": { allocator: "slab", base: "v3.6" },
  "slub-vanilla": { allocator: "slub", base: "v3.5" }
}

/** A scenario as a file would have it, with changes. */
export const scenarioWith = (changes: Mapping = {}): LoadedScenario =>
  Either.getOrThrowWith(
    decodeScenario("fake.yaml", { name: "fake", kernels: KERNELS, seeds: 5, clients: [{}], ...changes }),
    (error) => error
  )

/** A result with what matters given. */
export const fakeResult = (
  kernel: string,
  seed: number,
  outcome: Outcome = "completed",
  elapsedNs = 30e9 + seed * 1e9
): RunResult => ({
  scenario: "fake",
  kernel,
  seed,
  fingerprint: `${kernel}-${seed}`,
  outcome,
  simulatedNs: elapsedNs,
  events: 1000 * seed,
  elapsedNs,
  userNs: 1e9,
  sysNs: elapsedNs / 10,
  clients: [{
    name: "client-1",
    kernel,
    outcome,
    elapsedNs,
    userNs: 1e9,
    sysNs: elapsedNs / 10,
    pagesTouched: 1000,
    vmstat: { pgfault: 100 + seed },
    faultLatency: { ...NO_LATENCY, count: 10, p50Ns: 1e6, p99Ns: seed * 1e7, maxNs: 1e8 },
    swapInBytes: 4096 * 1000,
    swapOutBytes: 4096 * 2000,
    network: {
      rxPackets: 1,
      txPackets: 1,
      rxDropped: 0,
      rxMissed: 0,
      allocFailed: 0,
      retransmits: 0,
      rtos: 0,
      pfmemallocDrops: 0,
      duplicates: 0,
      port: QUIET_PORT
    },
    workload: {
      workload: "usemem",
      name: "usemem",
      unit: null,
      done: 0,
      failed: 0,
      latency: null,
      figures: {},
      latencies: {}
    },
    background: [],
    oomKills: 0,
    integrityErrors: 0,
    failedAllocations: 0,
    firstFailedAllocation: null,
    lowWater: [{ zone: "DMA", lowestFree: 90, min: 61 }, { zone: "DMA32", lowestFree: 100 + seed, min: 191 }],
    lockup: null,
    livelock: null,
    rescue: null
  }],
  network: {
    bufferBytes: 524288,
    bufferHighWaterBytes: 4096,
    server: { ...QUIET_PORT, name: "server" },
    otherHosts: null
  },
  server: {
    requests: 10,
    readBytes: 1,
    writeBytes: 1,
    linkInUtilisation: 0.1,
    linkOutUtilisation: 0.2,
    cpuUtilisation: 0.3,
    diskUtilisation: 0,
    cacheHitRatio: 1,
    noSpace: 0,
    meanInSystem: 1,
    throughputPerSecond: 1,
    meanResidenceNs: 1e9
  },
  laws: [{ law: "pages conserved", subject: "client-1", holds: true, detail: "1 of 1" }],
  series: {
    timesNs: Float64Array.of(0, 1e8),
    columns: [{ name: "client-1.nr_free_pages", values: Float64Array.of(9000, 250.5) }]
  },
  warnings: [],
  cpuSeconds: 0.1
})

/** The report of a lockup of a class. */
export const fakeReport = (taxonomy: LockupTaxonomy): LockupReport => ({
  client: "client-1",
  kind: "deadlock",
  taxonomy,
  network: null,
  reclaim: null,
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
  text: ""
})

/** Vanilla SLUB locks up, the rest completes. */
export const fakeSimulate = (_scenario: Scenario, kernel: string, seed: number, hooks: RunHooks): RunResult => {
  hooks.progress({ simulatedNs: 1e9, events: 500, clientsAlive: 1, clients: 1 })
  return fakeResult(kernel, seed, kernel === "slub-vanilla" ? "lockup" : "completed")
}
