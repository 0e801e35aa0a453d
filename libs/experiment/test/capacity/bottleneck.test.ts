// Made-up runs whose latency grows with clients over the rate of the server's link: that link limits, and nothing else does.
import { makeLadder } from "#src/capacity/ladder.ts"
import { relaxedRows, RESOURCES } from "#src/capacity/resources.ts"
import { madeUpLatencies } from "@swaplab/cluster"
import { type Advice, findBottleneck, findCapacity, layerInProcess, type Simulate } from "@swaplab/experiment"
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
      faultLatency: madeUpLatencies({ p99Ns: use < 1 ? 1e7 : 1e9 })
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

const valuesOf = ({ after, before, expected, ladder }: Advice) =>
  [before, expected, after].map((span) =>
    span === null ? null : [span.least, span.most].map((l) => ladder.values[l - 1])
  )

describe("what limits a capacity", () => {
  it("is the resource that lets seeds hold when there is a fifth more of it", async () => {
    const { bottleneck, capacity } = await answerOf(perLink)
    // the law: 100 / 3.9 is 25.6
    expect([capacity.state, capacity.low, capacity.high]).toEqual(["decided", 25, 26])
    expect(bottleneck.seeds).toBe(5)
    expect(bottleneck.limits.filter(({ limits }) => limits).map(({ name, raised }) => [name, raised])).toEqual([
      ["link of the server", 5]
    ])
    // two seeds that fail are enough to know that four of five cannot hold
    expect(bottleneck.limits.filter(({ limits }) => !limits).every(({ tried }) => tried === 2)).toBe(true)
    // clients without a root image have no read-ahead
    expect(bottleneck.leftOut).toContain("read-ahead of the clients")
    expect(bottleneck.limits.length + bottleneck.leftOut.length).toBe(RESOURCES.length)
  })

  it("says what twice of it gives, found by runs: 200 / 3.9 is 51.3", async () => {
    const { bottleneck: { advice } } = await answerOf(perLink)
    expect(advice?.changes).toEqual([{ path: "server.link.rate", from: "100 Mbit", to: "200 Mbit" }])
    // the ladder of the search ends at 40
    expect(advice === null ? null : valuesOf(advice)).toEqual([[25, 25], [50, 50], [50, 51]])
    expect(advice?.runs).toBeLessThanOrEqual(25)
  })

  it("does not repeat the law where the runs say something else", async () => {
    // a second limit at 30 clients, which no figure shows
    const { server } = loaded.scenario
    const walled: Simulate = (scenario, ...rest) =>
      perLink(scenario.clients[0].count > 30 && server !== undefined ? { ...scenario, server } : scenario, ...rest)
    const { bottleneck: { advice } } = await answerOf(walled)
    expect(advice === null ? null : valuesOf(advice)).toEqual([[25, 25], [50, 50], [30, 30]])
  })

  it("is no resource where more of none helps", async () => {
    const { server } = loaded.scenario
    const fixed: Simulate = (scenario, ...rest) =>
      perLink(server === undefined ? scenario : { ...scenario, server }, ...rest)
    const { bottleneck } = await answerOf(fixed)
    expect(bottleneck.seeds).toBe(5)
    expect(bottleneck.limits.some(({ limits }) => limits)).toBe(false)
    expect(bottleneck.advice).toBe(null)
  })

  it("says that the time is up instead of that nothing limits", async () => {
    const { capacity } = await answerOf(perLink)
    const cut = await Effect.runPromise(
      findBottleneck(capacity, { timeUp: Effect.void }).pipe(Effect.provide(layerInProcess(perLink)))
    )
    expect([cut.state, cut.advice, cut.limits.some(({ limits }) => limits)]).toEqual(["time is up", null, false])
  })
})

