// Host memory of clients.
import { buildCluster, type Cluster } from "@swaplab/cluster"
import { cpuSeconds, print, rounded, scenarioOf, start } from "./common.ts"

const MIB = 1024 * 1024

/** A client of 64 MiB with 8 processes of 32 MiB each. */
const CLIENT = {
  ram: "64 MiB",
  swap: "320 MiB",
  cpus: 1,
  workload: { usemem: { processesPerCpu: 8, size: "256 MiB", passes: 1 } }
} as const

const { gc } = globalThis as { readonly gc?: () => void }

interface HostMemory {
  readonly heap: number
  readonly typed: number
  readonly rss: number
}

/** JavaScript objects, typed arrays outside of the heap, and what the system sees, after a collection. */
const hostMemory = (): HostMemory => {
  if (gc === undefined) throw new Error("run node with --expose-gc")
  gc()
  gc()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { heap: heapUsed, typed: arrayBuffers, rss }
}

const perClient = (now: HostMemory, before: HostMemory, clients: number): object => ({
  heapMiB: rounded((now.heap - before.heap) / clients / MIB, 3),
  typedArraysMiB: rounded((now.typed - before.typed) / clients / MIB, 3),
  allInMiB: rounded((now.heap - before.heap + now.typed - before.typed) / clients / MIB, 3),
  rssMiB: rounded((now.rss - before.rss) / clients / MIB, 3)
})

/** Page frames and page tables of one client. */
const columns = (cluster: Cluster): number => {
  const { pages, mm } = cluster.clients[0].machine
  const frames = pages.frames.columns().reduce((sum, column) => sum + column.byteLength, 0)
  return frames + mm.tables.entries.byteLength + mm.tables.tablePages.byteLength
}

/** A client of 1 GiB whose load takes one and a half times that: what a GiB of emulated RAM costs. */
export const memoryOfGib = (): void => {
  const client = {
    ram: "1 GiB",
    swap: "1 GiB",
    cpus: 2,
    workload: { usemem: { processesPerCpu: 1, size: "1536 MiB", passes: 1 } }
  } as const
  // what the engine keeps of code that has run is no part of a client
  start(scenarioOf(CLIENT), "slab-series", 1).sim.run()
  const before = hostMemory()
  const cluster = start(scenarioOf(client), "slab-series", 1)
  const afterBoot = hostMemory()
  print({
    bench: "memory of a client of 1 GiB, booted",
    columnsMiB: rounded(columns(cluster) / MIB, 3),
    ...perClient(afterBoot, before, 1)
  })
  cluster.sim.run()
  const store = cluster.clients[0].connection.served.tokens.allocatedPages * 8
  print({
    bench: "memory of a client of 1 GiB, after a pass over 1.5 GiB",
    ...perClient(hostMemory(), before, 1),
    ofItServerStoreMiB: rounded(store / MIB, 3)
  })
}

/** Just booted, and in the middle of a run with most of the mappings in swap. */
export const memory = (): void => {
  const clients = 16
  buildCluster(scenarioOf(CLIENT), "slub-series", 1)
  const before = hostMemory()
  const booted = buildCluster(scenarioOf({ ...CLIENT, count: clients }), "slub-series", 1)
  const afterBoot = hostMemory()
  print({
    bench: "memory of a client, booted",
    columnsMiB: rounded(columns(booted) / MIB, 3),
    ...perClient(afterBoot, before, clients)
  })
  const cluster = start(scenarioOf({ ...CLIENT, count: clients }), "slub-series", 1)
  cluster.sim.run()
  const afterRun = hostMemory()
  const store = cluster.clients.reduce((sum, { connection }) => sum + connection.served.tokens.allocatedPages * 8, 0)
  print({
    bench: "memory of a client, after a pass over 256 MiB",
    ...perClient(afterRun, afterBoot, clients),
    ofItServerStoreMiB: rounded(store / clients / MIB, 3)
  })
  if (booted.clients.length !== cluster.clients.length) throw new Error("clusters differ")
}

export const boot1000 = (): void => {
  const clients = 1000
  buildCluster(scenarioOf(CLIENT), "slub-series", 1)
  const before = hostMemory()
  const cpu = cpuSeconds()
  const cluster = start(scenarioOf({ ...CLIENT, count: clients }), "slub-series", 1)
  cluster.sim.run(1_000_000)
  const seconds = cpuSeconds() - cpu
  const after = hostMemory()
  print({
    bench: "1,000 clients booted, and a millisecond of their workloads",
    cpuSeconds: rounded(seconds, 2),
    bootsPerCpuSecond: Math.round(clients / seconds),
    tasks: cluster.sim.processes.length,
    ...perClient(after, before, clients),
    rssTotalMiB: Math.round(after.rss / MIB)
  })
}
