import { lockupReport } from "#src/run/lockup.ts"
import { isLivelock, ReclaimWatch, type ScanningWindow } from "#src/run/reclaim-watch.ts"
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
    ["no request completed: a hang", { completions: 0 }, false]
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
})
