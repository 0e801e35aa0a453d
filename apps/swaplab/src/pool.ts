// What makes the runs of a command: worker threads, or the workers of a cluster.
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import type { WorkerError } from "@effect/platform/WorkerError"
import { layerWorkers, type Runner } from "@swaplab/experiment"
import { Effect, Layer } from "effect"
import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { UsageError } from "./exit.ts"
import { MAX_WORKERS } from "./option-rows.ts"

/** Options that say where runs are made. */
export interface PoolFlags {
  readonly workers: number | undefined
  readonly cluster?: string | undefined
  readonly tokenFile?: string | undefined
}

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

/**
 * Uses a pool: the cluster that the options name, which is joined before anything else is done, or worker threads, which start
 * when they are needed.
 */
export const withPool = <A, E, R>(
  worker: URL,
  { cluster, tokenFile, workers }: PoolFlags,
  runs: number,
  use: (pool: Layer.Layer<Runner, WorkerError>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | UsageError, R> => {
  if (cluster === undefined) {
    return tokenFile === undefined
      ? use(workerPool(worker, workers, runs))
      : new UsageError({ message: `--token-file ${tokenFile}: expected --cluster too` })
  }
  return Effect.gen(function*() {
    const { layerCluster } = yield* Effect.promise(() => import("./many-machines/asker.ts"))
    const joined = yield* Layer.build(layerCluster({ cluster, tokenFile, workers }, worker))
    return yield* use(Layer.succeedContext(joined))
    // nobody looks at spans of statements and messages
  }).pipe(Effect.scoped, Effect.withTracerEnabled(false))
}
