// Runs the jobs of a command on the workers of a cluster. The command keeps the results, as with workers of its own; Postgres has
// those that nobody has fetched yet.
import * as EntityAddress from "@effect/cluster/EntityAddress"
import * as EntityId from "@effect/cluster/EntityId"
import { MessageStorage } from "@effect/cluster/MessageStorage"
import { RunnerStorage } from "@effect/cluster/RunnerStorage"
import { Sharding } from "@effect/cluster/Sharding"
import type { RunResult } from "@swaplab/cluster"
import { type Board, type Job, NOT_BEGUN, RunFailure, unpackResult } from "@swaplab/experiment"
import { Cause, Deferred, Duration, Effect, Option } from "effect"
import { AskedJobs } from "./asked-jobs.ts"
import { jobRows } from "./job-rows.ts"
import { isSigned, type Joined } from "./join.ts"
import { Placement } from "./placement.ts"
import { Refused, RunEntity, specOf } from "./run-entity.ts"
import { AHEAD_S, LEAST_JOBS_PER_CORE, MOST_JOBS_PER_CORE, NO_WORKER_S, TICK_MS } from "./settings.ts"
import { type Teller, tellerOf } from "./teller.ts"

/** Jobs of a command that wait for their turn at once, at most: those of a thousand cores. */
const MOST_JOBS = 4096

/** How often a job is given out whose worker answers with something that is no answer, such as a worker that has crashed over it. */
const MOST_TRIES = 3

const tick = Duration.millis(TICK_MS)

const GROUP = "default"

/** The jobs of one command on their way. */
class ClusterRunner {
  readonly ahead = MOST_JOBS
  readonly #joined: Joined
  readonly #rows: Effect.Effect.Success<typeof jobRows>
  readonly #teller: Teller
  readonly #placement: Placement
  readonly #asked: AskedJobs
  readonly #client: Effect.Effect.Success<typeof RunEntity.client>
  readonly #turns = Effect.unsafeMakeSemaphore(1)
  readonly lookForWorkers: Effect.Effect<void>
  #fetched: Array<string> = []
  /** CPU seconds of a job, a mean that forgets; null: none has ended. */
  #seconds: number | null = null

