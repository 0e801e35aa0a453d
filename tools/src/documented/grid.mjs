// @ts-check
// The experiment of 2012 at sizes, and over the parameters that nobody wrote down: one point is one setting of them, the same
// for all kernels. Each value stands here with its reason; nothing is chosen by kernel.

/**
 * `sets`: what the command gets as `--set`. `patience`: how many times as long as SLAB with the series the others get; null:
 * what the scenario gives them. `values`: those of the map, in the order of MAPPED.
 * @typedef {{
 *   name: string, scenario: string, seeds: number, sets: ReadonlyArray<string>, patience: number | null,
 *   values: ReadonlyArray<string> | null
 * }} Point
 */

/** In the order in which they run: how long SLAB with the series takes decides how long the others get. */
export const KERNELS = /** @type {const} */ (["slab-series", "slab-vanilla", "slub-vanilla", "slub-series"])

const SMALL = "scenarios/seed-2012.yaml"
const FULL = "scenarios/seed-2012-2g.yaml"

/** 4 times RAM is mapped, and 70 % of RAM and swap must hold it: swap of five times RAM does. @type {(mib: number) => ReadonlyArray<string>} */
const sized = (mib) => [`clients.0.ram=${mib} MiB`, `clients.0.swap=${5 * mib} MiB`]

/** Vanilla SLAB took at most 1.84 times as long as the series; five times is far beyond that. */
const PATIENCE = 5

/** As many seeds as fit into an hour of one core. Two passes, as the scenario has them. @type {ReadonlyArray<readonly [number, number]>} */
const SMALLER = [[64, 10], [256, 1], [512, 1], [1024, 1]]

const ONE_MIB = `clients.0.sysctl["net.ipv4.tcp_wmem"]=[4096, 16384, 1048576]`

/** @type {(name: string, sets: ReadonlyArray<string>) => Point} */
const full = (name, sets) => ({ name, scenario: FULL, seeds: 1, sets, patience: null, values: null })

/** The documented size is "2 GiB, 5 passes"; those after it put together what the map and a smaller send buffer tell. @type {ReadonlyArray<Point>} */
export const SIZES = [
  ...SMALLER.map(([mib, seeds]) => ({
    name: `${mib} MiB`,
    scenario: SMALL,
    seeds,
    sets: sized(mib),
    patience: null,
    values: null
  })),
  full("2 GiB, 5 passes", ["clients.0.workload.usemem.passes=5"]),
  full("2 GiB, hdd, send buffer of 1 MiB", ["clients.0.workload.usemem.passes=2", "server.disk=hdd", ONE_MIB]),
  full("2 GiB, hdd, 20 % page cache", [
    "clients.0.workload.usemem.passes=2",
    "server.disk=hdd",
    "clients.0.pageCache=20 %"
  ])
]

/** The least size at which the send buffer may grow beyond 1 MiB, which is so of the documented one, too. */
const MAP_MIB = 256
/** What the map goes over, each with its values and what they set. @type {Readonly<Record<string, Readonly<Record<string, ReadonlyArray<string>>>>>} */
export const MAPPED = {
  card: Object.fromEntries(
    ["r8169", "e1000e", "igb", "bnx2", "virtio-net"].map((card) => [card, [`clients.0.nic.driver=${card}`]])
  ),
  link: {
    "1 Gbit": [],
    "100 Mbit": ["clients.0.link.rate=100 Mbit"]
  },
  // at the documented size 1 GiB of page cache stands before a disk that takes 8 GiB
  server: {
    memory: [],
    hdd: ["server.disk=hdd", `server.pageCache=${MAP_MIB / 2} MiB`]
  },
  CPUs: Object.fromEntries(["1", "2", "4"].map((cpus) => [cpus, [`clients.0.cpus=${cpus}`]])),
  "page cache": Object.fromEntries(["1 %", "5 %", "20 %"].map((share) => [share, [`clients.0.pageCache=${share}`]]))
}

/** @type {(...lists: ReadonlyArray<ReadonlyArray<string>>) => ReadonlyArray<ReadonlyArray<string>>} */
const product = (...lists) =>
  lists.reduce(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])),
    /** @type {ReadonlyArray<ReadonlyArray<string>>} */ ([[]])
  )

const LINKS = Object.keys(MAPPED["link"])
const SERVERS = Object.keys(MAPPED["server"])

const [GBIT] = LINKS
const [MEMORY, HDD] = SERVERS

/** The points of the map: not the whole product, which would be 180. Link and server, then one thing after the other. */
const COMBINATIONS = [
  ...product(["r8169"], LINKS, SERVERS, ["4"], ["5 %"]),
  ...product(["r8169"], [GBIT], [MEMORY], ["4"], ["1 %", "20 %"]),
  ...product(["r8169"], [GBIT], [MEMORY], ["1", "2"], ["5 %"]),
  // cards with scatter-gather
  ...product(["e1000e"], [GBIT], SERVERS, ["4"], ["5 %"]),
  ...product(["igb", "bnx2", "virtio-net"], [GBIT], [MEMORY], ["4"], ["5 %"]),
  // around those at which most came out
  ...product(["r8169"], [GBIT], [HDD], ["4"], ["1 %", "20 %"]),
  ...product(["r8169"], [GBIT], [HDD], ["1", "2"], ["5 %"]),
  ...product(["bnx2"], [GBIT], [HDD], ["2", "4"], ["5 %"])
]

/** Looked at more closely, once the first seed was known. @type {Readonly<Record<string, number>>} */
const MORE_SEEDS = {
  "r8169, 1 Gbit, hdd, 4, 5 %": 3,
  "r8169, 1 Gbit, hdd, 4, 20 %": 10,
  "r8169, 1 Gbit, hdd, 2, 5 %": 3
}

/** @type {ReadonlyArray<Point>} */
export const MAP = COMBINATIONS.map((values) => ({
  name: values.join(", "),
  scenario: SMALL,
  seeds: MORE_SEEDS[values.join(", ")] ?? 1,
  sets: [...sized(MAP_MIB), ...Object.values(MAPPED).flatMap((choices, i) => choices[values[i]])],
  patience: PATIENCE,
  values
}))

/** The points whose name contains each of the parts, all without any. @type {(filter: string) => ReadonlyArray<Point>} */
export const chosen = (filter) => {
  const parts = filter.split(",").map((part) => part.trim()).filter((part) => part !== "")
  return [...SIZES, ...MAP].filter(({ name }) => parts.every((part) => name.split(", ").includes(part)))
}

/**
 * The command that runs a kernel of a point, for at most so many seconds of simulated time.
 * @type {(point: Point, kernel: string, seeds: string, limitS: number | null) => ReadonlyArray<string>}
 */
export const commandOf = ({ scenario, sets }, kernel, seeds, limitS) => [
  "run",
  scenario,
  "--no-map",
  "--kernel",
  kernel,
  ...seeds.split(" "),
  ...["expect={ default: any }", ...sets, ...(limitS === null ? [] : [`duration=${limitS} s`])].flatMap((set) => [
    "--set",
    set
  ])
]
