// Other traffic of the LAN: datagrams to sockets on the clients that nobody reads.
// Modelled: one host that sends to each client with exponential gaps; the datagrams take their way through its link, the
//   switch and the client's receive path like any other packet.
// Not modelled: who sends them and why; broadcasts (one copy per client is addressed to it).
import type { Machine } from "@swaplab/kernel"
import type { Link } from "@swaplab/lan"
import { DatagramSocket, type Packets } from "@swaplab/net-skb"
import type { Nanoseconds, Sim } from "@swaplab/sim"

/** Starts the traffic to one client. `link` leads from the sending host to the switch. */
export const startNoise = (
  sim: Sim,
  packets: Packets,
  link: Link,
  host: number,
  machine: Machine,
  options: { readonly packetsPerSecond: number; readonly bytes: number; readonly startNs: Nanoseconds }
): DatagramSocket => {
  const socket = new DatagramSocket(machine.net, machine.net.udpMemory)
  const random = sim.stream(machine.name, "background")
  const meanGapNs = 1e9 / options.packetsPerSecond
  const kind = sim.queue.register(() => {
    link.send(packets.datagram(host, machine.spec.host, socket.port, options.bytes))
    sim.queue.after(Math.ceil(random.exponential(meanGapNs)), kind, 0)
    // it never depends on the client, so it is no work of the client's under way
  }, { retry: true })
  sim.queue.after(options.startNs + Math.ceil(random.exponential(meanGapNs)), kind, 0)
  return socket
}
