// Simulations that are made up, from kernel and seed alone.
import {
  decodeScenario,
  type LoadedScenario,
  madeUpLatencies,
  madeUpResult,
  type Outcome,
  type RunHooks,
  type RunResult,
  type Scenario
} from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { Either } from "effect"

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

/** A result of client-1 whose figures grow with the seed. */
export const fakeResult = (
  kernel: string,
  seed: number,
  outcome: Outcome = "completed",
  elapsedNs = 30e9 + seed * 1e9
): RunResult => {
  const run = madeUpResult({ kernel, seed, outcome, elapsedNs, clients: ["client-1"] })
  return {
    ...run,
    events: 1000 * seed,
    clients: run.clients.map((client) => ({
      ...client,
      vmstat: { pgfault: 100 + seed },
      faultLatency: madeUpLatencies({ p99Ns: seed * 1e7, maxNs: 1e8 }),
      lowWater: [{ zone: "DMA", lowestFree: 90, min: 61 }, { zone: "DMA32", lowestFree: 100 + seed, min: 191 }]
    }))
  }
}

/** Vanilla SLUB locks up, the rest completes. */
export const fakeSimulate = (_scenario: Scenario, kernel: string, seed: number, hooks: RunHooks): RunResult => {
  hooks.progress({ simulatedNs: 1e9, events: 500, clientsAlive: 1, clients: 1 })
  return fakeResult(kernel, seed, kernel === "slub-vanilla" ? "lockup" : "completed")
}
