// Files of a person on the server: what NFS or SSHFS carries for /home, and video that the server has.
// Modelled: TCP from the port of the client's server, beside swap and root; reads and writes of a home at random times, as a
//   person opens and saves; video in pieces at its rate; how late each arrives. See served.ts.
// Not modelled: whether NFS or SSHFS carries it; metadata; a commit before a write is answered; a player that adapts its rate.
// source: LTSP of 2020 mounts /home by SSHFS or NFS (its documentation); no source gives the traffic of a home.
import { BYTE_RATE, ByteRate, field, formatQuantity, RATE, Rate, Size } from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import type { Nanoseconds } from "@swaplab/sim"
import type { WorkloadHost } from "../plug-in/host.ts"
import { NOTHING, pagesOf } from "../plug-in/plan.ts"
import { workload } from "../plug-in/workload.ts"
import { fromServer, toServer } from "./served.ts"

const KIB = 1024
const NS = 1e9

/** Time that an operation of so many bytes, in whole pages, takes at a rate. */
const gapAt = (bytes: number, bytesPerSecond: number): Nanoseconds => pagesOf(bytes) * PAGE_SIZE / bytesPerSecond * NS

/** Gaps between operations of `bytes` that come at random times, so many bytes a second on average. */
const randomGaps = (
  { random }: Pick<WorkloadHost, "random">,
  bytes: number,
  bytesPerSecond: number
): () => Nanoseconds => {
  const chance = random("gaps")
  const mean = gapAt(bytes, bytesPerSecond)
  return () => 1 + Math.ceil(chance.exponential(mean))
}

/** What both directions of a home have in common. */
const HOME = {
  slot: "background",
  at: ["home"],
  description: "Files of the person's home on the client's server (that of its swap): NFS or SSHFS.",
  lan: "server",
  processes: () => NOTHING,
  metrics: {},
  shrink: []
} as const

const size = (what: string) =>
  field(
    Size,
    256 * KIB,
    `Bytes of a ${what}, rounded down to whole pages. Assumed: a document, or a piece of a profile.`
  )

export const homeRead = workload({
  ...HOME,
  title: "reads of /home",
  options: {
    read: field(ByteRate, 0, "Read on average, in operations at random times (exponential gaps, assumed). 0: nothing."),
    readSize: size("read")
  },
  swarm: { read: ["100 KiB/s", "1 MiB/s"] },
  switch: "read",
  start: (host, { read, readSize }) =>
    fromServer(host, { name: "home read", pages: pagesOf(readSize), gap: randomGaps(host, readSize, read) }),
  operations: { unit: "reads", latency: true },
  describe: ({ read }) => [formatQuantity(BYTE_RATE, read)]
})

export const homeWrite = workload({
  ...HOME,
  title: "writes of /home",
  options: {
    write: field(ByteRate, 0, "Written on average, in operations at random times. 0: nothing."),
    writeSize: size("write")
  },
  swarm: { write: ["100 KiB/s", "1 MiB/s"] },
  switch: "write",
  start: (host, { write, writeSize }) =>
    toServer(host, { name: "home write", pages: pagesOf(writeSize), gap: randomGaps(host, writeSize, write) }),
  operations: { unit: "writes", latency: true },
  describe: ({ write }) => [formatQuantity(BYTE_RATE, write)]
})

export const video = workload({
  slot: "background",
  description: "Video that the client's server (that of its swap) sends to it.",
  options: {
    rate: field(Rate, 0, "Bits a second. 0: none. 1 to 3 Mbit are usual for a film in a window."),
    piece: field(Size, 64 * KIB, "Sent at a time, rounded down to whole pages. Assumed.")
  },
  swarm: { rate: ["1 Mbit"] },
  switch: "rate",
  lan: "server",
  processes: () => NOTHING,
  start: (host, { piece, rate }) => {
    const gap = Math.ceil(gapAt(piece, rate / 8))
    // not all clients at the same moment
    let next = 1 + host.random("phase").below(gap)
    fromServer(host, {
      name: "video",
      pages: pagesOf(piece),
      gap: () => {
        const now = next
        next = gap
        return now
      }
    })
  },
  operations: { unit: "pieces", latency: true },
  metrics: {},
  shrink: [],
  describe: ({ rate }) => [formatQuantity(RATE, rate)]
})
