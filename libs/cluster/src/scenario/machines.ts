// The schema of what a cluster consists of beside its kernels: cards, cables, clients and their workload, network, server.
import {
  assumed,
  BYTE_RATE,
  ByteRate,
  choice,
  documented,
  field,
  maybe,
  meanings,
  measured,
  MomentDistribution,
  Percentage,
  required,
  section,
  SIZE,
  Size,
  text,
  Time,
  whole,
  within,
  yesNo
} from "@swaplab/config"
import { DISK_NAMES, DISKS } from "@swaplab/server-model"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import { Schema } from "effect"
import { compressedSwapFields, cryptCostFields } from "./compressed-swap.ts"
import { GIB, KIB, MIB, name, positiveRate, positiveTime, ram, US } from "./fields.ts"
import { backgroundSchema, workloadSchema } from "./loads.ts"
import { NbdClientConfig } from "./nbd-client.ts"
import { coalesce, ethtool, NicConfig, txQueue } from "./nic.ts"
import { numaCostFields, numaField } from "./numa.ts"
import { RootConfig } from "./roots.ts"
import { BondConfig, SwitchConfig, SwitchesConfig, switchKey } from "./switches.ts"
import { SysctlsConfig } from "./sysctls.ts"

/** A cable from a machine to the switch. */
export const LinkConfig = Schema.Struct({
  rate: field(positiveRate, 1e9, "Bits per second. A gigabit: the published throughput needs more than 100 Mbit."),
  latency: field(
    Time,
    20 * US,
    "One way, wire and host. 20 us is the base measured between gigabit hosts.",
    measured(10 * US, 100 * US)
  )
})
export interface LinkConfig extends Schema.Schema.Type<typeof LinkConfig> {}

const pages = whole(0, 16 * 1024 * 1024)

/** The zones of a machine, in pages. */
const ZonesConfig = Schema.Struct({
  dma: field(pages, 0, "Pages of zone DMA."),
  dma32: field(pages, 0, "Pages of zone DMA32."),
  normal: field(pages, 0, "Pages of zone Normal.")
})

/** A group of equal clients that run workloads of a table. */
export const clientGroupSchema = (workloads: WorkloadTable) =>
  Schema.Struct({
    name: field(name, "client", "Clients of the group are called name-1, name-2, and so on."),
    count: field(whole(1, 10_000), 1, "Clients in the group."),
    sameAs: maybe(
      name,
      "The people of another group at other machines: what its n-th client draws by chance, the n-th client of this group draws, "
        + "too. Without it: its own."
    ),
    kernel: maybe(text, "A kernel of this scenario for this group. Without it: the kernel of the cell."),
    ram: field(ram, 64 * MIB, "Memory. 64 MiB keeps a run short; the published runs had 2 GiB."),
    zones: maybe(
      ZonesConfig,
      "Pages of each zone as a real machine has them (present, or managed, in /proc/zoneinfo): its watermarks are then those of that "
        + "machine. Without it: those of a PC with so much RAM."
    ),
    cpus: field(whole(1, 64), 2, "CPUs. Not stated for the published runs."),
    ...numaField,
    thp: field(
      yesNo,
      false,
      "Transparent huge pages: their only effect here is the larger default of min_free_kbytes."
    ),
    minFree: field(
      Schema.Union(Schema.Literal("auto"), Size).annotations({ title: "auto, or a size such as 4 MiB" }),
      "auto" as const,
      "min_free_kbytes, the reserve. auto: as Linux computes it from the size of memory."
    ),
    pageCache: field(
      Percentage,
      0.05,
      "Clean page cache at the start as a share of RAM: program text and files, reclaimable without I/O. Not documented "
        + "for the published runs; a diskless machine under memory pressure keeps little.",
      assumed(0.01, 0.15)
    ),
    swap: field(
      Size,
      320 * MIB,
      "Size of its swap export on the server. 4 times RAM fits the rule of 70 % with room. 0 B: it swaps to zram only."
    ),
    server: maybe(
      text,
      "The server of its swap, by name: a machine, or an entry of servers, of whose machines each client gets one by a hash of "
        + "its name. Without it: one of all servers by that hash."
    ),
    ...compressedSwapFields,
    root: maybe(
      RootConfig,
      "The image with programs and libraries, as files that can be read again. Without it: programs need no file, and the clean "
        + "page cache at the start is dropped for good."
    ),
    nbd: section(
      NbdClientConfig,
      "Its NBD devices: what their queues hold, and what happens when the connection to the server is lost."
    ),
    sysctl: section(
      SysctlsConfig,
      "Sysctls of these clients from their boot on, by their Linux names, in Linux's own units, and parameters of tcp_cubic. "
        + "Congestion control is reno unless it is set; 3.5 and 3.6 had cubic."
    ),
    nic: section(NicConfig, "The network card."),
    link: section(LinkConfig, "The cable to the switch."),
    switch: switchKey,
    workload: section(workloadSchema(workloads), "What the clients run: one workload, which is measured."),
    programs: field(
      choice("client", "server"),
      "client",
      "Where the programs of the workload run. server: the client is a thin client, with a screen and the X server alone; its "
        + "programs run on the machine of the section applications."
    ),
    background: section(backgroundSchema(workloads), "Traffic and loads besides the workload that is measured."),
    start: field(
      MomentDistribution,
      { name: "at", parameters: [{ ns: 0, ofDay: false }] },
      "When the workload starts: a time from the start of the run, a time of day where clock is given, or a distribution of "
        + "such, from which each client draws for itself."
    )
  })

