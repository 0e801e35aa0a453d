// Page-ins per CPU second, and how fast the cells of the seed scenario run.
import { buildCluster, runCluster, type Scenario } from "@swaplab/cluster"
import { cpuSeconds, mappedPages, print, rounded, runUntil, scenarioOf, start, totals } from "./common.ts"

/** Pages read back over a gigabit that is full: swap is so large that slots stay and nothing is written twice. */
export const pageIns = (passes: number): void => {
  const scenario = scenarioOf({
    ram: "64 MiB",
    swap: "2 GiB",
    cpus: 4,
    workload: { usemem: { processesPerCpu: 8, size: "4x RAM", passes, mode: "read" } }
  })
  const cluster = start(scenario, "slab-series")
  const [client] = cluster.clients
  const pages = mappedPages(cluster)
  runUntil(cluster, 1.5 * pages)
  const before = totals(cluster).pageIns
  const { now, queue } = cluster.sim
  const { busyNs } = client.down
  const fired = queue.fired
  const out = client.machine.pages.vmstat.get("pswpout")
  const cpu = cpuSeconds()
  runUntil(cluster, (passes - 0.2) * pages)
  const seconds = cpuSeconds() - cpu
  const done = totals(cluster).pageIns - before
  const simulated = cluster.sim.now - now
  print({
    bench: "cluster: page-ins on a saturated gigabit",
    opsPerCpuSecond: Math.round(done / seconds),
    linkUtilisation: rounded((client.down.busyNs - busyNs) / simulated, 3),
    pageIns: done,
    pageOuts: client.machine.pages.vmstat.get("pswpout") - out,
    eventsPerPageIn: rounded((queue.fired - fired) / done, 2),
    simulatedPerCpuSecond: rounded(simulated / 1e9 / seconds, 3)
  })
}

/** Simulated seconds per CPU second of one cell, booting included. */
const cell = (name: string, scenario: Scenario, kernel: string): void => {
  const cpu = cpuSeconds()
  const result = runCluster(scenario, kernel, 1)
  const seconds = cpuSeconds() - cpu
  const { pswpin, pswpout } = result.clients[0].vmstat
  print({
    bench: name,
    kernel,
    outcome: result.outcome,
    simulatedSeconds: rounded(result.simulatedNs / 1e9, 2),
    cpuSeconds: rounded(seconds, 2),
    simulatedPerCpuSecond: rounded(result.simulatedNs / 1e9 / seconds, 2),
    pageIns: pswpin,
    pageOuts: pswpout,
    microsecondsPerSwappedPage: rounded(seconds * 1e6 / (pswpin + pswpout), 2)
  })
}

/** The client of scenarios/seed-2012.yaml. */
const SEED_CLIENT = {
  cpus: 4,
  nic: { driver: "r8169", rxRing: 256, txRing: 64 },
  workload: { usemem: { processesPerCpu: 8, size: "4x RAM", passes: 5, mode: "write" } }
} as const

export const seed64m = (): void => {
  const scenario = scenarioOf({ ...SEED_CLIENT, ram: "64 MiB", swap: "320 MiB" }, { duration: "600 s" })
  // the compiler has seen it all before the figures count
  buildCluster(scenario, "slub-series", 1)
  for (const kernel of ["slab-series", "slub-series", "slab-vanilla", "slub-vanilla"]) {
    cell("seed-64m", scenario, kernel)
  }
}

export const seed2g = (): void => {
  const workload = { usemem: { ...SEED_CLIENT.workload.usemem, passes: 1 } }
  const scenario = scenarioOf({ ...SEED_CLIENT, ram: "2 GiB", swap: "10 GiB", workload }, { duration: "7200 s" })
  for (const kernel of ["slab-series"]) cell("seed-2g", scenario, kernel)
}
