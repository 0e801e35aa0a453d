// What a swarm draws of a scenario: one row for each thing, with the values that it is drawn from. A file narrows any row to
// values of its own. Sizes are such that a run takes a fraction of a second of CPU time.
import { FAULT_NAMES } from "@swaplab/cluster"
import { BASES, SYSCTLS, WHEN_LOST } from "@swaplab/kernel"
import { CARD_NAMES } from "@swaplab/net-skb"
import { DISK_NAMES } from "@swaplab/server-model"
import { WORKLOADS } from "@swaplab/workload"

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
  ["workloads", namesIn("workload"), "Workloads that clients may run."],
  ["background", namesIn("background"), "What may run besides."],
  ["backgroundCount", [0, 0, 1, 2], "How much of it runs at the same time."],
  ["faults", FAULT_NAMES, "Kinds of faults. In each run every kind is off with a probability of one half."],
  ["faultCount", [1, 1, 2, 2, 3, 5], "Faults of a run."],
  ["trouble", ["100 ms", "300 ms", "1 s"], "When all faults have ended. From then on progress is demanded."],
  ["duration", ["150 s"], "So long after that the workloads have to be at their end."]
])

const SCENARIO = rows("scenario", [
  ["hz", [null, 100, 1000], "CONFIG_HZ."],
  ["lan.switch.buffer", [null, "32 KiB", "128 KiB", "2 MiB"], "Packet memory of the switch."],
  ["lan.switch.latency", [null, "0 us", "20 us"], "What a frame takes in it."],
  ["lan.loss", mostly(8, null, ["0.01 %", "0.5 %"]), "Frames lost for all of the run."],
  ["lan.flowControl", [null, null, true], "Pause frames."],
  ["server.link.rate", [null, null, "10 Gbit", "100 Mbit"], "The server's cable."],
  ["server.cpus", [null, 1, 4], "CPUs of the server."],
  ["server.threads", [null, null, 4], "Threads for a connection."],
  ["server.swapFiles", mostly(4, null, ["fresh"]), "What becomes of a swap file at a new connection."],
  ["server.pageCache", [null, null, "8 MiB"], "Memory of the server for swap."],
  ["server.disk", [null, null, ...DISK_NAMES], "The disk below it."]
])

const GROUP = rows("group", [
  ["count", [...often(14, 1), ...often(8, 2), ...often(4, 3), 8, 30], "Clients."],
  ["ram", ["12 MiB", "16 MiB", "16 MiB", "24 MiB"], "Memory of a client."],
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
  ["link.rate", [null, null, "100 Mbit", "10 Mbit"], "A client's cable."],
  ["link.latency", [null, null, "1 ms", "10 ms"], "One way over it."],
  ["nbd.whenLost", Object.keys(WHEN_LOST), "What happens when the connection is lost."],
  ["nbd.timeout", mostly(3, null, ["1 s", "30 s"]), "NBD_SET_TIMEOUT."],
  ["nbd.rebootTime", ["2 s"], "How long a reboot takes."],
  ["nbd.deadTimeout", [null, "1 s"], "How long requests wait for a new connection."],
  ["zram", mostly(6, null, [{}, { size: "25 %", devices: 1 }]), "Compressed swap before the server."],
  ["zswap", mostly(6, null, [{}, { maxPool: "5 %" }]), "Compressed swap in front of the server."],
  ["encryptSwap", mostly(6, null, [true]), "dm-crypt."],
  ["root", mostly(5, null, [{ size: "16 MiB" }, { size: "16 MiB", format: "ext4" }]), "A root image."],
  ["start", [null, "uniform(0 s, 500 ms)"], "When the workload begins."]
])

/** Sysctls that are a switch or one of a few names. */
const SYSCTL: ReadonlyArray<readonly [string, Dimension]> = Object.entries(SYSCTLS).flatMap(([name, row]) => {
  const values = row.kind === "name" ? row.names : row.kind === "whole" && row.max - row.min <= 2
    ? Array.from({ length: row.max - row.min + 1 }, (_, i) => row.min + i)
    : []
  if (values.length === 0) return []
  const dimension: Dimension = {
    meaning: `${name}.`,
    choices: mostly(4 * values.length, null, values),
    of: "group",
    path: ["sysctl", name]
  }
  return [[`clients.sysctl.${name}`, dimension] as const]
})

function namesIn(slot: "workload" | "background"): ReadonlyArray<string> {
  return Object.entries(WORKLOADS).filter(([, row]) => row.slot === slot && "swarm" in row).map(([name]) => name)
}

/** Everything that is drawn, by the name that a file has for it. */
export const DIMENSIONS: ReadonlyMap<string, Dimension> = new Map([...DRAWING, ...SCENARIO, ...GROUP, ...SYSCTL])