/** A group of equal clients that run the workloads of swaplab. */
export const ClientGroup = clientGroupSchema(WORKLOADS)
export interface ClientGroup extends Schema.Schema.Type<typeof ClientGroup> {}

/** The network between the machines. */
export const LanConfig = Schema.Struct({
  switch: section(
    SwitchConfig,
    "A store-and-forward switch: the one that there is, or what all of `switches` are like."
  ),
  switches: maybe(
    SwitchesConfig,
    "Several switches, joined by uplinks. Machines say at which they are (`switch`). Without it: one, called switch."
  ),
  loss: field(Percentage, 0, "Frames lost on the wire, by chance."),
  flowControl: field(
    yesNo,
    false,
    "Pause frames (802.3x): the switch stops whoever fills its buffer instead of dropping frames, so that one slow client "
      + "can stop the server for all. LTSP switches them off on every card."
  )
})
export interface LanConfig extends Schema.Schema.Type<typeof LanConfig> {}

const service = (base: number, perKiB: number, reason: string) =>
  section(
    Schema.Struct({
      // another CPU is half or twice as fast
      base: field(Time, base, "CPU time of a request.", measured(base / 2, base * 2)),
      perKiB: field(Time, perKiB, "CPU time of each KiB in it.", measured(perKiB / 2, perKiB * 2))
    }),
    reason
  )

/** Service times of one direction of a disk that is given by figures. */
const serviceTime = (direction: string) =>
  Schema.Struct({
    ...required("median", positiveTime, `Half of the ${direction} take at most so long, before their data.`),
    ...required(
      "p99",
      positiveTime,
      `99 % of the ${direction} take at most so long. The same as the median: no chance.`
    ),
    perKiB: field(Time, 0, "Time of each KiB of data.")
  }).annotations({ description: `Times of ${direction}.` })

/** A disk by figures. */
const DiskConfig = Schema.Struct({
  read: serviceTime("reads"),
  write: serviceTime("writes"),
  channels: field(whole(1, 1024), 1, "Requests that are served at the same time."),
  capacity: field(
    within(Size, SIZE, { min: MIB }),
    1024 * GIB,
    "What fits on it. Exports are sparse: only pages that were written take room. A write that finds none fails."
  )
})
interface DiskConfig extends Schema.Schema.Type<typeof DiskConfig> {}

