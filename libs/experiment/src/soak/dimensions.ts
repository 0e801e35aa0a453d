// What a swarm draws of a scenario: one row for each thing, with the values that it is drawn from. A file narrows any row to
// values of its own. Sizes are such that a run takes a fraction of a second of CPU time.
import { FAULT_NAMES } from "@swaplab/cluster"
import { BASES, SYSCTLS, WHEN_LOST } from "@swaplab/kernel"
import { CARD_NAMES, type SysctlRow } from "@swaplab/net-skb"
import { DISK_NAMES } from "@swaplab/server-model"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"

/** One thing that is drawn. */
export interface Dimension {
  readonly meaning: string
  /** Values as a file has them, each as likely as the others: one that stands twice is twice as likely. Null: the key is left out. */
  readonly choices: ReadonlyArray<unknown>
  /** Where the value stands: in the scenario, in its client group, or wherever the drawing puts it. */
  readonly of: "scenario" | "group" | "drawing"
  /** Keys to it. */
  readonly path: ReadonlyArray<string>
}

/** `value`, so many times. */
const often = <T>(times: number, value: T): ReadonlyArray<T> => Array.from({ length: times }, () => value)

/** Most runs have what is usual, some have one of the others. */
const mostly = (times: number, usual: unknown, others: ReadonlyArray<unknown>): ReadonlyArray<unknown> => [
  ...often(times, usual),
  ...others
]

type Row = readonly [path: string, choices: ReadonlyArray<unknown>, meaning: string]

const rows = (of: Dimension["of"], list: ReadonlyArray<Row>): ReadonlyArray<readonly [string, Dimension]> =>
  list.map(([path, choices, meaning]) => [
    of === "group" ? `clients.${path}` : path,
    { meaning, choices, of, path: path.split(".") }
  ])

const DRAWING = rows("drawing", [
  ["allocator", ["slab", "slub"], "The object allocator."],
  ["base", [...BASES, ...often(4, "v3.6")], "What the kernel starts from."],
  ["patches", [0, 0, 0, 1, 2, 4], "How many patches are switched the other way, each drawn from all of them."],
  ["workloads", namesIn("workload", false), "Workloads that clients may run."],
  ["background", namesIn("background", false), "What may run besides."],
  ["costly", [...namesIn("workload", true), ...namesIn("background", true)], "What takes many seconds of CPU time."],
  ["costlyIn", [400], "Of so many runs, one has something of that: one client."],
  ["costlyRam", ["64 MiB"], "Memory of that client, and of the server of thin clients' programs."],
  ["costlySwap", ["320 MiB"], "Their swap."],
  ["costlyDisk", DISK_NAMES, "The disk that the server of programs swaps to."],
  ["programs", ["client", "server"], "Where programs of a workload run that can be divided."],
  ["backgroundCount", [0, 0, 1, 2], "How much of it runs at the same time."],
  [
    "numa",
    mostly(140, null, [
      { nodes: 1 },
      { nodes: 2 },
      { nodes: 2, distance: 31 },
      { nodes: 2, policy: { mode: "interleave", nodes: [0, 1] } },
      { nodes: 2, policy: { mode: "preferred", nodes: [1] } },
      { nodes: 2, policy: { mode: "bind", nodes: [0] } },
      { nodes: 2, mems: [1] }
    ]),
    "Memory nodes of the first group, which is then one client with memory of its own."
  ],
  [
    "numaSplit",
    [["32 MiB", "8 MiB"]],
    "Memory of that client by its nodes. Their sum is its RAM; one node has it all."
  ],
  ["groups", [...often(5, 1), 2], "Groups of clients. The second is one client, with drawings of its own."],
  ["servers", [...often(9, 1), 2], "NBD servers. A client has one by its name."],
  ["switches", [...often(9, 1), 2], "Switches. Of two, clients are at the second, whose uplink leads to the servers'."],
  ["uplink", ["1 Gbit", "100 Mbit"], "The cable between two switches."],
  ["faults", FAULT_NAMES, "Kinds of faults. In each run every kind is off with a probability of one half."],
  ["faultCount", [1, 1, 2, 2, 3, 5, 7], "Faults of a run."],
  [
    "trouble",
    ["100 ms", "300 ms", "300 ms", "1 s", "1 s", "3 s", "20 s"],
    "When all faults have ended. From then on progress is demanded."
  ],
  [
    "provedIn",
    [12],
    "Of so many runs of kernels that are known to lock up, one goes on from a closed cycle until it is proved to be a deadlock."
  ],
  ["duration", ["150 s"], "So long after that the workloads have to be at their end."]
])

const SCENARIO = rows("scenario", [
  ["hz", [null, 100, 1000], "CONFIG_HZ."],
  ["lan.switch.alpha", mostly(5, null, [0.125, 8]), "How much of its free memory a port may take."],
  ["lan.switch.portReserve", mostly(5, null, ["3 KiB"]), "Memory that each port has for itself."],
  ["lan.switch.portLimit", mostly(8, null, ["8 KiB"]), "Most that waits for a port."],
  ["lan.switch.ecnMark", mostly(5, null, ["6 KiB"]), "What waits for a port when frames are marked."],
  ["lan.switch.buffer", [null, "32 KiB", "128 KiB", "2 MiB"], "Packet memory of the switch."],
  ["lan.switch.latency", [null, "0 us", "20 us"], "What a frame takes in it."],
  ["lan.loss", mostly(8, null, ["0.01 %", "0.5 %"]), "Frames lost for all of the run."],
  ["lan.flowControl", [null, null, true], "Pause frames."],
  ["server.link.rate", [null, null, "10 Gbit", "100 Mbit"], "The server's cable."],
  ["server.cpus", [null, 1, 4], "CPUs of the server."],
  ["server.threads", [null, null, 4], "Threads for a connection."],
  ["server.clientRate", mostly(8, null, ["1 MiB/s"]), "What the swap of a client may be read and written a second."],
  [
    "server.bond",
    mostly(8, null, [{ links: 2 }, { links: 2, miimon: "10 ms" }]),
    "Cables of the server that act as one."
  ],
  ["server.nic.rxRing", mostly(8, null, [32]), "Receive descriptors of the server."],
  ["server.swapFiles", mostly(4, null, ["fresh"]), "What becomes of a swap file at a new connection."],
  ["server.pageCache", [null, null, "2 MiB", "8 MiB"], "Memory of the server for swap."],
  ["server.disk", [null, ...DISK_NAMES], "The disk below it."]
])

