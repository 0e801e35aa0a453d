// Experiments that are made up, for tests of tables.
import {
  clientsOf,
  decodeScenario,
  type LockupReport,
  madeUpLockup,
  madeUpResult,
  NO_LATENCY,
  type Outcome,
  type RunResult
} from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { type ExperimentResult, layerInProcess, makePlan, runExperiment, type Simulate } from "@swaplab/experiment"
import { Effect, Either } from "effect"

const lockupOf = (seed: number): LockupReport =>
  madeUpLockup({
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
): RunResult => {
  const run = madeUpResult({ kernel, seed, outcome, elapsedNs, clients })
  return {
    ...run,
    fingerprint: `${kernel.length}${seed}`.padStart(16, "0"),
    clients: run.clients.map((client, i) => ({
      ...client,
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
        maxNs: (i + 1) * 1e9,
        over1s: i === 0 ? 0 : 1,
        over10s: 0
      },
      lockup: outcome === "lockup" ? lockup ?? lockupOf(seed) : null
    })),
    warnings: seed === 2 ? ["the receive ring was empty at times"] : []
  }
}

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
