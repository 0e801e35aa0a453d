// Stands in for a simulation in tests of the command: results are made up from kernel and seed alone. A kernel decides by
// its name what becomes of a run: lockup, oom, crash, broken (a law), slow (from seed 2 on waits until it is told to stop).
// All runs of a scenario with the name crash crash; slow ones of a scenario with the name deaf never look.
import { NO_DROPS } from "@swaplab/cluster"
import { writeSync } from "node:fs"

/** A port of the switch where nothing was dropped. */
const quietPort = (name) => ({
  name,
  drops: NO_DROPS,
  switchDroppedBytes: 0,
  queueHighWaterBytes: 4096,
  pauseFrames: 0,
  pausedNs: 0
})

const latency = (scale) => ({
  count: 1000,
  meanNs: 2e6 * scale,
  p50Ns: 1.5e6 * scale,
  p90Ns: 4e6 * scale,
  p95Ns: 6e6 * scale,
  p99Ns: 20e6 * scale,
  p999Ns: 60e6 * scale,
  maxNs: 90e6 * scale
})

const lockup = (client, seed) => ({
  client,
  kind: seed % 3 === 0 ? "hang" : "deadlock",
  taxonomy: "tx starvation",
  atNs: 140e9 + seed * 1e9,
  sinceNs: 20e9 + seed * 1e9,
  tasks: [],
  cycle: ["usemem-3 waits for nbd0 request slot (async)", "nbd0-send waits for a page above min"],
  allocation: null,
  firstFailure: null,
  zones: [{ name: "DMA32", free: 251, min: 252, floor: 252 }],
  requestsOutstanding: 0,
  lastCompletionNs: 20e9 + seed * 1e9,
  text: "deadlock, tx starvation: no event is left that could free a page\nnbd0-send wants order 0, GFP_NOIO\n"
})

export const simulate = (scenario, kernel, seed, hooks) => {
  if (kernel.includes("crash") || scenario.name === "crash") throw new Error("a page was freed twice")
  let simulatedNs = 60e9
  const clients = scenario.clients.flatMap((group) =>
    Array.from({ length: group.count }, (_, i) => `${group.name}-${i + 1}`)
  )
  hooks.progress({ simulatedNs: 1e9, events: 100_000, clientsAlive: clients.length, clients: clients.length })
  let stopped = false
  if (kernel.includes("slow") && seed > 1) {
    simulatedNs = 3e9
    // at once and past the main thread, so that a test knows when to send its signal
    writeSync(2, "waiting\n")
    const never = new Int32Array(new SharedArrayBuffer(4))
    while (!stopped) {
      Atomics.wait(never, 0, 0, 20)
      stopped = scenario.name !== "deaf" && hooks.shouldStop()
    }
  }
  const locks = kernel.includes("lockup")
  const outcome = stopped ? "stopped" : locks ? "lockup" : kernel.includes("oom") ? "oom" : "completed"
  const elapsedNs = (kernel.includes("fast") ? 18e9 : 33e9) + ((seed * 7919) % 97) * 1e7
  return {
    scenario: scenario.name,
    kernel,
    seed,
    fingerprint: (((seed * 2654435761) ^ (kernel.length * 40503)) >>> 0).toString(16).padStart(8, "0"),
    outcome,
    simulatedNs,
    events: 1_000_000,
    elapsedNs,
    userNs: 1e9,
    sysNs: elapsedNs / 12,
    clients: clients.map((name) => ({
      name,
      kernel,
      outcome,
      elapsedNs,
      userNs: 1e9,
      sysNs: elapsedNs / 12,
      pagesTouched: 327_680,
      vmstat: { pgfault: 400_000, pgmajfault: 60_000, pswpin: 250_000, pswpout: 300_000, allocstall: 1200 },
      faultLatency: latency(1 + (seed % 5) / 10),
      swapInBytes: 250_000 * 4096,
      swapOutBytes: 300_000 * 4096,
      network: {
        rxPackets: 1e6,
        txPackets: 1e6,
        rxDropped: 0,
        rxMissed: 3,
        allocFailed: 17,
        retransmits: 2,
        rtos: 1,
        pfmemallocDrops: 0,
        duplicates: 0,
        port: quietPort(name)
      },
      oomKills: 0,
      integrityErrors: 0,
      failedAllocations: 4,
      firstFailedAllocation: null,
      lowWater: [{ zone: "DMA32", lowestFree: 150, min: 191 }],
      lockup: locks ? lockup(name, seed) : null,
      livelock: null,
      rescue: null,
      workload: {
        workload: "usemem",
        name: "usemem",
        unit: null,
        done: 0,
        failed: 0,
        latency: null,
        figures: {},
        latencies: {}
      },
      background: []
    })),
    network: {
      bufferBytes: 524_288,
      bufferHighWaterBytes: 65_536,
      server: quietPort("server"),
      otherHosts: null
    },
    server: {
      requests: 80_000,
      readBytes: 1e9,
      writeBytes: 1.2e9,
      linkInUtilisation: 0.31,
      linkOutUtilisation: 0.27,
      cpuUtilisation: 0.09,
      diskUtilisation: 0,
      cacheHitRatio: 1,
      noSpace: 0,
      meanInSystem: 0.82,
      throughputPerSecond: 2400,
      meanResidenceNs: 341_000
    },
    laws: [
      {
        law: "pages conserved",
        subject: "client-1",
        holds: !kernel.includes("broken"),
        detail: "16384 of 16384 pages"
      },
      { law: "Little's law", subject: "server", holds: true, detail: "L 0.82, λW 0.82" }
    ],
    series: {
      timesNs: Float64Array.of(0, 1e8, 2e8),
      columns: [{ name: "client-1.nr_free_pages", values: Float64Array.of(9000, 4000, 250) }]
    },
    warnings: [],
    cpuSeconds: 1.5
  }
}
