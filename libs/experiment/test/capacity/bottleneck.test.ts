// Made-up runs whose latency grows with clients over the rate of the server's link: that link limits, and nothing else does.
import { makeLadder } from "#src/capacity/ladder.ts"
import { RESOURCES } from "#src/capacity/resources.ts"
import { findBottleneck, findCapacity, layerInProcess, type Simulate } from "@swaplab/experiment"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "../fake.ts"

const loaded = scenarioWith({
  kernels: { series: { allocator: "slab", base: "v3.6" } },
  clients: [{ count: 10 }],
  server: { link: { rate: "100 Mbit" } },
  slo: ["client.faultLatency.p99 < 100 ms"]
})

/** Bits per second a client: 4 Mbit keep 25 of them below 100 Mbit. Odd seeds want a little more. */
const perLink: Simulate = ({ clients: [{ count }], server }, kernel, seed) => {
  const run = fakeResult(kernel, seed)
  const use = (count * 3.9e6 * (1 + (seed % 2) / 100)) / (server?.link.rate ?? 1e9)
  return {
    ...run,
    clients: run.clients.map((client) => ({
      ...client,
      faultLatency: { ...client.faultLatency, p99Ns: use < 1 ? 1e7 : 1e9 }
    }))
  }
}

const answerOf = (simulate: Simulate) =>
  Effect.runPromise(
    Effect.gen(function*() {
      const ladder = Either.getOrThrow(makeLadder(loaded, { least: false }))
      const capacity = yield* findCapacity(
        { loaded, kernel: "series", ladder, firstSeed: 1 },
        { holds: 0.8, sure: 0.8, within: 0.01, maxSeeds: 500 }
      )
      return { capacity, bottleneck: yield* findBottleneck(capacity) }
    }).pipe(Effect.provide(layerInProcess(simulate)))
  )

describe("what limits a capacity", () => {
  it("is the resource that lets seeds hold when there is a fifth more of it", async () => {
    const { bottleneck, capacity } = await answerOf(perLink)
    // the law: 100 / 3.9 is 25.6
    expect([capacity.state, capacity.low, capacity.high]).toEqual(["decided", 25, 26])
    expect(bottleneck?.seeds).toBe(5)
    expect(bottleneck?.limits.filter(({ limits }) => limits).map(({ name, raised }) => [name, raised])).toEqual([
      ["link of the server", 5]
    ])
    // clients without a root image have no read-ahead
    expect(bottleneck?.limits).toHaveLength(RESOURCES.length - 1)
  })

  it("is no resource where more of none helps", async () => {
    const { server } = loaded.scenario
    const fixed: Simulate = (scenario, ...rest) =>
      perLink(server === undefined ? scenario : { ...scenario, server }, ...rest)
    const { bottleneck } = await answerOf(fixed)
    expect(bottleneck?.seeds).toBe(5)
    expect(bottleneck?.limits.some(({ limits }) => limits)).toBe(false)
  })
})
