// Stands in for a simulation in tests of the command: results are made up from kernel and seed alone. A kernel decides by
// its name what becomes of a run: lockup, oom, crash, broken (a law), slow (from seed 2 on waits until it is told to stop).
// All runs of a scenario with the name crash crash; slow ones of a scenario with the name deaf never look. In one with the name
// capacity latencies grow with the number of clients.
import { type LatencySummary, type LockupReport, madeUpLockup, madeUpResult, type Outcome } from "@swaplab/cluster"
import type { Simulate } from "@swaplab/experiment"
import { writeSync } from "node:fs"

const latency = (scale: number): LatencySummary => ({
  count: 1000,
  meanNs: 2e6 * scale,
  p50Ns: 1.5e6 * scale,
  p90Ns: 4e6 * scale,
  p95Ns: 6e6 * scale,
  p99Ns: 20e6 * scale,
  p999Ns: 60e6 * scale,
  maxNs: 90e6 * scale,
  over1s: 0,
  over10s: 0
})

const lockup = (client: string, seed: number): LockupReport =>
  madeUpLockup({
    client,
    kind: seed % 3 === 0 ? "hang" : "deadlock",
    atNs: 140e9 + seed * 1e9,
    sinceNs: 20e9 + seed * 1e9,
    cycle: ["usemem-3 waits for nbd0 request slot (async)", "nbd0-send waits for a page above min"],
    zones: [{ name: "DMA32", free: 251, min: 252, low: 315, high: 378, atomic: 126, floor: 252 }],
    lastCompletionNs: 20e9 + seed * 1e9,
    text: "deadlock, tx starvation: no event is left that could free a page\nnbd0-send wants order 0, GFP_NOIO\n"
  })

export const simulate: Simulate = (scenario, kernel, seed, hooks) => {
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
  const outcome: Outcome = stopped ? "stopped" : locks ? "lockup" : kernel.includes("oom") ? "oom" : "completed"
  const elapsedNs = (kernel.includes("fast") ? 18e9 : 33e9) + ((seed * 7919) % 97) * 1e7
  const run = madeUpResult({ kernel, seed, outcome, elapsedNs, clients })
  return {
    ...run,
    scenario: scenario.name,
    fingerprint: (((seed * 2654435761) ^ (kernel.length * 40503)) >>> 0).toString(16).padStart(8, "0"),
    simulatedNs,
    clients: run.clients.map((client) => ({
      ...client,
      faultLatency: latency(
        scenario.name === "capacity" ? (clients.length / 10) * (1 + (seed % 2) / 5) : 1 + (seed % 5) / 10
      ),
      lockup: locks ? lockup(client.name, seed) : null
    })),
    laws: run.laws.map((law) => ({ ...law, holds: !kernel.includes("broken") })),
    series: {
      timesNs: Float64Array.of(0, 1e8, 2e8),
      columns: [{ name: "client-1.nr_free_pages", values: Float64Array.of(9000, 4000, 250) }]
    }
  }
}
