// Cost of a page-in with more and more clients, each on its own fair share of a server that grows with their number.
import { serversOf } from "#src/scenario/servers.ts"
import type { Scenario } from "@swaplab/cluster"
import { cpuSeconds, mappedPages, print, rounded, runUntil, scenarioOf, start, totals } from "./common.ts"

const LINK = 100_000_000
/** Pages to read in the measured window, all clients together. */
const PAGE_INS = 300_000

/** A server, its cable and the switch as fast as `n` clients can use. */
export const proportional = (n: number): Scenario => {
  const scenario = scenarioOf({
    count: n,
    ram: "8 MiB",
    swap: "64 MiB",
    cpus: 1,
    link: { rate: "100 Mbit" },
    workload: { usemem: { processesPerCpu: 4, size: "16 MiB", passes: 1000, mode: "read" } }
  })
  const [{ config }] = serversOf(scenario)
  const { lan } = scenario
  return {
    ...scenario,
    server: { ...config, cpus: 2 * n, link: { ...config.link, rate: n * LINK } },
    lan: { ...lan, switch: { ...lan.switch, buffer: n * lan.switch.buffer } }
  }
}

export const scale = (counts: ReadonlyArray<number>): void => {
  let one = 0
  for (const n of counts) {
    const booting = cpuSeconds()
    const cluster = start(proportional(n), "slab-series")
    runUntil(cluster, 1.2 * mappedPages(cluster))
    // a small cluster needs longer for its share of the compiler's work
    const warm = totals(cluster).pageIns
    while (totals(cluster).pageIns - warm < PAGE_INS / 2) cluster.sim.run(Number.POSITIVE_INFINITY, 20_000)
    const before = totals(cluster)
    const { now, queue: { fired } } = cluster.sim
    const cpu = cpuSeconds()
    while (totals(cluster).pageIns - before.pageIns < PAGE_INS) cluster.sim.run(Number.POSITIVE_INFINITY, 20_000)
    const seconds = cpuSeconds() - cpu
    const done = totals(cluster).pageIns - before.pageIns
    const microseconds = seconds / done * 1e6
    if (one === 0) one = microseconds
    const [client] = cluster.clients
    print({
      bench: "cost of a page-in by clients",
      clients: n,
      microsecondsPerPageIn: rounded(microseconds, 2),
      ratioToOneClient: rounded(microseconds / one, 3),
      eventsPerPageIn: rounded((cluster.sim.queue.fired - fired) / done, 2),
      microsecondsPerEvent: rounded(seconds / (cluster.sim.queue.fired - fired) * 1e6, 3),
      pageInsPerClientSecond: Math.round(done / n / ((cluster.sim.now - now) / 1e9)),
      serverLinkOut: rounded(cluster.servers[0].out[0].busyNs / cluster.sim.now, 3),
      retransmits: client.connection.serverSocket.retransmitted,
      untilWarmCpuSeconds: rounded(cpu - booting, 1)
    })
  }
}
