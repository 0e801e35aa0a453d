// The block devices of a client that are served over the network, as the wait-for graph names them.
import type { NbdAttachment } from "@swaplab/kernel"
import type { TcpSocket } from "@swaplab/tcp"
import type { Connection } from "./connection.ts"

/** The device of a client and its connection: nbd0 for swap, nbd1 for the root image. */
export interface DevicePath extends NbdAttachment {
  /** Before the ids of its nodes; those of swap have none. */
  readonly prefix: string
  readonly socket: TcpSocket
}

/** The devices of a client, swap first. */
export const pathsOf = (connection: Connection): ReadonlyArray<DevicePath> => {
  const { nbd, nbdLink, nbdReceiver, nbdSender, rootNbd } = connection.machine
  const swap = nbd === null || nbdSender === null || nbdReceiver === null || nbdLink === null ? [] : [{
    device: nbd,
    sender: nbdSender,
    receiver: nbdReceiver,
    link: nbdLink,
    prefix: "",
    socket: connection.clientSocket
  }]
  return rootNbd === null || connection.root === null
    ? swap
    : [...swap, { ...rootNbd, prefix: `${rootNbd.device.name} `, socket: connection.root.clientSocket }]
}
