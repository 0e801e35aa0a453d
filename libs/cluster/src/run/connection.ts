// The connections of one client to its servers, whichever sockets they have now.
import { type Machine, WHEN_LOST, type WhenLost } from "@swaplab/kernel"
import type { Task } from "@swaplab/page-alloc"
import { type ImageExport, serverBusy, type ServerConnection, type SwapExport } from "@swaplab/server-model"
import type { TcpSocket } from "@swaplab/tcp"

/** A client's connections to the servers: as an object, those of its swap device. */
export class Connection {
  /** Another one after each boot. */
  machine: Machine
  readonly swap: ServerConnection<SwapExport>
  /** To the server with its root image; null: it has none, or on a disk of its own. */
  root: ServerConnection<ImageExport> | null = null
  /** With whenLost: reboot, how often the client had to; whoever can reboot it puts a function here. */
  rebootsWanted = 0
  onConnectionLost: () => void = () => {}

  constructor(machine: Machine, swap: ServerConnection<SwapExport>) {
    this.machine = machine
    this.swap = swap
  }

  /** A device has lost its connection. */
  lost(whenLost: WhenLost): void {
    if (WHEN_LOST[whenLost].reboots) this.rebootsWanted++
    this.onConnectionLost()
  }

  /** The ends of the connection of the swap device that stands, or was lost last. */
  get clientSocket(): TcpSocket {
    return this.swap.clientSocket
  }

  get serverSocket(): TcpSocket {
    return this.swap.serverSocket
  }

  /** Who serves it. */
  get worker(): Task {
    return this.swap.worker
  }

  get served(): SwapExport {
    return this.swap.served
  }

  /** What is the matter with a server of the client: "the server is paused, since 0.300 s"; null: they run. */
  get serverAway(): string | null {
    for (const { served: { server: { life } } } of connectionsOf(this)) {
      if (life.state === "running") continue
      return `the server is ${life.state}, since ${(life.sinceNs / 1e9).toFixed(3)} s`
    }
    return null
  }

  /** What a server does for the client, in words. */
  get serverDoes(): string {
    return this.serverAway ?? (connectionsOf(this).some(serverBusy) ? "the server works" : "frames under way")
  }

  /**
   * An event outside of the client may bring it on: nbd-client tries to connect, or the server is not itself and may be again.
   */
  get helpMayCome(): boolean {
    const { nbdLink, rootNbd } = this.machine
    return nbdLink?.trying === true || rootNbd?.link.trying === true || this.serverAway !== null
  }
}

/** Every connection of a client to a server: swap first. */
export const connectionsOf = ({ root, swap }: Connection): ReadonlyArray<ServerConnection> =>
  root === null ? [swap] : [swap, root]
