// What nbd-client and the driver of a client group do when the connection to the server is lost.
import { choice, field, meanings, Time } from "@swaplab/config"
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
