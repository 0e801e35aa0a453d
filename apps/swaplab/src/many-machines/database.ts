// Postgres, which is all that commands and workers have in common: its tables, and what is said where it cannot be reached.
import * as MessageStorage from "@effect/cluster/SqlMessageStorage"
import * as RunnerStorage from "@effect/cluster/SqlRunnerStorage"
import { PgClient } from "@effect/sql-pg"
import * as SqlClient from "@effect/sql/SqlClient"
import { Effect, Layer } from "effect"
import type { UsageError } from "../exit.ts"
import { notReached } from "./reached.ts"
import { CONNECTIONS, PREFIX } from "./settings.ts"
import { shardingConfig } from "./sharding.ts"
import type { ClusterUrl } from "./url.ts"

/** Held while tables are made: several processes that begin at once would make them twice. */
const MAKING = 1937203568

/**
 * Our own tables. `swaplab_cluster` has one row: the build that runs here, and the check of the token. A row of `swaplab_jobs` is a
 * job that nobody has fetched the result of; `fence` counts how often it has been begun, and only the latest may write.
 */
const TABLES = `
create table if not exists swaplab_cluster (
  one boolean primary key default true check (one),
  engine text not null, salt bytea not null, proof bytea not null
);
create table if not exists swaplab_jobs (
  key text primary key, entity text not null, made timestamptz not null default now(),
  fence integer not null default 0, stop boolean not null default false,
  simulated_ns double precision not null default 0, events double precision not null default 0,
  alive integer not null default 0, clients integer not null default 0,
  result bytea, mac bytea
);
create index if not exists swaplab_messages_entity on swaplab_messages (entity_id);
`

/** Makes the tables where they are missing. */
const makeTables = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const lock = yield* sql.reserve
  yield* lock.executeRaw(`select pg_advisory_lock(${MAKING})`, [])
  yield* Effect.addFinalizer(() => Effect.ignore(lock.executeRaw(`select pg_advisory_unlock(${MAKING})`, [])))
  const [{ there }] = yield* sql.unsafe<{ there: boolean }>("select to_regclass('swaplab_jobs') is not null as there")
  if (there) return
  // the library makes its tables as it begins
  yield* Layer.build(
    Layer.mergeAll(MessageStorage.layerWith({ prefix: PREFIX }), RunnerStorage.layerWith({ prefix: PREFIX }))
      .pipe(Layer.provide(shardingConfig(null)))
  )
  yield* sql.unsafe(TABLES)
}).pipe(Effect.scoped)

/** A connection to Postgres, with the tables there. */
export const layerDatabase = (at: ClusterUrl): Layer.Layer<SqlClient.SqlClient, UsageError> =>
  Layer.effectDiscard(makeTables).pipe(
    Layer.provideMerge(
      PgClient.layer({
        url: at.url,
        applicationName: "swaplab",
        maxConnections: CONNECTIONS,
        connectTimeout: "10 seconds"
      })
    ),
    Layer.mapError(notReached(at))
  )