const GROUP = rows("group", [
  ["count", [...often(30, 1), ...often(12, 2), ...often(6, 3), 8, 30], "Clients."],
  ["ram", ["8 MiB", "8 MiB", "12 MiB", "16 MiB"], "Memory of a client."],
  ["swap", ["32 MiB", "64 MiB", "64 MiB"], "Swap of a client."],
  ["cpus", [1, 2, 2, 4], "CPUs of a client."],
  ["pageCache", [null, "0 %", "15 %"], "Clean page cache at the start."],
  ["minFree", mostly(5, null, ["256 KiB", "2 MiB"]), "min_free_kbytes."],
  ["nic.driver", CARD_NAMES, "The card."],
  ["nic.rxRing", [null, 32, 64], "Receive descriptors."],
  ["nic.txRing", [null, 32], "Transmit descriptors."],
  ["nic.txQueue", mostly(5, null, [10]), "Packets that wait for the transmit ring."],
  ["nic.interruptModeration", [null, "0 us", "125 us"], "Between two interrupts."],
  ["nic.ethtool.gro", [null, null, "off", "on"], "Whether received packets are merged."],
  ["nic.ethtool.tso", [null, null, "off", "on"], "Whether the card cuts long packets."],
  ["nic.ethtool.sg", mostly(5, null, ["off"]), "Whether the card gathers a packet from several places."],
  ["nic.coalesce", mostly(3, null, ["driver"]), "Whether the driver moderates interrupts."],
  ["link.rate", [null, null, "100 Mbit", "10 Mbit"], "A client's cable."],
  ["link.latency", [null, null, "1 ms", "10 ms"], "One way over it."],
  ["nbd.whenLost", Object.keys(WHEN_LOST), "What happens when the connection is lost."],
  ["nbd.timeout", mostly(3, null, ["1 s", "30 s"]), "NBD_SET_TIMEOUT."],
  ["nbd.rebootTime", ["2 s"], "How long a reboot takes."],
  ["nbd.deadTimeout", [null, "1 s"], "How long requests wait for a new connection."],
  [
    "zram",
    mostly(6, null, [{}, { size: "25 %", devices: 1, zeroPages: "10 %" }]),
    "Compressed swap before the server."
  ],
  ["zswap", mostly(6, null, [{}, { maxPool: "5 %" }]), "Compressed swap in front of the server."],
  ["encryptSwap", mostly(6, null, [true]), "dm-crypt."],
  ["root", mostly(5, null, [{ size: "16 MiB" }, { size: "16 MiB", format: "ext4" }]), "A root image."],
  ["start", [null, "uniform(0 s, 500 ms)"], "When the workload begins."]
])

/** Buffers of TCP that are too small for what is under way, by the unit that they are in. */
const SMALL: Readonly<Record<string, ReadonlyArray<number>>> = { pages: [32, 64, 128], bytes: [2304, 4608, 9216] }

/** Values beside the default: all of a switch or of a few names, small buffers, and of numbers a quarter and four times as much. */
const valuesOf = (row: SysctlRow): ReadonlyArray<unknown> => {
  if (row.kind === "name") return row.names
  if (row.kind === "triple") return [SMALL[row.unit]]
  const { max, min, standard } = row
  if (max - min <= 2) return Array.from({ length: max - min + 1 }, (_, i) => min + i)
  const usual = standard ?? min
  return [...new Set([Math.max(min, Math.floor(usual / 4)), Math.min(max, Math.max(1, usual * 4))])]
}

/** Sysctls: each one is left as it is in most runs. */
const sysctls = (of: "group" | "scenario", prefix: string): ReadonlyArray<readonly [string, Dimension]> =>
  Object.entries(SYSCTLS as Readonly<Record<string, SysctlRow>>).map(([name, row]) => {
    const values = valuesOf(row)
    const path = of === "group" ? ["sysctl", name] : ["server", "sysctl", name]
    return [`${prefix}.sysctl.${name}`, {
      meaning: `${name}.`,
      choices: mostly(5 * values.length, null, values),
      of,
      path
    }]
  })

function namesIn(slot: "workload" | "background", costly: boolean): ReadonlyArray<string> {
  return Object.entries(WORKLOADS as WorkloadTable)
    .filter(([, row]) => row.slot === slot && row.swarm !== undefined && (row.costly ?? false) === costly)
    .map(([name]) => name)
}

/** Everything that is drawn, by the name that a file has for it. */
export const DIMENSIONS: ReadonlyMap<string, Dimension> = new Map([
  ...DRAWING,
  ...SCENARIO,
  ...GROUP,
  ...sysctls("group", "clients"),
  ...sysctls("scenario", "server").filter(([name]) => !name.includes(".vm."))
])
