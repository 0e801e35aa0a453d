// Small scenarios, and clusters of them, for tests of a run.
import { clusterLaws } from "#src/run/laws.ts"
import { buildCluster, type Cluster, Scenario, type ScenarioEncoded, startLoads } from "@swaplab/cluster"
import type { ProcessExit } from "@swaplab/workload"
import { Schema } from "effect"

export const KERNELS = {
  "slab-vanilla": { allocator: "slab", base: "v3.5" },
  "slab-series": { allocator: "slab", base: "v3.6" },
  "slub-vanilla": { allocator: "slub", base: "v3.5" },
  "slub-series": { allocator: "slub", base: "v3.6" }
} as const

type Group = ScenarioEncoded["clients"][number]

/** A scenario of these client groups; `more` are its other sections. */
export const scenario = (clients: ReadonlyArray<Group>, more: Partial<ScenarioEncoded> = {}): Scenario =>
  Schema.decodeUnknownSync(Scenario)({ name: "test", kernels: KERNELS, clients, ...more })

/** A client of 16 MiB that writes 48 MiB once: a third of a second of CPU time. */
export const SMALL: Group = {
  name: "client",
  ram: "16 MiB",
  swap: "100 MiB",
  workload: { usemem: { processesPerCpu: 2, size: "48 MiB", passes: 1 } }
}

export interface Started {
  readonly cluster: Cluster
  /** Of all processes that have ended. */
  readonly exits: () => ReadonlyArray<ProcessExit>
}

/** A booted cluster whose clients have started their workloads; the simulation stops when the last one is done. */
export const started = (of: Scenario, kernel = "slab-series", seed = 1): Started => {
  const cluster = buildCluster(of, kernel, seed)
  let left = cluster.clients.length
  for (const client of cluster.clients) {
    client.loads[0].onDone = () => {
      if (--left === 0) cluster.sim.stop()
    }
    startLoads(client)
  }
  return { cluster, exits: () => cluster.clients.flatMap(({ loads: [measured] }) => measured.exits) }
}

/** Laws that the cluster breaks at this moment. */
export const broken = (cluster: Cluster): ReadonlyArray<string> =>
  clusterLaws(cluster).filter(({ holds }) => !holds).map(({ law, subject, detail }) => `${law}, ${subject}: ${detail}`)
