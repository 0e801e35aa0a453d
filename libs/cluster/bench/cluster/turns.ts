// Independent clusters of one client each, run in turns of k events: nothing in them can know how many there are, so what
// their page-ins cost beyond those of one alone is the host's memory, not a path of the simulator.
import { cpuSeconds, mappedPages, print, rounded, runUntil, start, totals } from "./common.ts"
import { proportional } from "./scale.ts"

export const turns = (counts: ReadonlyArray<number>): void => {
  for (const count of counts) inTurns(count)
}

const inTurns = (count: number): void => {
  const clusters = Array.from({ length: count }, () => start(proportional(1), "slab-series"))
  for (const cluster of clusters) runUntil(cluster, 1.2 * mappedPages(cluster))
  const pageIns = (): number => clusters.reduce((sum, cluster) => sum + totals(cluster).pageIns, 0)
  const turn = (events: number): void => {
    for (const cluster of clusters) cluster.sim.run(Number.POSITIVE_INFINITY, events)
  }
  // as much for the compiler, and for the swap to fill up, whatever the number
  for (let fired = 0; fired < 10_000_000; fired += 1000 * count) turn(1000)
  for (const events of [1, 10, 100, 1000, 10_000]) {
    const before = pageIns()
    const cpu = cpuSeconds()
    for (let fired = 0; fired < 6_000_000; fired += events * count) turn(events)
    const seconds = cpuSeconds() - cpu
    print({
      bench: "independent clusters in turns",
      clusters: count,
      eventsPerTurn: events,
      microsecondsPerPageIn: rounded(seconds / (pageIns() - before) * 1e6, 2)
    })
  }
}
