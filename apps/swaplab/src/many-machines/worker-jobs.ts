// The jobs under way at a worker. A job goes on when the shard of its entity is taken away and given back, as after a restart of
// Postgres; one that somebody else has begun meanwhile is ended.
import type { SqlError } from "@effect/sql/SqlError"
import { Board, type Job, packResult, type RunFailure, type Runner } from "@swaplab/experiment"
import { Deferred, Effect, Exit, Schedule } from "effect"
import type { JobRows } from "./job-rows.ts"
import { isSigned, type Joined } from "./join.ts"
import { jobOf, Refused } from "./run-entity.ts"
import { WATCHDOG_S } from "./settings.ts"

/** What a message asks for. */
export interface Asked {
  readonly key: string
  readonly spec: string
  readonly mac: Uint8Array
}

interface UnderWay {
  board: Board
  readonly ended: Deferred.Deferred<void, RunFailure | Refused>
  /** 0: not begun. */
  fence: number
}

/** Postgres may be away for a while; a result is worth waiting for it. */
const retried = <A>(ask: Effect.Effect<A, SqlError>): Effect.Effect<A> =>
  Effect.orDie(Effect.retry(ask, Schedule.spaced("1 second")))

/** Jobs by their keys. */
export class WorkerJobs {
  readonly #joined: Joined
  readonly #rows: JobRows
  readonly #runner: typeof Runner.Service
  readonly #jobs = new Map<string, UnderWay>()
  /** Jobs whose results this worker has written. */
  done = 0

  constructor(joined: Joined, rows: JobRows, runner: typeof Runner.Service) {
    this.#joined = joined
    this.#rows = rows
    this.#runner = runner
  }

  /** Runs a job, or waits for it where it is under way already. */
  run({ key, mac, spec }: Asked): Effect.Effect<void, RunFailure | Refused> {
    return Effect.gen(this, function*() {
      const known = this.#jobs.get(key)
      if (known !== undefined) return yield* Deferred.await(known.ended)
      if (!isSigned(this.#joined, key, spec, mac)) {
        return yield* new Refused({ reason: "a job that was not signed with the token of the cluster" })
      }
      const job = yield* jobOf(this.#joined.engine, spec)
      const ended = yield* Deferred.make<void, RunFailure | Refused>()
      const under: UnderWay = { board: new Board(1), ended, fence: 0 }
      this.#jobs.set(key, under)
      yield* Effect.forkDaemon(
        this.#make(key, job, under).pipe(
          Effect.onExit((exit) => {
            this.#jobs.delete(key)
            return Deferred.done(ended, Exit.isSuccess(exit) || !Exit.isInterrupted(exit) ? exit : Exit.void)
          })
        )
      )
      return yield* Deferred.await(ended)
    })
  }

  #make(key: string, job: Job, under: UnderWay): Effect.Effect<void, RunFailure> {
    return Effect.gen(this, function*() {
      const begun = yield* retried(this.#rows.begin({ key }))
      if (begun === null) return
      under.fence = begun.fence
      if (begun.stop) under.board.stop()
      const result = packResult(yield* this.#runner.run(job, under.board))
      const mac = this.#joined.sign(key, result)
      if (yield* retried(this.#rows.finish(key, begun.fence, { result, mac }))) {
        this.done++
        return
      }
      // it was begun elsewhere meanwhile, or nobody wants it any more
      if (yield* this.#endsElsewhere(key)) return
      under.board = new Board(1)
      yield* this.#make(key, job, under)
    })
  }

  /** Waits for the end of a job that another worker has begun. False: nothing comes from there. */
  #endsElsewhere(key: string): Effect.Effect<boolean> {
    return Effect.gen(this, function*() {
      for (let idle = 0, last = ""; idle < WATCHDOG_S; idle++) {
        const [seen] = yield* retried(this.#rows.look([key]))
        if (seen === undefined || seen.done) return true
        const now = `${seen.fence} ${seen.events}`
        if (now !== last) idle = 0
        last = now
        yield* Effect.sleep("1 second")
      }
      return false
    })
  }

  /** Tells how far they are, and ends those that are not wanted here any more. */
  get tell(): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      const begun = [...this.#jobs].filter(([, { fence }]) => fence > 0)
      if (begun.length === 0) return
      const own = yield* this.#rows.report(
        begun.map(([key, { board, fence }]) => ({ key, fence, ...board.progress(0) }))
      )
      for (const [key, { board }] of begun) if (own.get(key) ?? true) board.stop()
    }).pipe(Effect.ignore)
  }
}