/** An NBD server. */
export const ServerConfig = Schema.Struct({
  link: section(LinkConfig, "The cable from the server to the switch."),
  switch: switchKey,
  bond: BondConfig,
  nic: section(
    Schema.Struct({
      rxRing: field(
        whole(16, 4096),
        1024,
        "Receive descriptors. Administrators of servers raise the 256 of e1000 and igb."
      ),
      txRing: field(whole(16, 4096), 1024, "Transmit descriptors, raised with the receive ring."),
      txQueue,
      ethtool,
      coalesce
    }),
    "The server's network card: an e1000 whose memory never lacks."
  ),
  cpus: field(whole(1, 256), 2, "CPUs. An nbd-server of 2012 has one process per connection."),
  threads: field(
    whole(1, 256),
    1,
    "Threads that perform the requests of one connection. 1: one request after the other, as the nbd-server of 2012. Since "
      + "3.12 its default is 4 (max_threads)."
  ),
  swapFiles: field(
    choice("kept", "fresh"),
    "kept",
    "What becomes of a client's swap file when it connects again. kept: it is the same file. fresh: it is removed, made again "
      + "and mkswapped at each new connection, as LTSP 5's nbdswapd does, so that a client that connects again has lost what "
      + "it had swapped out."
  ),
  clientRate: maybe(
    within(ByteRate, BYTE_RATE, { min: 4 * KIB }),
    "What the swap of one client may be read and written a second, together, as `limits.bytesPerSecond` of the real server: a "
      + "tenth of a second may come at once, then the client waits. Without it: as much as it can."
  ),
  sysctl: section(
    SysctlsConfig,
    "Sysctls of the server, like those of clients. Its memory never lacks: vm.* do nothing."
  ),
  pageCache: field(Size, GIB, "Memory for swap data. Swapped-out pages stay here until it is full."),
  disk: field(
    Schema.Union(choice(...DISK_NAMES), DiskConfig).annotations({
      title: `${DISK_NAMES.join(", ")}, or a mapping with read and write`
    }),
    DISK_NAMES[0],
    `What lies behind the page cache. ${
      meanings(DISKS)
    }. Any other disk by its figures. The published runs do not say; `
      + "memory leaves the disk out of the question."
  ),
  readahead: field(
    within(Size, SIZE, { max: 64 * MIB }),
    128 * KIB,
    "Read-ahead of the file system below the images of roots: read_ahead_kb, 128 KiB by default in Linux. 0: none. Swap "
      + "exports have none: each has one reader, which reads at random."
  ),
  read: service(22 * US, 300, "Cost of a read request. Measured with nbd-server 3.24 on one core of 2.5 GHz."),
  write: service(42 * US, 550, "Cost of a write request. Measured with nbd-server 3.24 on one core of 2.5 GHz.")
})
export interface ServerConfig extends Schema.Schema.Type<typeof ServerConfig> {}

/** CPU time that a client's kernel takes, of a machine of 2012. */
export const CostConfig = Schema.Struct({
  minorFault: field(
    Time,
    US,
    "A minor fault: entry, page-table walk, zeroing. Median measured on bare metal: 1.01 us.",
    measured(US / 2, 2 * US)
  ),
  touch: field(Time, 35, "A touch of a resident page, cold TLB and cache. Measured: 30 to 40 ns.", measured(30, 40)),
  scanPage: field(
    Time,
    300,
    "Reclaim looks at a page. Estimated from 7 to 19 us of system time per page swapped out and in.",
    assumed(150, 600)
  ),
  unmapPage: field(Time, 300, "Unmapping a page. Measured: 0.25 to 0.33 us.", measured(250, 330)),
  swapOutPage: field(
    Time,
    2 * US,
    "A swap slot, a bio and its submission. Estimated like scanPage.",
    assumed(US, 4 * US)
  ),
  packet: field(Time, 1500, "A packet in softirq. 1 to 2 us for kernels of the time.", documented(US, 2 * US)),
  mergedPacket: field(
    Time,
    500,
    "A received packet that GRO appends to the one before it: buffer and comparison, without IP, TCP and the socket. Assumed: a "
      + "third of a packet; receive aggregation made receiving 45 to 67 % faster in 2008 (Menon and Zwaenepoel).",
    assumed(250, 1500)
  ),
  perKiB: field(
    Time,
    250,
    "Copying a KiB between a socket and its user. Measured on another machine.",
    measured(125, 500)
  ),
  contextSwitch: field(Time, 2 * US, "A switch between tasks. Assumed.", assumed(US, 4 * US)),
  ...cryptCostFields,
  ...numaCostFields
})
export interface CostConfig extends Schema.Schema.Type<typeof CostConfig> {}
