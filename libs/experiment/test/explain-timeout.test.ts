import { type SavedTimeout } from "#src/saved-result.ts"
import { chooseTimeout, explainTimeout, type SavedResult } from "@swaplab/experiment"
import { describe, expect, it } from "vitest"
import { scenarioWith } from "./fake.ts"

const LOADED = scenarioWith({
  duration: "30 s",
  clients: [{
    ram: "32 MiB",
    cpus: 2,
    start: "1 s",
    workload: { usemem: { processesPerCpu: 2, size: "64 MiB", passes: 3 } }
  }]
})

const LATE: SavedTimeout = {
  kernel: "slab-series",
  seed: 2,
  client: "client-1",
  requests: 500,
  startedNs: 1e9,
  elapsedNs: 29e9,
  pagesTouched: 12_288,
  vmstat: {
    pswpout: 900,
    pgscan_kswapd_dma: 10,
    pgscan_kswapd_dma32: 20,
    pgscan_direct_dma: 300,
    pgscan_direct_dma32: 400,
    pgscan_direct_throttle: 5000,
    pgsteal_kswapd_dma32: 7,
    pgsteal_direct_dma: 8
  },
  faultLatency: { count: 3, maxNs: 2e9 },
  network: { simulatedNs: 30e9, servers: [], machines: [], uplinks: [] },
  retransmits: 0,
  rtos: 0
}

const SAVED: SavedResult = { file: "r.json", loaded: LOADED, runs: [], findings: [], lockups: [], timeouts: [LATE] }

describe("a time-out", () => {
  it("is chosen where no lockup fits the choice", () => {
    expect(chooseTimeout(SAVED, {})).toBe(LATE)
    expect(chooseTimeout(SAVED, { seed: 1 })).toBe(null)
    const lockup = {
      kernel: "slub-vanilla",
      seed: 1,
      client: "client-1",
      kind: "",
      taxonomy: "",
      atNs: 0,
      sinceNs: 0,
      text: ""
    }
    expect(chooseTimeout({ ...SAVED, lockups: [lockup] }, {})).toBe(null)
    expect(chooseTimeout({ ...SAVED, lockups: [lockup] }, { seed: 2 })).toBe(LATE)
  })

  it("is explained by its figures: progress, reclaim, and the duration that it would have needed", () => {
    // 16,384 pages three times; a quarter was done in 29 s, and the client started after 1 s
    expect(explainTimeout(SAVED, LATE)).toMatchObject({
      durationNs: 30e9,
      wholeTouches: 49_152,
      neededNs: 117e9,
      kswapdScanned: 30,
      directScanned: 700,
      freed: 15
    })
    expect(explainTimeout(SAVED, { ...LATE, pagesTouched: 0 }).neededNs).toBe(null)
  })
})
