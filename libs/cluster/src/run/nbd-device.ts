// An NBD device of a client with its connection: the driver by the client's kernel and policy, and its nbd-client.
import type { BlockQueue } from "@swaplab/blk"
import { type Machine, type NbdClientOptions, nbdSwitches, WHEN_LOST } from "@swaplab/kernel"
import { NbdDevice, type NbdOptions } from "@swaplab/nbd-driver"
import type { ServerConnection, ServerMachine } from "@swaplab/server-model"
import { letGo } from "@swaplab/tcp"
import type { NbdClientConfig } from "../scenario/nbd-client.ts"
import type { Connection } from "./connection.ts"

/** Makes the device of a queue and gives it its first socket. */
export const nbdDevice = (
  machine: Machine,
  queue: BlockQueue,
  connection: ServerConnection,
  nbd: NbdClientConfig,
  options: Pick<NbdOptions, "name" | "readOnly"> = {}
): NbdDevice => {
  const device = new NbdDevice(machine.sim, queue, machine.pages.frames, {
    ...nbdSwitches(machine.spec.kernel),
    ...options,
    group: machine.group,
    xmitTimeoutNs: nbd.timeout,
    deadConnTimeoutNs: WHEN_LOST[nbd.whenLost].keepsRequests ? nbd.deadTimeout : 0
  })
  device.connect(connection.clientSocket)
  return device
}

/** Connects the swap device of a client, as nbd-client and swapon do. */
export const attachSwap = (of: Connection, server: ServerMachine, nbd: NbdClientConfig): void => {
  const { machine, swap } = of
  machine.attachSwap(nbdDevice(machine, machine.disk, swap, nbd), nbdClientOf(server, of, swap, nbd))
}

/** What the nbd-client of that connection does. */
export const nbdClientOf = (
  server: ServerMachine,
  of: Connection,
  connection: ServerConnection,
  { whenLost }: NbdClientConfig
): NbdClientOptions => ({
  whenLost,
  dial: (task) => server.dial(task, connection),
  socket: () => connection.clientSocket,
  close: (task) => letGo(connection.clientSocket, task),
  lost: () => of.lost(whenLost)
})
