// The receiving side of netperf: processes that read whatever arrives. What other hosts send to a socket without one of these
// stays in its receive buffer.
// Modelled: a process per socket that sleeps until something arrives and copies it out.
// Not modelled: the control connection, requests and responses (TCP_RR), the sending side on the client.
// source: netperf's netserver (UDP_STREAM, TCP_STREAM)
import { field, number, whole } from "@swaplab/config"
import type { PageToken } from "@swaplab/page-alloc"
import { NOTHING } from "../plug-in/plan.ts"
import { counts } from "../plug-in/shrink.ts"
import { workload } from "../plug-in/workload.ts"
import { readDatagrams } from "./read-socket.ts"

const KIB_PER_PAGE = 4

const AT = ["netperf"]
const DESCRIPTION = "netperf: traffic that a process on the client reads."

export const netperfUdp = workload({
  slot: "background",
  at: AT,
  title: "netperf UDP_STREAM",
  description: DESCRIPTION,
  options: {
    udpPacketsPerSecond: field(number(0, 1e6), 0, "Datagrams a second from other hosts (UDP_STREAM)."),
    udpBytes: field(whole(1, 1472), 1472, "Payload of each: the largest that fits a frame.")
  },
  swarm: { udpPacketsPerSecond: [200, 1000] },
  switch: "udpPacketsPerSecond",
  lan: "datagrams",
  processes: () => NOTHING,
  start: (host, { udpBytes, udpPacketsPerSecond }) => {
    const { lan, operations } = host
    const socket = readDatagrams(host, "netserver", (count) => {
      operations.done += count
    })
    lan.datagrams(socket, { stream: "netperf", packetsPerSecond: udpPacketsPerSecond, bytes: udpBytes })
  },
  operations: { unit: "datagrams", latency: false },
  metrics: {},
  shrink: [counts("udpPacketsPerSecond")],
  describe: ({ udpBytes, udpPacketsPerSecond }) => [`${udpPacketsPerSecond} datagrams a second of ${udpBytes} bytes`]
})

export const netperfTcp = workload({
  slot: "background",
  at: AT,
  title: "netperf TCP_STREAM",
  description: DESCRIPTION,
  options: {
    tcpStreams: field(whole(0, 64), 0, "Streams from other hosts (TCP_STREAM), as fast as they go.")
  },
  swarm: { tcpStreams: [1] },
  costly: true,
  switch: "tcpStreams",
  lan: "streams",
  processes: () => NOTHING,
  start: ({ daemon, lan, operations }, { tcpStreams }) => {
    for (let i = 1; i <= tcpStreams; i++) {
      const socket = lan.stream(`netperf-${i}`)
      const page: PageToken = { tokenWriter: 0, tokenVersion: 0 }
      daemon("netserver", function*(task) {
        while ((yield* socket.recvPage(task, page)) > 0) {
          operations.done += KIB_PER_PAGE
          yield* task.condResched()
        }
      })
    }
  },
  operations: { unit: "KiB", latency: false },
  metrics: {},
  shrink: [counts("tcpStreams")],
  describe: ({ tcpStreams }) => [tcpStreams === 1 ? "1 stream" : `${tcpStreams} streams`]
})
