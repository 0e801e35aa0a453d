// Settings of the cluster of workers. docs/reference/many-machines.md has them as a table, which a test compares.
//
// A worker that is gone without a word is noticed by its heartbeat, which it writes with the locks of its shards. Its shards go to
// the others when the locks have expired: at most SHARD_LOCK_EXPIRATION_S after the last heartbeat, plus a look at the list of
// workers, a try for the locks, and a poll for messages.

/** Shards over which jobs are spread. All of a cluster have to agree. */
export const SHARDS = 300

/** Seconds without a heartbeat after which a worker's shards are free. */
export const SHARD_LOCK_EXPIRATION_S = 12

/** Seconds between heartbeats. */
export const SHARD_LOCK_REFRESH_S = 4

/** Seconds between looks at the list of workers. */
export const REFRESH_ASSIGNMENTS_S = 2

/** Milliseconds between two looks of a worker for new jobs. */
export const MESSAGE_POLL_MS = 250

/** Milliseconds between two looks of a command for ended jobs. */
export const REPLY_POLL_MS = 200

/** Seconds between two tries for the locks of shards. */
const ACQUIRE_S = 1

/** The longest time in seconds until the jobs of a worker that is gone begin on another one that is idle. */
export const FAILOVER_S = SHARD_LOCK_EXPIRATION_S + REFRESH_ASSIGNMENTS_S + 2 * ACQUIRE_S + MESSAGE_POLL_MS / 1000

/** Milliseconds between two looks at how far jobs are, and whether they are to stop. */
export const TICK_MS = 1000

/** Seconds without any work of a job after which its message is given out once more. */
export const WATCHDOG_S = 30

/** Seconds of work that a command has given out for each core of the workers, so that none waits for the way to Postgres and back. */
export const AHEAD_S = 2

/** Jobs that it has given out for each core, at most and at least; so many before the first one has ended, too. */
export const MOST_JOBS_PER_CORE = 64
export const LEAST_JOBS_PER_CORE = 2

/** Milliseconds in which jobs are gathered for one statement, and how many of them at most. */
export const BATCH_MS = 50
export const MOST_IN_BATCH = 64

/** Seconds without a worker after which a command says so. */
export const NO_WORKER_S = 5

/** Connections to Postgres, at most: one of a worker holds the locks of its shards. */
export const CONNECTIONS = 3

/** Days after which a result that nobody has fetched is dropped. */
export const KEPT_DAYS = 7

/** Begins the names of all tables. */
export const PREFIX = "swaplab"
