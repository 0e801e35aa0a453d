import { littlesLaw, retransmitsExplained } from "#src/run/laws.ts"
import { pageCensus } from "#src/run/machine-laws.ts"
import { type Cluster, runCluster, type ServerResult } from "@swaplab/cluster"
import { PTE_PRESENT, pteValue } from "@swaplab/kernel"
import { getU32, TOKEN_BYTES } from "@swaplab/nbd"
import { bootContext, GFP_ATOMIC } from "@swaplab/page-alloc"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { broken, KERNELS, scenario, SMALL, started } from "./clusters.ts"

/** A cluster in the middle of its work. */
const busy = (): Cluster => {
  const { cluster } = started(scenario([SMALL]))
  cluster.sim.run(60_000_000)
  expect(cluster.clients[0].machine.swap.areas[0].map.inusePages).toBeGreaterThan(0)
  return cluster
}

/** From now on a counter of the network says so many more. */
const countWrong = <K extends string>(of: { readonly [key in K]: number }, key: K, by: number): void => {
  const right = of[key]
  Object.defineProperty(of, key, { get: () => right + by })
}

describe("laws", () => {
  it("hold on a run that completes, each with its figures", () => {
    const result = runCluster(
      scenario([SMALL, { ...SMALL, name: "noisy", background: { packetsPerSecond: 500 } }]),
      "slub-series",
      3
    )
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    const of = (law: string): ReadonlyArray<string> =>
      result.laws.filter((entry) => entry.law === law).map(({ subject }) => subject)
    expect(of("pages conserved")).toEqual(["client-1", "noisy-1"])
    expect(of("swap tokens")).toEqual(["client-1", "noisy-1"])
    expect(of("Little's law")).toEqual(["server"])
    // two directions each of the server, two clients and the other hosts; the switch; what three cards received
    expect(of("packets conserved")).toHaveLength(12)
    for (const { detail } of result.laws) expect(detail).toMatch(/\d/)
  })

  it("pages: a page that is lost is missed, also in the middle of the work", () => {
    const cluster = busy()
    const { machine } = cluster.clients[0]
    expect(broken(cluster)).toEqual([])
    const before = pageCensus(machine)
    expect(before.lru).toBeGreaterThan(1000)
    const pfn = machine.pages.tryAlloc(bootContext(), GFP_ATOMIC, 0)
    machine.pages.frames.refCount[pfn] = 0
    expect(broken(cluster)).toEqual([expect.stringMatching(/^pages conserved, client-1: free \d+ \+ pcp/)])
  })

  it("pages: pages that nobody has are missed when there are more than tasks could hold", () => {
    const cluster = busy()
    const { machine } = cluster.clients[0]
    for (let i = 0; i < 20; i++) machine.pages.tryAlloc({ ...bootContext(), flags: 0x800 }, GFP_ATOMIC, 0)
    expect(broken(cluster)).toHaveLength(1)
  })

  it("pages: a slab page that the object allocator does not know is missed", () => {
    const cluster = busy()
    const { machine } = cluster.clients[0]
    const { flags } = machine.pages.frames
    const pfn = flags.findIndex((bits) => (bits & 0x20) !== 0)
    flags[pfn] |= 0x80
    expect(broken(cluster)).toHaveLength(1)
  })

  it("packets: a frame that vanishes on a link or in the switch is missed", () => {
    const cluster = busy()
    countWrong(cluster.servers[0].in[0], "deliveredFrames", -1)
    countWrong(cluster.network.switches[0].device, "forwardedFrames", 1)
    expect(broken(cluster)).toEqual([
      expect.stringMatching(/^packets conserved, switch to server: sent/),
      expect.stringMatching(/^packets conserved, server, received: delivered/),
      expect.stringMatching(/^packets conserved, switch: received/)
    ])
  })

  it("packets: a received frame that reaches no socket and no counter is missed", () => {
    const cluster = busy()
    cluster.clients[0].connection.clientSocket.packets--
    expect(broken(cluster)).toEqual([
      expect.stringMatching(/^packets conserved, client-1, received: delivered \d+ = in the ring/)
    ])
    cluster.clients[0].connection.clientSocket.packets++
    cluster.clients[0].machine.net.noSocket++
    expect(broken(cluster)).toEqual([
      expect.stringMatching(/^packets conserved, client-1, received: delivered \d+ = in the ring/)
    ])
  })

  it("retransmits: segments that are sent again without a cause are missed", () => {
    const cluster = busy()
    const [client] = cluster.clients
    const { detail } = retransmitsExplained(cluster, client)
    const [again, ...causes] = (detail.match(/\d+/g) ?? []).map(Number)
    const more = causes.reduce((a, b) => a + b, 0) - again
    expect(more).toBeGreaterThanOrEqual(0)
    client.connection.serverSocket.retransmitted += more
    expect(broken(cluster)).toEqual([])
    client.connection.serverSocket.retransmitted++
    expect(broken(cluster)).toEqual([expect.stringMatching(/^retransmits explained, client-1: sent again/)])
  })

  it.each([[1, true], [1.019, true], [0.981, true], [1.021, false], [0.979, false], [0, false]])(
    "Little: residence times off by a factor of %d hold: %s",
    (factor, holds) => {
      const server = { throughputPerSecond: 2000, meanInSystem: 3, meanResidenceNs: factor * 1_500_000 }
      expect(littlesLaw(server as ServerResult).holds).toBe(holds)
    }
  )

  it("Little: a server that nobody used keeps it", () => {
    const idle = { throughputPerSecond: 0, meanInSystem: 0, meanResidenceNs: null }
    expect(littlesLaw(idle as ServerResult).holds).toBe(true)
  })

  it("tokens: a page broken in the server's store is found by its owner", () => {
    const of = scenario([{ ...SMALL, workload: { usemem: { size: "48 MiB", passes: 2, processesPerCpu: 2 } } }])
    const { cluster, exits } = started(of)
    const { machine, connection: { served } } = cluster.clients[0]
    const { entries } = machine.mm.tables
    const last = machine.mm.tables.base(1) - 1
    const swapped = (): boolean => {
      const entry = entries.at(last)
      return entry !== 0 && (entry & PTE_PRESENT) === 0 && machine.swap.cache.find(pteValue(entry)) < 0
    }
    while (!swapped()) expect(cluster.sim.run(100e9, 500).reason).toBe("events")
    const token = new Uint8Array(TOKEN_BYTES)
    served.tokens.read(pteValue(entries.at(last)), 1, token)
    token[TOKEN_BYTES - 1]++
    served.tokens.write(pteValue(entries.at(last)), 1, token)
    cluster.sim.run(100e9)
    expect(exits().toSorted()).toEqual(["completed", "completed", "completed", "corruption"])
    expect(broken(cluster)).toEqual([expect.stringMatching(/^swap tokens, client-1: page \d+: expected \d+ v1, found/)])
  })

  it("two clients never see each other's pages", () => {
    const { cluster, exits } = started(scenario([{ ...SMALL, count: 2 }]))
    cluster.sim.run(100e9)
    expect(exits()).toHaveLength(8)
    const tokens = cluster.clients.map(({ connection: { served } }) => {
      const { pages } = served.tokens
      const all = new Uint8Array(pages * TOKEN_BYTES)
      served.tokens.read(0, pages, all)
      return Array.from({ length: pages }, (_, page) => getU32(all, page * TOKEN_BYTES)).filter((writer) =>
        writer !== 0
      )
    })
    for (const [index, writers] of tokens.entries()) {
      expect(writers.length).toBeGreaterThan(5000)
      // the writer's client is in the upper bits
      expect(writers.every((writer) => Math.floor(writer / 0x200000) === index)).toBe(true)
    }
  })

  it("hold at any moment of any small scenario", () => {
    fc.assert(
      fc.property(
        fc.record({
          kernel: fc.constantFrom(...Object.keys(KERNELS)),
          driver: fc.constantFrom(...(["e1000", "igb", "tg3", "r8169", "kmalloc"] as const)),
          ram: fc.constantFrom("12 MiB", "16 MiB", "24 MiB"),
          count: fc.integer({ min: 1, max: 2 }),
          cpus: fc.integer({ min: 1, max: 2 }),
          pageCache: fc.constantFrom("0 %", "5 %", "20 %"),
          rate: fc.constantFrom("100 Mbit", "1 Gbit", "10 Gbit"),
          loss: fc.constantFrom("0 %", "0.1 %", "1 %"),
          flowControl: fc.boolean(),
          packetsPerSecond: fc.constantFrom(0, 2000),
          disk: fc.constantFrom(...(["memory", "hdd", "nvme"] as const))
        }),
        fc.integer({ min: 0, max: 1000 }),
        fc.array(fc.integer({ min: 1, max: 12_000 }), { minLength: 1, maxLength: 4 }),
        ({ kernel, driver, loss, flowControl, packetsPerSecond, disk, rate, ...group }, seed, stops) => {
          const of = scenario(
            [{ ...SMALL, ...group, nic: { driver }, background: { packetsPerSecond }, link: { rate } }],
            { lan: { loss, flowControl }, server: { disk, pageCache: "8 MiB" } }
          )
          const { cluster } = started(of, kernel, seed)
          for (const events of stops) {
            cluster.sim.run(20e9, events)
            expect(broken(cluster)).toEqual([])
            for (const { machine } of cluster.clients) machine.checkInvariants()
          }
        }
      ),
      { seed: 2012, numRuns: 20 }
    )
  })
})
