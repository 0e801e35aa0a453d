// swaplab worker: runs jobs of commands elsewhere, until it is stopped.
import { RunnerAddress } from "@effect/cluster/RunnerAddress"
import type { Values } from "@swaplab/command"
import { Runner } from "@swaplab/experiment"
import { Console, Effect, Layer, Schedule } from "effect"
import { randomBytes } from "node:crypto"
import { availableParallelism, hostname } from "node:os"
import type { Commands } from "../commands.ts"
import { engine } from "../engine.ts"
import { UsageError } from "../exit.ts"
import { MAX_WORKERS } from "../option-rows.ts"
import { workerPool } from "../pool.ts"
import { layerDatabase } from "./database.ts"
import { jobRows } from "./job-rows.ts"
import { joinCluster, type Joined, stillOfThisBuild } from "./join.ts"
import { RunEntity } from "./run-entity.ts"
import { TICK_MS } from "./settings.ts"
import { layerSharding } from "./sharding.ts"
import { parseClusterUrl } from "./url.ts"
import { WorkerJobs } from "./worker-jobs.ts"

const work = (joined: Joined, cores: number) =>
  Effect.gen(function*() {
    const rows = yield* jobRows
    const jobs = new WorkerJobs(joined, rows, yield* Runner)
    const entities = RunEntity.toLayer({ Run: ({ payload }) => jobs.run(payload) }, { concurrency: 1 })
    const address = new RunnerAddress({ host: `${hostname()}-${randomBytes(4).toString("hex")}`, port: process.pid })
    yield* Layer.build(Layer.provideMerge(entities, layerSharding(joined.at, { address, cores })))
    yield* Console.error(`swaplab: works for ${joined.at.shown} with ${cores} ${cores === 1 ? "core" : "cores"}`)
    yield* Effect.forkScoped(Effect.repeat(jobs.tell, Schedule.spaced(TICK_MS)))
    yield* Effect.forkScoped(Effect.repeat(Effect.ignore(rows.dropOld), Schedule.spaced("1 hour")))
    return yield* stillOfThisBuild(joined)
  })

/** `swaplab worker`, with worker threads that start at `worker`. It ends when it is stopped. */
export const workFor = ({ cluster, tokenFile, workers }: Values<Commands["worker"]>, worker: URL) =>
  Effect.gen(function*() {
    if (cluster === undefined) return yield* new UsageError({ message: "worker: expected --cluster URL" })
    const at = yield* parseClusterUrl(cluster)
    if (at.plain) yield* Console.error(`swaplab: --cluster ${at.shown}: goes over the network without TLS, see sslmode`)
    const cores = Math.min(workers ?? availableParallelism(), MAX_WORKERS)
    yield* Effect.gen(function*() {
      const joined = yield* joinCluster(at, engine(worker), tokenFile)
      yield* Effect.provide(work(joined, cores), workerPool(worker, cores, cores))
    }).pipe(Effect.scoped, Effect.provide(layerDatabase(at)))
    // nobody looks at spans of statements and messages
  }).pipe(Effect.withTracerEnabled(false))
