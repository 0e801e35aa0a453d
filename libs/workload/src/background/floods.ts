// What other hosts send to sockets, as a rule sockets that nobody reads: it stays in the receive buffers, and holds their
// memory.
// A socket whose buffer is full drops a packet before sk_filter looks at it. So a buffer that is never read takes part in
// nothing after its first packets: PFMemallocDrop stays 0 then, on any kernel.
// Modelled: datagram sockets with or without a reader, or one connection each without one; the limits of their buffers.
// Not modelled: who sends and why; broadcasts that reach no socket.
import { field, formatQuantity, number, SIZE, Size, whole, yesNo } from "@swaplab/config"
import { DATAGRAM_RCVBUF, DatagramSocket } from "@swaplab/net-skb"
import { NOTHING } from "../plug-in/plan.ts"
import { counts } from "../plug-in/shrink.ts"
import { workload } from "../plug-in/workload.ts"
import { readDatagrams } from "./read-socket.ts"

/** SOCK_MIN_RCVBUF: 2048 bytes and a struct sk_buff. source: include/net/sock.h (v3.5) */
const MIN_RCVBUF = 2048 + 240

export const udpFlood = workload({
  slot: "background",
  at: [],
  title: "datagrams of other hosts",
  description: "Datagrams that other hosts send.",
  options: {
    packetsPerSecond: field(
      number(0, 1e6),
      0,
      "UDP packets a second, all sockets together, as other traffic of a LAN. 0: a quiet network."
    ),
    bytes: field(whole(1, 1472), 1000, "Payload of each."),
    sockets: field(
      whole(1, 1000),
      1,
      "Sockets that they go to, each with an equal share. One is the least that holds memory; full buffers of many hold more " +
        "(source: `udp_mem`, the limit of all together)."
    ),
    receiveBuffer: field(
      Size,
      DATAGRAM_RCVBUF,
      "Receive buffer of each socket: `net.core.rmem_default` (source: SK_RMEM_MAX, net/core/sock.c). A full one drops what " +
        "comes before sk_filter looks at it."
    ),
    read: field(
      yesNo,
      false,
      "Whether a process reads each socket. Without one a packet stays in its buffer, the worst case for memory."
    )
  },
  swarm: { packetsPerSecond: [100, 1000], sockets: [1, 4], read: [false, true] },
  switch: "packetsPerSecond",
  lan: "datagrams",
  processes: () => NOTHING,
  start: (host, { bytes, packetsPerSecond, read, receiveBuffer, sockets }) => {
    const { client: { net }, lan } = host
    for (let i = 0; i < sockets; i++) {
      const socket = read
        ? readDatagrams(host, `reader-${i + 1}`, () => {}, receiveBuffer)
        : new DatagramSocket(net, net.udpMemory, receiveBuffer)
      // the first one has the chance that it has alone
      const stream = i === 0 ? "background" : `background-${i + 1}`
      lan.datagrams(socket, { stream, packetsPerSecond: packetsPerSecond / sockets, bytes })
    }
  },
  operations: null,
  metrics: {},
  rules: [{
    name: "a receive buffer of background traffic is one that Linux allows",
    path: ["receiveBuffer"],
    holds: ({ receiveBuffer }) => receiveBuffer >= MIN_RCVBUF,
    words: ({ receiveBuffer }) => `got ${formatQuantity(SIZE, receiveBuffer)}, expected ${MIN_RCVBUF} B or more`
  }],
  shrink: [counts("packetsPerSecond"), counts("sockets")],
  describe: ({ bytes, packetsPerSecond, read, receiveBuffer, sockets }) => [
    `${packetsPerSecond} a second of ${bytes} bytes`,
    ...(sockets === 1 ? [] : [`to ${sockets} sockets`]),
    ...(receiveBuffer === DATAGRAM_RCVBUF ? [] : [`receive buffers of ${formatQuantity(SIZE, receiveBuffer)}`]),
    ...(read ? ["read by processes"] : [])
  ]
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
  swarm: { tcpFlood: [1, 4] },
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
