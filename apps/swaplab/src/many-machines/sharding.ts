// The cluster of workers as @effect/cluster has it: Postgres is its store of messages and of runners, and the only way between
// them. No worker listens at a port, so that nothing but Postgres has to be reached, or guarded.
import { RunnerAddress } from "@effect/cluster/RunnerAddress"
import * as RunnerHealth from "@effect/cluster/RunnerHealth"
import * as Runners from "@effect/cluster/Runners"
import * as Sharding from "@effect/cluster/Sharding"
import * as ShardingConfig from "@effect/cluster/ShardingConfig"
import * as MessageStorage from "@effect/cluster/SqlMessageStorage"
import * as RunnerStorage from "@effect/cluster/SqlRunnerStorage"
import { Duration, Layer, Logger, LogLevel, Option } from "effect"
import { stderr } from "node:process"
import { notReached } from "./reached.ts"
import {
  MESSAGE_POLL_MS,
  PREFIX,
  REFRESH_ASSIGNMENTS_S,
  REPLY_POLL_MS,
  SHARD_LOCK_EXPIRATION_S,
  SHARD_LOCK_REFRESH_S,
  SHARDS
} from "./settings.ts"
import type { ClusterUrl } from "./url.ts"

/** A worker: a name that no other has, and its cores, by which shards are given out. */
export interface Member {
  readonly address: RunnerAddress
  readonly cores: number
}

/** The settings, of a worker or of a command, which has no shards. */
export const shardingConfig = (member: Member | null) =>
  ShardingConfig.layer({
    runnerAddress: Option.map(Option.fromNullable(member), ({ address }) => address),
    runnerShardWeight: member?.cores ?? 1,
    shardsPerGroup: SHARDS,
    // locks in a table expire when a machine loses its current, and pass through a pooler; those of a connection do neither
    shardLockDisableAdvisory: true,
    shardLockExpiration: Duration.seconds(SHARD_LOCK_EXPIRATION_S),
    shardLockRefreshInterval: Duration.seconds(SHARD_LOCK_REFRESH_S),
    refreshAssignmentsInterval: Duration.seconds(REFRESH_ASSIGNMENTS_S),
    entityMessagePollInterval: Duration.millis(MESSAGE_POLL_MS),
    entityReplyPollInterval: Duration.millis(REPLY_POLL_MS),
    // a worker that leaves leaves its jobs to the others at once
    entityTerminationTimeout: Duration.zero,
    entityMaxIdleTime: Duration.seconds(1),
    simulateRemoteSerialization: false
  })

/** What the library has to say goes to standard error, a line each, and only from warnings on. */
const logger = (level: LogLevel.LogLevel) =>
  Layer.mergeAll(
    Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => {
        stderr.write(`swaplab: ${[message].flat().filter((part) => typeof part === "string").join(" ")}\n`)
      })
    ),
    Logger.minimumLogLevel(level)
  )

/** Takes part in the cluster, as a worker or, without being one, as a command. */
export const layerSharding = (at: ClusterUrl, member: Member | null) =>
  Sharding.layer.pipe(
    Layer.provide([Runners.layerNoop, RunnerHealth.layerNoop]),
    Layer.provideMerge(RunnerStorage.layerWith({ prefix: PREFIX })),
    Layer.provideMerge(MessageStorage.layerWith({ prefix: PREFIX })),
    Layer.provide(shardingConfig(member)),
    Layer.mapError(notReached(at)),
    Layer.provideMerge(logger(member === null ? LogLevel.None : LogLevel.Warning))
  )
