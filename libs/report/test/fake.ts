// Experiments that are made up, for tests of tables.
import {
  clientsOf,
  decodeScenario,
  type LockupReport,
  NO_DROPS,
  NO_LATENCY,
  type Outcome,
  type PortResult,
  type RunResult
} from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { type ExperimentResult, layerInProcess, makePlan, runExperiment, type Simulate } from "@swaplab/experiment"
import { Effect, Either } from "effect"

/** A port where nothing was dropped. */
const QUIET_PORT: PortResult = {
  name: "client-1",
  drops: NO_DROPS,
  switchDroppedBytes: 0,
  queueHighWaterBytes: 4096,
  pauseFrames: 0,
  pausedNs: 0
}

/** The report of a lockup of client-1. */
export const lockupReport = (known: Partial<LockupReport>): LockupReport => ({
  client: "client-1",
  kind: "deadlock",
  taxonomy: "tx starvation",
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
  text: "deadlock of client-1\n",
  ...known
})

const lockupOf = (seed: number): LockupReport =>
  lockupReport({
    kind: seed === 2 ? "hang" : "deadlock",
    atNs: 130e9,
    sinceNs: seed * 10e9,
    graph: { nodes: [], edges: [], cycle: [], closed: false },
    requestsOutstanding: 128,
    lastCompletionNs: seed * 10e9,
    text:
      `deadlock of client-1, seed ${seed}\n  nbd0 in direct reclaim needs a page: order:0, GFP_NOIO, DMA32 free 142 <= floor 191; `
      + "pages are freed when a write completes\n"
  })

const result = (
  kernel: string,
  seed: number,
  clients: ReadonlyArray<string>,
  { elapsedNs, lockup, outcome }: Fate
): RunResult => ({
  scenario: "fake",
  kernel,
  seed,
  fingerprint: `${kernel.length}${seed}`.padStart(16, "0"),
  outcome,
  simulatedNs: elapsedNs,
  events: 1_000_000,
  elapsedNs,
  userNs: 1e9,
  sysNs: elapsedNs / 16,
  clients: clients.map((name, i) => ({
    name,
    kernel,
    outcome,
    elapsedNs,
    userNs: 1e9,
    sysNs: elapsedNs / 16,
    pagesTouched: 1000,
    vmstat: {
      pgfault: 5000,
      pgmajfault: 400,
      pgscan_kswapd_dma: 1,
      pgscan_kswapd_dma32: 20,
      pgscan_kswapd_normal: 300
    },
    faultLatency: outcome === "lockup" ? NO_LATENCY : {
      count: 400,
      meanNs: 2e6,
      p50Ns: 1.25e6,
      p90Ns: 4e6,
      p95Ns: 16e6,
      p99Ns: 65.5e6,
      p999Ns: 0.5e9,
      maxNs: (i + 1) * 1e9
    },
    swapInBytes: elapsedNs / 50,
    swapOutBytes: elapsedNs / 40,
    network: {
      rxPackets: 1,
      txPackets: 1,
      rxDropped: 0,
      rxMissed: 2,
      allocFailed: 3,
      retransmits: 4,
      rtos: 5,
      pfmemallocDrops: 6,
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
    failedAllocations: 7,
    firstFailedAllocation: null,
    lowWater: [{ zone: "DMA32", lowestFree: 150, min: 191 }],
    lockup: outcome === "lockup" ? lockup ?? lockupOf(seed) : null,
    livelock: null,
    rescue: null
  })),
  network: {
    bufferBytes: 524288,
    bufferHighWaterBytes: 4096,
    server: { ...QUIET_PORT, name: "server" },
    otherHosts: null
  },
  server: {
    requests: 80_000,
    readBytes: 1e9,
    writeBytes: 1e9,
    linkInUtilisation: 0.524,
    linkOutUtilisation: 0.538,
    cpuUtilisation: 0.075,
    diskUtilisation: 0,
    cacheHitRatio: 1,
    noSpace: 0,
    meanInSystem: 0.58,
    throughputPerSecond: 3470,
    meanResidenceNs: 169_000
  },
  laws: [{ law: "pages conserved", subject: "client-1", holds: true, detail: "16384 of 16384" }],
  series: { timesNs: new Float64Array(0), columns: [] },
  warnings: seed === 2 ? ["the receive ring was empty at times"] : [],
  cpuSeconds: 2
})

/** What became of a run. */
interface Fate {
  readonly outcome: Outcome
  readonly elapsedNs: number
  readonly lockup?: LockupReport
}

/** Made-up runs of all clients of a scenario. */
export const fakeRun = (of: (kernel: string, seed: number) => Fate): Simulate => (scenario, kernel, seed) =>
  result(kernel, seed, clientsOf(scenario, kernel).map(({ name }) => name), of(kernel, seed))

/** The times of the published runs, by kernel; the seed adds seconds. */
const SECONDS: Readonly<Record<string, number>> = {
  "slab-vanilla": 3240.7,
  "slab-series": 1762.09,
  "slub-series": 1800
}

const published = (kernel: string, seed: number): Fate => ({
  outcome: kernel === "slub-vanilla" ? "lockup" : "completed",
  elapsedNs: ((SECONDS[kernel] ?? 100) + seed - 1) * 1e9
})

export const fakeExperiment = (
  changes: Mapping = {},
  of: (kernel: string, seed: number) => Fate = published
): ExperimentResult => {
  const loaded = Either.getOrThrowWith(
    decodeScenario(
      "fake.yaml",
      {
        name: "fake",
        description: "Made up.",
        seeds: 3,
        kernels: {
          "slab-vanilla": { allocator: "slab", base: "v3.5" },
          "slab-series": { allocator: "slab", base: "v3.6" },
          "slub-vanilla": { allocator: "slub", base: "v3.5" }
        },
        clients: [{ name: "client" }],
        expect: { "slub-vanilla": "lockup" },
        ...changes
      }
    ),
    (error) => error
  )
  const runner = layerInProcess(fakeRun(of))
  return Effect.runSync(Effect.provide(runExperiment(Either.getOrThrow(makePlan(loaded))), runner))
}
