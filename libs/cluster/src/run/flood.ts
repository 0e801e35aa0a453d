// A flood of datagrams from another host to sockets of a client, from one moment to another.
// Modelled: as the datagrams of the background (other-hosts.ts); at its end its sockets are closed; a process that reads
//   one is killed, and what still comes before it gets a CPU is queued.
import { DatagramSocket } from "@swaplab/net-skb"
import { bootContext } from "@swaplab/page-alloc"
import { assert, type Random } from "@swaplab/sim"
import { readDatagrams } from "@swaplab/workload"
import type { ActiveFault, FloodOptions } from "../faults/fault-kind.ts"
import type { Client } from "./client.ts"
import { startDatagrams } from "./other-hosts.ts"
import type { Cluster } from "./topology.ts"

/** One that is under way. */
export class Flood implements ActiveFault {
  readonly #sockets: ReadonlyArray<DatagramSocket>
  readonly #stop: ReadonlyArray<() => void>
  /** A process reads each socket. */
  readonly #read: boolean
  #sent = 0

  constructor({ others, packets, sim }: Cluster, { machine }: Client, options: FloodOptions, chance: Random) {
    assert(others !== null, "a flood needs the other hosts")
    const { bytes, packetsPerSecond, read, receiveBuffer, sockets } = options
    const stop: Array<() => void> = []
    this.#read = read
    const daemon = (comm: string, body: Parameters<Parameters<typeof readDatagrams>[0]["daemon"]>[1]) => {
      const task = machine.task(comm)
      task.daemon = true
      machine.cpus.start(task, () => body(task))
      stop.push(() => task.kill())
      return task
    }
    this.#sockets = Array.from({ length: sockets }, (_, i) =>
      read
        ? readDatagrams({ client: machine, daemon }, `flood-reader-${i + 1}`, () => {}, receiveBuffer)
        : new DatagramSocket(machine.net, machine.net.udpMemory, receiveBuffer))
    const gapNs = 1e9 * sockets / packetsPerSecond
    for (const socket of this.#sockets) {
      const to = { host: machine.spec.host, port: socket.port, bytes }
      stop.unshift(
        startDatagrams(sim, packets, others.port.up, others.host, to, () => {
          this.#sent++
          return Math.ceil(chance.exponential(gapNs))
        }, Math.ceil(chance.exponential(gapNs)))
      )
    }
    this.#stop = stop
  }

  end(): void {
    for (const stop of this.#stop) stop()
    // a reader closes its own when it gets to its end
    if (!this.#read) { for (const socket of this.#sockets) socket.close(bootContext()) }
  }

  effects(): ReturnType<ActiveFault["effects"]> {
    const sum = (of: (socket: DatagramSocket) => number): number =>
      this.#sockets.reduce((total, socket) => total + of(socket), 0)
    return [
      ["packets that came to the sockets", sum((socket) => socket.packets)],
      ["packets sent", this.#sent],
      ["packets that the sockets dropped", sum((socket) => socket.drops)]
    ]
  }
}
