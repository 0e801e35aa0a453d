// Small scenarios, and clusters of them, for tests of a run.
import { buildCluster, type Cluster, Scenario, type ScenarioEncoded } from "@swaplab/cluster"
import { usemem, type UsememExit } from "@swaplab/workload"
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
  readonly exits: Array<UsememExit>
}

/** A booted cluster whose clients have started their workloads; the simulation stops when the last process ends. */
export const started = (of: Scenario, kernel = "slab-series", seed = 1): Started => {
  const cluster = buildCluster(of, kernel, seed)
  const exits: Array<UsememExit> = []
  const total = cluster.clients.reduce((sum, client) => sum + client.processes, 0)
  for (const { machine, processes, spec } of cluster.clients) {
    const { passes, mode } = spec.group.workload.usemem
    for (let process = 0; process < processes; process++) {
      machine.startProcess(process, `usemem-${process + 1}`, function*(task) {
        exits.push(yield* usemem(machine, task, { passes, mode }))
        if (exits.length === total) cluster.sim.stop()
      })
    }
  }
  return { cluster, exits }
}