describe("the resources that are tried", () => {
  const namesOf = (server: object, client: object = {}) => {
    const at = scenarioWith({
      kernels: { series: { allocator: "slab", base: "v3.6" } },
      clients: [{ count: 10, ...client }],
      server,
      slo: ["client.faultLatency.p99 < 100 ms"]
    })
    return relaxedRows(at, "clients.0.count").map(({ resource: { name } }) => name)
  }

  it("are those that the scenario has: a disk by figures, a rate limit, read-ahead of images", () => {
    const extra = namesOf({}, { root: {} }).filter((name) => !namesOf({}).includes(name))
    expect(extra.toSorted()).toEqual(["read-ahead of the clients", "read-ahead of the server"])
    const times = { median: "1 ms", p99: "2 ms" }
    const figures = namesOf({ clientRate: "1 MiB/s", disk: { read: times, write: times, channels: 4 } })
    expect(figures.filter((name) => !namesOf({}).includes(name)).toSorted()).toEqual([
      "queue depth of the server's disk",
      "rate limit of a client",
      "service time of the server's disk"
    ])
  })

  it("are queues, read-aheads and the CPU time of kernels, too", () => {
    const at = scenarioWith({
      kernels: { series: { allocator: "slab", base: "v3.6" } },
      clients: [{ nbd: { nrRequests: 40 }, root: { cpuPerBlock: "1200 us" } }, {
        name: "small",
        ram: "12 MiB",
        swap: "64 MiB"
      }],
      costs: { packet: "1200 ns" }
    })
    const of = (wanted: string) =>
      relaxedRows(at, "seed").find(({ resource }) => resource.name === wanted)?.loaded.scenario
    expect(of("nr_requests of the clients")?.clients.map(({ nbd }) => nbd.nrRequests)).toEqual([48, 154])
    expect(of("swap read-ahead of the clients")?.clients.map(({ sysctl }) => sysctl["vm.page-cluster"])).toEqual([4, 3])
    const { clients: [first], costs } = of("CPU time of the clients' kernels") ?? at.scenario
    expect([costs.packet, first.root?.cpuPerBlock]).toEqual([1000, 1e6])
    expect(of("number of the clients' CPUs")?.clients.map(({ cpus }) => cpus)).toEqual([3, 3])
    expect(of("read-ahead of the clients")?.clients[0].root?.readahead).toBe(38 * 4096)
  })

  it("are the links between switches, and the buffer of each switch", () => {
    const at = scenarioWith({
      kernels: { series: { allocator: "slab", base: "v3.6" } },
      clients: [{ switch: "room" }],
      lan: { switches: [{ name: "hall" }, { name: "room", buffer: "100 KiB", uplink: { rate: "200 Mbit" } }] }
    })
    const of = (wanted: string) =>
      relaxedRows(at, "seed").find(({ resource }) => resource.name === wanted)?.loaded.scenario.lan.switches
    expect(of("links between switches")?.map(({ uplink }) => uplink?.rate)).toEqual([undefined, 240e6])
    expect(of("buffer of the switch")?.map(({ buffer }) => buffer)).toEqual([616 * 1024, 120 * 1024])
    expect(namesOf({})).not.toContain("links between switches")
  })

  it("have a fifth more: times fall, counts and sizes grow", () => {
    const { server: { disk } } = relaxedOf("service time of the server's disk")
    expect(typeof disk === "string" ? null : [disk.read.median, disk.write.p99, disk.channels]).toEqual([2e6, 4e6, 5])
    const { server: deeper } = relaxedOf("queue depth of the server's disk")
    expect(typeof deeper.disk === "string" ? null : [deeper.disk.read.median, deeper.disk.channels]).toEqual([2.4e6, 6])
    expect(relaxedOf("rate limit of a client").server.clientRate).toBe(1.2 * 5 * 2 ** 20)
  })

  const relaxedOf = (wanted: string) => {
    const times = { median: "2400 us", p99: "4800 us" }
    const at = scenarioWith({
      kernels: { series: { allocator: "slab", base: "v3.6" } },
      server: { clientRate: "5 MiB/s", disk: { read: times, write: times, channels: 5 } }
    })
    const row = relaxedRows(at, "clients.0.count").find(({ resource }) => resource.name === wanted)
    const server = row?.loaded.scenario.server
    if (server === undefined) throw new Error(`${wanted} was not tried`)
    return { server }
  }
})
