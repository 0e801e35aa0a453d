// The schema of what clients do besides the workload that is measured: traffic from other hosts, and loads of their own.
import { field, number, section, Size, Time, whole } from "@swaplab/config"
import { Schema } from "effect"
import { MIB, MS, US } from "./fields.ts"

const rate = (reason: string) => field(number(0, 1e6), 0, reason)

/** Traffic and loads in the background of a client group. */
export const BackgroundConfig = Schema.Struct({
  packetsPerSecond: rate(
    "UDP packets a second to sockets that nobody reads, as other traffic of a LAN. 0: a quiet network."
  ),
  bytes: field(whole(1, 1472), 1000, "Payload of each."),
  tcpFlood: field(
    whole(0, 1000),
    0,
    "Connections over which another host sends to a socket that nobody reads, until its buffer is full."
  ),
  netperf: section(
    Schema.Struct({
      tcpStreams: field(whole(0, 64), 0, "Streams from other hosts (TCP_STREAM), as fast as they go."),
      udpPacketsPerSecond: rate("Datagrams a second from other hosts (UDP_STREAM)."),
      udpBytes: field(whole(1, 1472), 1472, "Payload of each: the largest that fits a frame.")
    }),
    "netperf: traffic that a process on the client reads."
  ),
  kernelBuild: section(
    Schema.Struct({
      jobs: field(whole(0, 256), 0, "Compiles at a time (make -j)."),
      memory: field(
        Size,
        8 * MIB,
        "Of a compile. 50 to 300 MB are usual on machines of 2 GiB; 8 MiB is the same share of 64 MiB."
      ),
      cpu: field(Time, 200 * MS, "CPU time of a compile. A C file of the kernel takes a few tenths of a second."),
      files: field(
        whole(0, 100_000),
        100,
        "Files that a compile looks up for the first time. Some hundred headers each."
      )
    }),
    "A kernel build: a storm of short-lived processes."
  ),
  hackbench: section(
    Schema.Struct({
      groups: field(whole(0, 100), 0, "Groups of senders and receivers."),
      descriptors: field(whole(1, 100), 20, "Senders, and receivers, of a group. 20 in hackbench."),
      messagesPerSecond: field(
        whole(1, 10_000_000),
        20_000,
        "All groups together. hackbench itself takes all CPU time; 20,000 take about a tenth of a CPU."
      )
    }),
    "hackbench: small messages between processes of the client."
  ),
  iozone: section(
    Schema.Struct({
      file: field(Size, 0, "Written and read from end to end, again and again. 0: no iozone.")
    }),
    "iozone: a file that streams through the page cache."
  ),
  sysbench: section(
    Schema.Struct({
      threads: field(whole(0, 256), 0, "Threads that run transactions."),
      memory: field(Size, 8 * MIB, "The buffer pool, all threads together."),
      cpu: field(Time, 500 * US, "CPU time of a transaction."),
      think: field(Time, 10 * MS, "Time between two transactions of a thread, on average.")
    }),
    "sysbench OLTP: transactions over a buffer pool, each with a latency."
  ),
  disk: section(
    Schema.Struct({
      bytesPerSecond: field(Size, 60 * MIB, "What it writes or reads in a second. An IDE or SATA disk of 2010."),
      latency: field(Time, 200 * US, "Of each request. With a write cache of its own.")
    }),
    "A local disk for the files of iozone and the log of sysbench. Swap never goes there."
  )
})
export interface BackgroundConfig extends Schema.Schema.Type<typeof BackgroundConfig> {}

/** Bytes of anonymous memory that the background loads of a client map. */
export const backgroundBytes = ({ kernelBuild, sysbench }: BackgroundConfig): number =>
  kernelBuild.jobs * kernelBuild.memory + (sysbench.threads > 0 ? sysbench.memory : 0)

/** Fields that say by 0 that a load is off, and where the other fields of that load are. */
export const BACKGROUND_SWITCHES: ReadonlyArray<{
  readonly load: ReadonlyArray<string>
  readonly field: string
  readonly others: ReadonlyArray<string>
}> = [
  { load: [], field: "packetsPerSecond", others: ["bytes"] },
  { load: ["netperf"], field: "udpPacketsPerSecond", others: ["udpBytes"] },
  { load: ["kernelBuild"], field: "jobs", others: ["memory", "cpu", "files"] },
  { load: ["hackbench"], field: "groups", others: ["descriptors", "messagesPerSecond"] },
  { load: ["sysbench"], field: "threads", others: ["memory", "cpu", "think"] }
]
