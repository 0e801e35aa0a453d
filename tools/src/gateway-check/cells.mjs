// @ts-check
// What is compared: the same clients against servers with a delay of 5 ms and a limit of 400 Mbit/s.

/** The figures that both sides are given. */
const DELAY_MS = 5
const BYTES_PER_SECOND = 400e6 / 8
/** Seconds of each run. */
const SECONDS = 10
/** What a server may have with it at once; not what limits. */
const THREADS = 128
const SWAP_MIB = 3072

/** @typedef {"ours" | "nbdkit"} ServerName */
/**
 * @typedef {{
 *   name: string, what: string, servers: ReadonlyArray<ServerName>, median: boolean,
 *   ramMiB: number, processes: number, sizeMiB: number, mode: "read" | "write"
 * }} Cell
 */

/** In the first pass a client writes, and waits for no single page. @type {ReadonlyArray<Cell>} */
export const CELLS = [
  {
    name: "delay",
    what: "one process reads back: the delay decides",
    servers: ["ours", "nbdkit"],
    median: true,
    ramMiB: 64,
    processes: 1,
    sizeMiB: 128,
    mode: "read"
  },
  {
    name: "writes",
    what: "one process writes 2 GiB: the limit decides",
    servers: ["ours", "nbdkit"],
    median: false,
    ramMiB: 64,
    processes: 1,
    sizeMiB: 2048,
    mode: "read"
  },
  {
    name: "reads",
    what: "12 processes write, then read back: the limit decides",
    // nbdkit has a limit for each direction
    servers: ["ours"],
    median: true,
    ramMiB: 128,
    processes: 12,
    sizeMiB: 256,
    mode: "read"
  },
  {
    name: "both",
    what: "8 processes write and read: the limit decides",
    servers: ["ours"],
    median: true,
    ramMiB: 128,
    processes: 8,
    sizeMiB: 256,
    mode: "write"
  }
]

/** Each cell with each of its servers, by a name. @type {ReadonlyArray<{ key: string, cell: Cell, server: ServerName }>} */
export const PAIRS = CELLS.flatMap((cell) =>
  cell.servers.map((server) => ({ key: `${cell.name} ${server}`, cell, server }))
)

const RATE = `${BYTES_PER_SECOND / 1024} KiB/s`

/** The scenario of a cell, for both sides: a real server heeds no key of `server`. @type {(cell: Cell) => string} */
export const scenarioOf = ({ mode, name, processes, ramMiB, sizeMiB }) =>
  `\
name: gateway-check-${name}
duration: ${SECONDS} s
seeds: 1
kernels: { slub-series: { allocator: slub, base: v3.6 } }
clients:
  - name: client
    ram: ${ramMiB} MiB
    swap: ${SWAP_MIB} MiB
    workload: { usemem: { processesPerCpu: ${processes}, size: ${sizeMiB} MiB, passes: 1000, mode: ${mode} } }
server:
  # the delay is CPU time of a thread that has a CPU to itself
  cpus: 256
  threads: ${THREADS}
  pageCache: 16 GiB
  read: { base: ${DELAY_MS} ms, perKiB: 0 ns }
  write: { base: ${DELAY_MS} ms, perKiB: 0 ns }
  clientRate: ${RATE}
`

/** The configuration of our server. @type {(port: number) => string} */
export const configOf = (port) =>
  `\
listen: ["127.0.0.1:${port}"]
swap: { swap-*: { size: ${SWAP_MIB} MiB, faults: { delay: { kind: fixed, ms: ${DELAY_MS} } } } }
limits: { inFlight: ${THREADS}, inFlightBytes: 64 MiB, bytesPerSecond: ${RATE} }
`

/** The arguments of nbdkit; a tenth of a second may come at once, as with the others. @type {(socket: string) => ReadonlyArray<string>} */
export const nbdkitArguments = (socket) => [
  "--foreground",
  "--unix",
  socket,
  "--threads",
  `${THREADS}`,
  "--filter=rate",
  "--filter=delay",
  "memory",
  `${SWAP_MIB}M`,
  `rdelay=${DELAY_MS}ms`,
  `wdelay=${DELAY_MS}ms`,
  `connection-rate=${8 * BYTES_PER_SECOND}`,
  "burstiness=0.1"
]
