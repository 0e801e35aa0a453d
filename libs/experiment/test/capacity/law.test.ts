// A capacity that follows from queueing theory: clients that read 16 KiB at random times from one server, whose line is the only
// thing that takes time. A read occupies the line for D; N clients with λ reads a second each use the share ρ = N λ D of it. Reads that
// share the line at random take D / (1 − ρ) on average (M/G/1, processor sharing); those that come one after the other take
// D (1 + ρ / 2 (1 − ρ)) (M/D/1, first come first served: Pollaczek and Khinchine). A line that carries frames of several connections is
// between the two, so the number of clients whose mean stays below a limit lies between what the two laws say.
import { makeLadder } from "#src/capacity/ladder.ts"
import { runCluster } from "@swaplab/cluster"
import { findCapacity, layerInProcess } from "@swaplab/experiment"
import { Effect, Either } from "effect"
import { expect, it } from "vitest"
import { scenarioWith } from "../fake.ts"

const KIB = 1024
const READ = 16 * KIB
const LINE = 20e6
/** Reads a second and client. */
const RATE = 10
/** Frames of 1448 bytes of data, each with 66 of TCP/IP and Ethernet, 4 of its check and 20 of preamble and gap. */
const D = (READ + Math.ceil(READ / 1448) * 90) * 8 / LINE
const LIMIT_S = 0.020

const machine = { ram: "8 MiB", cpus: 1, swap: "8 MiB" }
const idle = { usemem: { processesPerCpu: 1, size: "1 MiB", passes: 1 } }

const loaded = scenarioWith({
  kernels: { series: { allocator: "slab", base: "v3.6" } },
  duration: "60 s",
  clients: [
    {
      ...machine,
      count: 5,
      workload: idle,
      background: { home: { read: `${READ / KIB * RATE} KiB/s`, readSize: "16 KiB" } }
    },
    // a run ends with its last workload
    { ...machine, name: "last", start: "3500 ms", workload: idle }
  ],
  server: { link: { rate: "20 Mbit" } },
  slo: [`client.homeRead.latency.mean < ${LIMIT_S * 1000} ms`]
})

/** The most clients for which a law stays below the limit. */
const most = (meanOf: (use: number) => number): number => {
  let clients = 0
  while ((clients + 1) * RATE * D < 1 && meanOf((clients + 1) * RATE * D) < LIMIT_S) clients++
  return clients
}

it("is what the laws of queues say", async () => {
  const fewest = most((use) => D / (1 - use))
  const highest = most((use) => D * (1 + use / (2 * (1 - use))))
  const capacity = await Effect.runPromise(
    findCapacity(
      {
        loaded,
        kernel: "series",
        ladder: Either.getOrThrow(makeLadder(loaded, { from: 6, to: 14, least: false })),
        firstSeed: 1
      },
      { holds: 0.5, sure: 0.6, within: 0.25, maxSeeds: 60 }
    ).pipe(Effect.provide(layerInProcess(runCluster)))
  )
  expect([fewest, highest]).toEqual([9, 11])
  const { high, ladder: { values }, low } = { ...capacity, ladder: capacity.situation.ladder }
  expect(capacity.state).toBe("decided")
  // N* is at least the first and at most the second
  const [least, greatest] = [values[low - 1], values[high - 2]].map(Number)
  expect(least).toBeGreaterThanOrEqual(fewest)
  expect(greatest).toBeLessThanOrEqual(highest)
})
