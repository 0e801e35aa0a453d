// Rows of swaplab_jobs: every statement on them. The fence of a row counts how often its job has been begun; whoever began it last
// may write its result, once, and nobody else.
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { batched } from "./batched.ts"
import { KEPT_DAYS } from "./settings.ts"

/** How far a job is. */
interface JobProgress {
  readonly simulatedNs: number
  readonly events: number
  readonly clientsAlive: number
  readonly clients: number
}

/** A job that a worker has begun. */
interface Begun {
  readonly key: string
  readonly fence: number
  /** Whoever asked for it does not want it any more. */
  readonly stop: boolean
}

/** What a command sees of a job. */
export interface SeenJob extends JobProgress {
  readonly key: string
  readonly fence: number
  /** Its result is there. */
  readonly done: boolean
}

/** A result with the signature of its worker. */
interface JobResult {
  readonly result: Uint8Array
  readonly mac: Uint8Array
}

const keysOf = (jobs: ReadonlyArray<{ readonly key: string }>): ReadonlyArray<string> => jobs.map(({ key }) => key)

const make = Effect.map(SqlClient.SqlClient, (sql) => {
  const ask = <Row extends object>(text: string, parameters: ReadonlyArray<unknown>) =>
    sql.unsafe<Row>(text, parameters)
  return {
    /** Makes the row of a job, or finds it. Returns the name of its entity, which is the first one that it got. */
    put: batched((jobs: ReadonlyArray<{ readonly key: string; readonly entity: string }>) =>
      ask<{ key: string; entity: string }>(
        `insert into swaplab_jobs (key, entity) select * from unnest($1::text[], $2::text[])
        on conflict (key) do update set stop = false returning key, entity`,
        [keysOf(jobs), jobs.map(({ entity }) => entity)]
      )
    ),

    /** Begins a job, once more where it was begun before. Null: it has its result, or nobody wants it any more. */
    begin: batched((jobs: ReadonlyArray<{ readonly key: string }>) =>
      ask<Begun>(
        "update swaplab_jobs set fence = fence + 1 where key = any($1) and result is null returning key, fence, stop",
        [keysOf(jobs)]
      )
    ),

    /** Writes a result. False: it was begun by somebody else meanwhile, has a result, or nobody wants it any more. */
    finish: (key: string, fence: number, { mac, result }: JobResult): Effect.Effect<boolean, SqlError> =>
      Effect.map(
        ask(
          "update swaplab_jobs set result = $3, mac = $4 where key = $1 and fence = $2 and result is null returning key",
          [key, fence, result, mac]
        ),
        (rows) => rows.length > 0
      ),

    /** Writes how far jobs are. Returns those that are still this worker's, and whether they are to stop. */
    report: (
      jobs: ReadonlyArray<JobProgress & { readonly key: string; readonly fence: number }>
    ): Effect.Effect<ReadonlyMap<string, boolean>, SqlError> =>
      Effect.map(
        ask<{ key: string; stop: boolean }>(
          `update swaplab_jobs j set simulated_ns = v.ns, events = v.events, alive = v.alive, clients = v.clients
          from unnest($1::text[], $2::int[], $3::float8[], $4::float8[], $5::int[], $6::int[])
            as v (key, fence, ns, events, alive, clients)
          where j.key = v.key and j.fence = v.fence returning j.key, j.stop`,
          [
            keysOf(jobs),
            jobs.map(({ fence }) => fence),
            jobs.map(({ simulatedNs }) => simulatedNs),
            jobs.map(({ events }) => events),
            jobs.map(({ clientsAlive }) => clientsAlive),
            jobs.map(({ clients }) => clients)
          ]
        ),
        (rows) => new Map(rows.map(({ key, stop }) => [key, stop]))
      ),

    /** How far jobs are. One that is missing has been fetched by somebody else. */
    look: (keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<SeenJob>, SqlError> =>
      ask<SeenJob>(
        `select key, fence, simulated_ns as "simulatedNs", events, alive as "clientsAlive", clients,
          result is not null as done
        from swaplab_jobs where key = any($1)`,
        [keys]
      ),

    /** Asks the workers to stop these. */
    stop: (keys: ReadonlyArray<string>): Effect.Effect<unknown, SqlError> =>
      ask("update swaplab_jobs set stop = true where key = any($1) and not stop", [keys]),

    /** The result of a job; null where somebody else has fetched it. */
    fetch: batched((jobs: ReadonlyArray<{ readonly key: string }>) =>
      ask<JobResult & { readonly key: string }>(
        "select key, result, mac from swaplab_jobs where key = any($1) and result is not null",
        [keysOf(jobs)]
      )
    ),

    /** Drops jobs with all that belongs to them. */
    drop: (keys: ReadonlyArray<string>): Effect.Effect<unknown, SqlError> =>
      ask(`${DROP} where key = any($1) ${DROP_REST}`, [keys]),

    /** Drops results that nobody has fetched for days. */
    dropOld: Effect.zipRight(
      ask(`${DROP} where made < now() - make_interval(days => $1) and result is not null ${DROP_REST}`, [KEPT_DAYS]),
      // of jobs that were dropped while they were under way
      ask("delete from swaplab_replies where request_id not in (select id from swaplab_messages)", [])
    )
  }
})

const DROP = "with jobs as (delete from swaplab_jobs"
const DROP_REST = `returning entity),
  messages as (delete from swaplab_messages where entity_id in (select entity from jobs) returning id)
  delete from swaplab_replies where request_id in (select id from messages)`

/** The statements. */
export type JobRows = Effect.Effect.Success<typeof make>
export const jobRows = make
