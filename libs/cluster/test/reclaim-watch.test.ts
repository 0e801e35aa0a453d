import { lockupReport } from "#src/run/lockup.ts"
import { isLivelock, ReclaimWatch, type ScanningWindow } from "#src/run/reclaim-watch.ts"
import { runCluster } from "@swaplab/cluster"
import { PGSCAN_DIRECT_DMA } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { scenario, SMALL, started } from "./clusters.ts"

const WINDOW: ScanningWindow = {
  fromNs: 0,
  toNs: 10e9,
  kswapd: 50_000,
  direct: 50_000,
  reclaimed: 5000,
  completions: 10,
  longestPauseNs: 5e9,
  inactive: 6000,
  active: 4000,
  writeback: 100
}

describe("livelock in reclaim", () => {
  it.each<[string, Partial<ScanningWindow>, boolean]>([
    ["twenty scanned for one freed, the lists ten times", {}, true],
    ["one more freed", { reclaimed: 5001 }, false],
    ["nothing freed at all", { reclaimed: 0 }, true],
    ["the lists not six times", { inactive: 16_000 }, false],
    ["the lists exactly six times", { inactive: 6000, active: 4000, kswapd: 10_000, reclaimed: 3000 }, true],
    ["no request completed: a hang", { completions: 0 }, false],
    ["completions that paused for more than half of it: a standstill", { longestPauseNs: 5e9 + 1 }, false]
  ])("%s", (_words, changes, found) => expect(isLivelock({ ...WINDOW, ...changes }, 20)).toBe(found))

  it("is found once a window, and reported with who scans, what is freed and the zones", () => {
    const { cluster } = started(scenario([SMALL]))
    const [{ connection, machine }] = cluster.clients
    const watch = new ReclaimWatch(machine, { windowNs: 10e6, scanRatio: 20 })
    cluster.sim.run(5e6)
    expect(watch.look()).toBe(null)
    machine.pages.vmstat.inc(PGSCAN_DIRECT_DMA, 1_000_000)
    machine.disk.counters.completed++
    cluster.sim.run(10e6)
    const scanning = watch.look()
    expect(scanning).toMatchObject({ fromNs: 0, toNs: 10e6 })
    if (scanning === null) return
    expect(scanning.direct).toBeGreaterThanOrEqual(1_000_000)
    const facts = { kind: "livelock", sinceNs: 0, lastCompletionNs: 0, packetsLost: 0, scanning } as const
    const report = lockupReport(connection, facts)
    expect(report.taxonomy).toBe("livelock in reclaim")
    expect(report.reclaim).toMatch(
      /^in 0\.0 s \d+ pages scanned \(kswapd \d+, direct \d+\) and \d+ freed, \d+ requests/
    )
    expect(report.text).toContain(`reclaim: ${report.reclaim}`)
    expect(report.zones.length).toBeGreaterThan(0)
    // the next window begins anew
    cluster.sim.run(20e6)
    expect(watch.look()).toBe(null)
  })

  it.each<[string, ReadonlyArray<number>, number]>([
    ["from the last one to the end", [1, 2], 8e6],
    ["from the beginning to the first one", [7, 9], 7e6],
    ["between two", [2, 4, 9], 5e6],
    ["of a window with one every millisecond", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1e6]
  ])("measures the longest pause between completions: %s", (_words, completions, pauseNs) => {
    const { cluster: { clients: [{ machine }], sim } } = started(scenario([SMALL]))
    const watch = new ReclaimWatch(machine, { windowNs: 10e6, scanRatio: 20 })
    // a window before it: what it saw does not count
    for (let ms = 1; ms <= 10; ms++) {
      sim.run(ms * 1e6)
      watch.look()
    }
    const { completed } = machine.disk.counters
    for (let ms = 1; ms <= 10; ms++) {
      sim.run(10e6 + ms * 1e6)
      // by hand: whatever the run itself completes does not count here
      machine.disk.counters.completed = completed + completions.filter((at) => at <= ms).length
      machine.pages.vmstat.inc(PGSCAN_DIRECT_DMA, 1_000_000)
      const scanning = watch.look()
      if (ms < 10) continue
      if (pauseNs > 5e6) expect(scanning).toBe(null)
      else expect(scanning).toMatchObject({ longestPauseNs: pauseNs, completions: completions.length })
    }
  })
})

it("a sender that scans without end for the page of its next packet is no livelock: it stands in a closed cycle", () => {
  // vanilla SLAB and a card with scatter-gather: requests complete for half a second only
  const client = {
    ...SMALL,
    ram: "64 MiB",
    swap: "320 MiB",
    workload: { usemem: { processesPerCpu: 8, size: "4x RAM", passes: 2 } }
  } as const
  const of = scenario([client], { duration: "3 s", watchdog: { livelock: "2 s" } })
  const { clients: [{ livelock, lockup, standstill, vmstat }], outcome } = runCluster(of, "slab-vanilla", 1)
  expect(vmstat.pgscan_direct_dma32).toBeGreaterThan(1_000_000)
  expect([outcome, lockup, livelock]).toEqual(["timeout", null, null])
  // and that is told, with its class, when the time is up
  expect([standstill?.kind, standstill?.taxonomy, standstill?.graph.closed]).toEqual(["stall", "tx starvation", true])
  expect(standstill?.lastCompletionNs).toBeLessThan(1e9)
})
