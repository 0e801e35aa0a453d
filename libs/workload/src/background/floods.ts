// What other hosts send to sockets that nobody reads: it stays in the receive buffers, and holds their memory.
// Modelled: one datagram socket, or one connection each, without a reader; the limits of their buffers.
// Not modelled: who sends and why; broadcasts that reach no socket.
import { field, number, whole } from "@swaplab/config"
import { DatagramSocket } from "@swaplab/net-skb"
import { NOTHING } from "../plug-in/plan.ts"
import { counts } from "../plug-in/shrink.ts"
import { workload } from "../plug-in/workload.ts"

export const udpFlood = workload({
  slot: "background",
  at: [],
  title: "unread datagrams",
  description: "Datagrams that nobody reads.",
  options: {
    packetsPerSecond: field(
      number(0, 1e6),
      0,
      "UDP packets a second to sockets that nobody reads, as other traffic of a LAN. 0: a quiet network."
    ),
    bytes: field(whole(1, 1472), 1000, "Payload of each.")
  },
  switch: "packetsPerSecond",
  lan: "datagrams",
  processes: () => NOTHING,
  start: ({ client: { net }, lan }, { bytes, packetsPerSecond }) => {
    lan.datagrams(new DatagramSocket(net, net.udpMemory), { stream: "background", packetsPerSecond, bytes })
  },
  operations: null,
  metrics: {},
  shrink: [counts("packetsPerSecond")],
  describe: ({ bytes, packetsPerSecond }) => [`${packetsPerSecond} a second of ${bytes} bytes`]
})

export const tcpFlood = workload({
  slot: "background",
  at: [],
  title: "unread streams",
  description: "Streams that nobody reads.",
  options: {
    tcpFlood: field(
      whole(0, 1000),
      0,
      "Connections over which another host sends to a socket that nobody reads, until its buffer is full."
    )
  },
  switch: "tcpFlood",
  lan: "streams",
  processes: () => NOTHING,
  start: ({ lan }, { tcpFlood: count }) => {
    for (let i = 1; i <= count; i++) lan.stream(`flood-${i}`)
  },
  operations: null,
  metrics: {},
  shrink: [counts("tcpFlood")],
  describe: ({ tcpFlood: count }) => [count === 1 ? "1 connection" : `${count} connections`]
})
