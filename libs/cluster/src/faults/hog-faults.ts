// Clients in trouble by what runs on them or is sent to them: a hog of memory, a flood of packets.
import { field, formatQuantity, number, required, SIZE, Size, whole, within, yesNo } from "@swaplab/config"
import { DATAGRAM_RCVBUF } from "@swaplab/net-skb"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { faultKind } from "./fault-kind.ts"

export const hog = faultKind({
  on: "client",
  meaning: "a process takes so much memory and writes to it, page after page, without end",
  sets: "hog",
  cause: "memory",
  hits: "pages written",
  options: { ...required("size", within(Size, SIZE, { min: PAGE_SIZE }), "What it maps and writes to.") },
  process: ({ size }) => Math.floor(size / PAGE_SIZE),
  swarm: { size: ["4 MiB", "16 MiB", "64 MiB"] },
  begin: ({ startHog }, { size }) => startHog(Math.floor(size / PAGE_SIZE)),
  describe: ({ size }) => `hog of ${formatQuantity(SIZE, size)}`
})

export const flood = faultKind({
  on: "client",
  meaning: "another host sends datagrams to sockets of the client",
  sets: "flood",
  cause: "memory",
  hits: "packets that came to the sockets",
  options: {
    ...required("packetsPerSecond", number(0.001, 1e6), "All sockets together."),
    bytes: field(whole(1, 1472), 1000, "Payload of each."),
    sockets: field(whole(1, 1000), 1, "Sockets that they go to, each with an equal share."),
    receiveBuffer: field(
      within(Size, SIZE, { min: 2288 }),
      DATAGRAM_RCVBUF,
      "Receive buffer of each: net.core.rmem_default. A full one drops what comes before sk_filter looks at it."
    ),
    read: field(yesNo, false, "Whether a process reads each socket.")
  },
  swarm: { packetsPerSecond: [500, 5000], bytes: [100, 1472], sockets: [1, 8], read: [false, true] },
  begin: ({ startFlood }, options, chance) => startFlood(options, chance),
  describe: ({ bytes, packetsPerSecond, read, sockets }) =>
    `${packetsPerSecond} packets of ${bytes} bytes a second to ${sockets} ${read ? "read" : "unread"} ${
      sockets === 1 ? "socket" : "sockets"
    }`
})
