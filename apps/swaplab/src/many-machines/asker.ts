// --cluster of a command: its jobs go to the workers of a cluster.
import { Runner } from "@swaplab/experiment"
import { Console, Effect, Layer } from "effect"
import { engine } from "../engine.ts"
import { UsageError } from "../exit.ts"
import { makeClusterRunner } from "./cluster-runner.ts"
import { layerDatabase } from "./database.ts"
import { joinCluster } from "./join.ts"
import { layerSharding } from "./sharding.ts"
import { parseClusterUrl } from "./url.ts"

/** Options of commands whose jobs may go to other machines. */
export interface ClusterFlags {
  readonly cluster: string
  readonly tokenFile: string | undefined
  readonly workers: number | undefined
}

/** Runs jobs on the workers of the cluster that the options name. */
export const layerCluster = (
  { cluster, tokenFile, workers }: ClusterFlags,
  worker: URL
): Layer.Layer<Runner, UsageError> =>
  Layer.scoped(
    Runner,
    Effect.gen(function*() {
      const at = yield* parseClusterUrl(cluster)
      if (workers !== undefined) {
        return yield* new UsageError({
          message: `--workers ${workers}: expected none with --cluster; it is an option of swaplab worker`
        })
      }
      if (at.plain) {
        yield* Console.error(`swaplab: --cluster ${at.shown}: goes over the network without TLS, see sslmode`)
      }
      const database = yield* Layer.build(layerDatabase(at))
      return yield* Effect.gen(function*() {
        const joined = yield* joinCluster(at, engine(worker), tokenFile)
        const sharding = yield* Layer.build(layerSharding(at, null))
        return yield* Effect.provide(makeClusterRunner(joined), sharding)
      }).pipe(Effect.provide(database))
    })
  )
