// The jobs that a command has given out: how far they are, whether they are to stop, and which of them nobody works on.
import type { Board } from "@swaplab/experiment"
import { Deferred, Effect } from "effect"
import type { JobRows, SeenJob } from "./job-rows.ts"
import { TICK_MS, WATCHDOG_S } from "./settings.ts"

/** A job that was given out. */
export interface AskedJob {
  readonly key: string
  readonly entity: string
  /** The row of the board. */
  readonly id: number
  readonly board: Board
  /** Done as soon as the job is not in the database any more: another command has fetched it. */
  readonly gone: Deferred.Deferred<void>
}

interface Watched {
  /** What was seen of it last. */
  seen: string
  /** Looks since that has changed. */
  idle: number
}

/** Looks without any work after which a job is given out once more. */
const PATIENCE = Math.ceil(WATCHDOG_S * 1000 / TICK_MS)

/** The jobs of one command. */
export class AskedJobs {
  readonly #rows: JobRows
  readonly #jobs = new Map<AskedJob, Watched>()
  /** Jobs of which nothing had been done for a while. */
  readonly #again: (entity: string) => Effect.Effect<void>

  constructor(rows: JobRows, again: (entity: string) => Effect.Effect<void>) {
    this.#rows = rows
    this.#again = again
  }

  add(job: AskedJob): void {
    this.#jobs.set(job, { seen: "", idle: 0 })
  }

  delete(job: AskedJob): void {
    this.#jobs.delete(job)
  }

  /** Whether any job waits or runs. */
  get any(): boolean {
    return this.#jobs.size > 0
  }

  /** Looks at all of them once. */
  get look(): Effect.Effect<void, Effect.Effect.Error<ReturnType<JobRows["look"]>>> {
    return Effect.gen(this, function*() {
      const jobs = [...this.#jobs.keys()]
      if (jobs.length === 0) return
      const stopped = jobs.filter(({ board }) => board.stopped).map(({ key }) => key)
      if (stopped.length > 0) yield* this.#rows.stop(stopped)
      const seen = new Map((yield* this.#rows.look(jobs.map(({ key }) => key))).map((row) => [row.key, row]))
      for (const job of jobs) yield* this.#take(job, seen.get(job.key))
    })
  }

  #take(job: AskedJob, seen: SeenJob | undefined): Effect.Effect<void> {
    return Effect.suspend(() => {
      const watched = this.#jobs.get(job)
      if (watched === undefined) return Effect.void
      if (seen === undefined) return Effect.asVoid(Deferred.succeed(job.gone, undefined))
      job.board.hooks(job.id).progress(seen)
      const now = `${seen.fence} ${seen.events} ${seen.done}`
      watched.idle = now === watched.seen ? watched.idle + 1 : 0
      watched.seen = now
      if (watched.idle < PATIENCE) return Effect.void
      watched.idle = 0
      return this.#again(job.entity)
    })
  }
}
