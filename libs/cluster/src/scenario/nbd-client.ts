// The NBD devices of a client group: how much their queues hold, and what nbd-client and the driver do when the connection to the
// server is lost.
import { BLKDEV_MAX_RQ, BLKDEV_MIN_RQ } from "@swaplab/blk"
import { choice, field, meanings, Time, whole } from "@swaplab/config"
import { WHEN_LOST, type WhenLost } from "@swaplab/kernel"
import { Schema } from "effect"

const WAYS = Object.keys(WHEN_LOST) as ReadonlyArray<WhenLost>

export const NbdClientConfig = Schema.Struct({
  whenLost: field(
    choice(...WAYS),
    "exit",
    `What happens when the connection to the server is lost. ${meanings(WHEN_LOST)}.`
  ),
  rebootTime: field(
    Time,
    30e9,
    "With whenLost: reboot, from the loss of the connection to the kernel of the next boot: shutdown, firmware, PXE. Assumed."
  ),
  nrRequests: field(
    whole(BLKDEV_MIN_RQ, 10_000),
    BLKDEV_MAX_RQ,
    "Requests that the queue of the client's nbd0 may hold in each direction, and that of nbd1 with its root image: "
      + "/sys/block/nbd0/queue/nr_requests. 128 is Linux's default. Who wants one more waits for the end of another."
  ),
  timeout: field(
    Time,
    0,
    "NBD_SET_TIMEOUT: a send that takes longer is killed, and the connection is lost. 0: for ever, the default of nbd-client."
  ),
  deadTimeout: field(
    Time,
    30e9,
    "With whenLost: reconnect, how long requests wait for a new connection before they fail (dead_conn_timeout). Assumed: a "
      + "server that restarts is back within half a minute. Younger than the kernels modelled (4.12)."
  )
})
export interface NbdClientConfig extends Schema.Schema.Type<typeof NbdClientConfig> {}
