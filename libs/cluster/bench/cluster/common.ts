import { buildCluster, type Cluster, Scenario, type ScenarioEncoded, startLoads } from "@swaplab/cluster"
import { Schema } from "effect"

const KERNELS = {
  "slab-vanilla": { allocator: "slab", base: "v3.5" },
  "slab-series": { allocator: "slab", base: "v3.6" },
  "slub-vanilla": { allocator: "slub", base: "v3.5" },
  "slub-series": { allocator: "slub", base: "v3.6" }
} as const

/** A scenario of one client group. */
export const scenarioOf = (
  client: Partial<ScenarioEncoded["clients"][number]>,
  more: Partial<ScenarioEncoded> = {}
): Scenario =>
  Schema.decodeUnknownSync(Scenario)({
    name: "bench",
    kernels: KERNELS,
    clients: [{ name: "client", ...client }],
    ...more
  })

/** CPU time of this process so far, in seconds. */
export const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** A booted cluster whose workloads have been started; its simulation stops when the last process ends. */
export const start = (scenario: Scenario, kernel: string, seed = 1): Cluster => {
  const cluster = buildCluster(scenario, kernel, seed)
  let left = cluster.clients.length
  for (const client of cluster.clients) {
    const [measured] = client.loads
    measured.onDone = () => {
      if (measured.exits.some((exit) => exit !== "completed")) throw new Error(`${client.machine.name} lost a process`)
      if (--left === 0) cluster.sim.stop()
    }
    startLoads(client)
  }
  return cluster
}

/** Touches of pages, and pages swapped in, of all clients. */
export const totals = (cluster: Cluster): { readonly touched: number; readonly pageIns: number } => {
  let touched = 0
  let pageIns = 0
  for (const { machine } of cluster.clients) {
    touched += machine.touched
    pageIns += machine.pages.vmstat.get("pswpin")
  }
  return { touched, pageIns }
}

/** Pages that the workloads of a cluster map. */
export const mappedPages = (cluster: Cluster): number =>
  cluster.clients.reduce((sum, { machine }) => sum + machine.mm.tables.entries.length, 0)

/** Runs until so many touches have been made, or the workloads are over. */
export const runUntil = (cluster: Cluster, touches: number): void => {
  while (totals(cluster).touched < touches) {
    const { reason } = cluster.sim.run(Number.POSITIVE_INFINITY, 20_000)
    if (reason !== "events") return
  }
}

export const print = (figures: object): void => console.log(JSON.stringify(figures))

export const rounded = (value: number, digits = 0): number => Number(value.toFixed(digits))