  constructor(
    joined: Joined,
    rows: Effect.Effect.Success<typeof jobRows>,
    client: Effect.Effect.Success<typeof RunEntity.client>,
    sharding: typeof Sharding.Service,
    runners: typeof RunnerStorage.Service,
    messages: typeof MessageStorage.Service
  ) {
    this.#joined = joined
    this.#rows = rows
    this.#client = client
    this.#teller = tellerOf(joined.at)
    this.#placement = new Placement((entity) => sharding.getShardId(EntityId.make(entity), GROUP).id)
    this.#asked = new AskedJobs(rows, (entity) => {
      const entityId = EntityId.make(entity)
      return Effect.ignore(messages.resetAddress(
        EntityAddress.make({
          entityId,
          entityType: RunEntity.type,
          shardId: sharding.getShardId(entityId, GROUP)
        })
      ))
    })
    this.lookForWorkers = runners.getRunners.pipe(
      Effect.flatMap((found) => {
        this.#placement.members = found.filter(([, healthy]) => healthy).map(([runner]) => runner)
        return this.#turns.resize(Math.max(1, this.#placement.cores * this.#jobsPerCore))
      }),
      Effect.matchEffect({ onFailure: (error) => this.#teller.away(error), onSuccess: () => this.#teller.answers })
    )
  }

  /** Cores of all workers. */
  get size(): number {
    return Math.max(1, this.#placement.cores)
  }

  get #jobsPerCore(): number {
    const wanted = this.#seconds === null ? 0 : 1 + Math.ceil(AHEAD_S / Math.max(this.#seconds, 0.001))
    return Math.min(MOST_JOBS_PER_CORE, Math.max(LEAST_JOBS_PER_CORE, wanted))
  }

  /** Waits for the first worker, and says so where that takes a while. */
  get firstWorker(): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      for (let waited = 0;; waited++) {
        yield* this.lookForWorkers
        if (this.#placement.workers > 0) break
        if (waited * TICK_MS === NO_WORKER_S * 1000) yield* this.#teller.noWorker
        yield* Effect.sleep(tick)
      }
      yield* this.#teller.workers(this.#placement)
    })
  }

  /** Looks at workers and jobs again and again. */
  get watch(): Effect.Effect<never> {
    return Effect.gen(this, function*() {
      let alone = 0
      for (;;) {
        yield* Effect.sleep(tick)
        yield* this.lookForWorkers
        alone = this.#placement.workers > 0 || !this.#asked.any ? 0 : alone + 1
        if (alone * TICK_MS === NO_WORKER_S * 1000) yield* this.#teller.noWorker
        yield* Effect.ignore(this.#asked.look)
        yield* this.dropFetched
      }
    })
  }

  /** Drops what has been fetched. */
  get dropFetched(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#fetched.length === 0) return Effect.void
      const keys = this.#fetched
      this.#fetched = []
      return this.#rows.drop(keys).pipe(
        Effect.catchAll(() => Effect.sync(() => this.#fetched.push(...keys))),
        Effect.asVoid
      )
    })
  }

  run(job: Job, board: Board): Effect.Effect<RunResult, RunFailure> {
    return this.#turns.withPermits(1)(Effect.gen(this, function*() {
      const { key, spec } = specOf(this.#joined.engine, job)
      const mac = this.#joined.sign(key, spec)
      for (let tries = 1;;) {
        if (board.stopped && this.#placement.workers === 0) return NOT_BEGUN
        const given = yield* Effect.either(this.#once(job, board, { key, spec, mac }))
        if (given._tag === "Right") {
          const run = given.right
          // a run that another command has stopped is no result
          if (run !== null && (run.outcome !== "stopped" || run.endedEarly !== undefined || board.stopped)) return run
          continue
        }
        if (given.left instanceof RunFailure) return yield* given.left
        yield* this.#teller.away(given.left)
        yield* Effect.sleep(tick)
        if (given.left instanceof Lost && ++tries > MOST_TRIES) return yield* failed(job, given.left.reason)
      }
    }))
  }

  /** A job of this entity is one of its worker's meanwhile. */
  #counted<A, E, R>(entity: string, meanwhile: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.#placement.begin(entity)),
      () => meanwhile,
      (end) => Effect.sync(end)
    )
  }

  /** Gives a job out and fetches its result; null where it has to be given out again. */
  #once(
    job: Job,
    board: Board,
    { key, mac, spec }: { readonly key: string; readonly spec: string; readonly mac: Uint8Array }
  ) {
    return Effect.gen(this, function*() {
      const wished = this.#placement.entityFor(key)
      const put = yield* this.#counted(wished, this.#rows.put({ key, entity: wished }))
      // it was dropped at the same moment
      if (put === null) return null
      const { entity } = put
      const gone = yield* Deferred.make<void>()
      const asked = { key, entity, id: job.id, board, gone }
      this.#asked.add(asked)
      const answer = yield* this.#counted(
        entity,
        this.#client(entity).Run({ key, spec, mac }).pipe(
          Effect.raceFirst(Deferred.await(gone)),
          // jobs may be asked for where nothing is interrupted; the side of the race that loses always is
          Effect.interruptible,
          Effect.sandbox,
          Effect.either,
          Effect.ensuring(Effect.sync(() => this.#asked.delete(asked)))
        )
      )
      if (answer._tag === "Left") {
        const error = Option.getOrNull(Cause.failureOption(answer.left))
        if (error !== null && error._tag === "PersistenceError") return yield* Effect.fail(error)
        // what failed is not kept: the next command tries again
        yield* this.#rows.drop([key])
        if (error instanceof RunFailure) return yield* error
        if (error instanceof Refused) return yield* failed(job, `a worker does not take the job: ${error.reason}`)
        return yield* Effect.fail(new Lost(Cause.pretty(answer.left)))
      }
      const found = yield* this.#rows.fetch({ key })
      if (found === null) return null
      if (!isSigned(this.#joined, key, found.result, found.mac)) {
        yield* this.#rows.drop([key])
        return yield* failed(job, "the result was not signed with the token of the cluster")
      }
      this.#fetched.push(key)
      const run = unpackResult(found.result)
      this.#seconds = this.#seconds === null ? run.cpuSeconds : 0.9 * this.#seconds + 0.1 * run.cpuSeconds
      return run
    })
  }
}

/** An answer that is none. */
class Lost {
  readonly _tag = "Lost"
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

const failed = ({ kernel, seed }: Job, reason: string): RunFailure =>
  new RunFailure({ kernel, seed, reason, stack: "" })

/** Gives jobs out to the workers of the cluster, for as long as the scope is open. Waits for the first worker. */
export const makeClusterRunner = (joined: Joined) =>
  Effect.gen(function*() {
    const runner = new ClusterRunner(
      joined,
      yield* jobRows,
      yield* RunEntity.client,
      yield* Sharding,
      yield* RunnerStorage,
      yield* MessageStorage
    )
    yield* runner.firstWorker
    yield* Effect.addFinalizer(() => Effect.timeoutOption(runner.dropFetched, "5 seconds"))
    yield* Effect.forkScoped(runner.watch)
    return runner
  })
