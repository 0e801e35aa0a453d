// Who may take part: whoever has the token that the cluster was begun with, and the same build of swaplab as all others.
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { UsageError } from "../exit.ts"
import { readToken } from "../token-file.ts"
import { notReached } from "./reached.ts"
import { SHARD_LOCK_EXPIRATION_S } from "./settings.ts"
import type { ClusterUrl } from "./url.ts"

/** A cluster that one takes part in. */
export interface Joined {
  readonly at: ClusterUrl
  readonly engine: string
  /** Proves that somebody with the token wrote these bytes of this job. */
  readonly sign: (key: string, content: string | Uint8Array) => Uint8Array
}

/** Whether a signature is the right one. */
export const isSigned = ({ sign }: Joined, key: string, content: string | Uint8Array, mac: Uint8Array): boolean => {
  const right = sign(key, content)
  return right.length === mac.length && timingSafeEqual(right, mac)
}

const KEY_BYTES = 32

/** Two keys from a token: the first is shown as proof, the second signs and is nowhere kept. */
const keysOf = (token: string, salt: Uint8Array): Effect.Effect<{ readonly proof: Buffer; readonly signing: Buffer }> =>
  Effect.async((resume) => {
    scrypt(token, salt, 2 * KEY_BYTES, (error, both) => {
      resume(
        error === null
          ? Effect.succeed({ proof: both.subarray(0, KEY_BYTES), signing: both.subarray(KEY_BYTES) })
          : Effect.die(error)
      )
    })
  })

interface Row {
  readonly engine: string
  readonly salt: Uint8Array
  readonly proof: Uint8Array
}

const wrongToken = (tokenFile: string | undefined, proof: Uint8Array, withoutToken: Uint8Array): string => {
  if (tokenFile === undefined) {
    return "the cluster asks for a token, expected --token-file FILE with the one that it was begun with"
  }
  return timingSafeEqual(proof, withoutToken)
    ? `--token-file ${tokenFile}: the cluster was begun without a token, expected none, or a database of its own`
    : `--token-file ${tokenFile}: is not the token that the cluster was begun with`
}

/** Another build than that of the workers. */
const otherBuild = (at: ClusterUrl, own: string, theirs: string): UsageError =>
  new UsageError({
    message:
      `--cluster ${at.shown}: this is swaplab ${own}, and its workers are swaplab ${theirs}: expected the same on all machines`
  })

const join = (at: ClusterUrl, engine: string, tokenFile: string | undefined) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const token = tokenFile === undefined ? "" : yield* readToken("--token-file", tokenFile)
    const salt = randomBytes(16)
    const own = yield* keysOf(token, salt)
    // who comes first decides on the token
    yield* sql.unsafe(
      "insert into swaplab_cluster (engine, salt, proof) values ($1, $2, $3) on conflict do nothing",
      [engine, salt, own.proof]
    )
    const row = yield* sql.withTransaction(Effect.gen(function*() {
      const [found] = yield* sql.unsafe<Row>("select engine, salt, proof from swaplab_cluster for update")
      if (found.engine === engine) return found
      const others = yield* sql.unsafe(
        `select 1 from swaplab_runners where last_heartbeat > now() - interval '${SHARD_LOCK_EXPIRATION_S} seconds' limit 1`
      )
      if (others.length > 0) return yield* otherBuild(at, engine, found.engine)
      // nobody of the other build is left
      yield* sql.unsafe("update swaplab_cluster set engine = $1", [engine])
      return found
    }))
    const { proof, signing } = yield* keysOf(token, row.salt)
    if (!timingSafeEqual(proof, row.proof)) {
      const { proof: withoutToken } = yield* keysOf("", row.salt)
      return yield* new UsageError({ message: wrongToken(tokenFile, row.proof, withoutToken) })
    }
    const joined: Joined = {
      at,
      engine,
      sign: (key, content) => createHmac("sha256", signing).update(key).update("\n").update(content).digest()
    }
    return joined
  })

/** Joins the cluster, or says why not. The first one makes it, with the token that it has. */
export const joinCluster = (
  at: ClusterUrl,
  engine: string,
  tokenFile: string | undefined
): Effect.Effect<Joined, UsageError, SqlClient.SqlClient> =>
  join(at, engine, tokenFile).pipe(Effect.catchTag("SqlError", (error: SqlError) => notReached(at)(error)))

/** Ends with a mistake when the cluster belongs to another build: two of them have begun at the same time. */
export const stillOfThisBuild = ({ at, engine }: Joined): Effect.Effect<never, UsageError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    for (;;) {
      yield* Effect.sleep(`${SHARD_LOCK_EXPIRATION_S} seconds`)
      const row = yield* Effect.option(sql.unsafe<Pick<Row, "engine">>("select engine from swaplab_cluster"))
      const theirs = row._tag === "Some" ? row.value[0]?.engine : undefined
      if (theirs !== undefined && theirs !== engine) return yield* otherBuild(at, engine, theirs)
    }
  })
