// Worker threads for simulations.
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import { layerWorkers } from "@swaplab/experiment"
import { Layer } from "effect"
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { MAX_WORKERS } from "./option-rows.ts"

/**
 * Young generation of a worker in MB. A simulation's garbage is short-lived; with V8's default it is collected while
 * still in use, which halves the speed of runs with many tasks.
 */
export const YOUNG_GENERATION_MB = 192

/** Workers that start at `worker`: as many as wanted, else one a core, and no more than there are runs. */
export const workerPool = (worker: URL, wanted: number | undefined, runs: number) =>
  layerWorkers(Math.min(wanted ?? availableParallelism(), MAX_WORKERS, Math.max(1, runs))).pipe(
    Layer.provide(
      NodeWorker.layer(() => new Worker(worker, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } }))
    )
  )
