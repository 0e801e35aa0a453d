import { type LockupReport, type LockupTaxonomy, type Mapping, type Scenario, scenarioYaml } from "@swaplab/cluster"
import {
  layerInProcess,
  Runner,
  type SavedLockup,
  type SavedResult,
  shrink,
  type ShrinkOptions,
  type Shrunk,
  type Simulate
} from "@swaplab/experiment"
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, scenarioWith } from "./fake.ts"

const report = (taxonomy: LockupTaxonomy): LockupReport => ({
  client: "client-1",
  kind: "deadlock",
  taxonomy,
  atNs: 6.2e9,
  sinceNs: 0.2e9,
  tasks: [],
  graph: { nodes: [], edges: [], cycle: [], closed: true },
  cycle: [],
  allocation: null,
  firstFailure: null,
  zones: [],
  requestsOutstanding: 1,
  lastCompletionNs: 0.2e9,
  text: ""
})

const MIB = 1024 * 1024

/** Starves in the receive path where there is traffic, nbd-memalloc and at least 24 MiB; in the sender without the patch. */
const classOf = (scenario: Scenario, kernel: string): LockupTaxonomy | null => {
  const [group] = scenario.clients
  const { base, patches } = scenario.kernels[kernel]
  const memalloc = patches["nbd-memalloc"] ?? base === "v3.6"
  if (!memalloc) return "tx starvation"
  return group.background.packetsPerSecond > 0 && group.ram >= 24 * MIB ? "rx starvation" : null
}

const simulate: Simulate = (scenario, kernel, seed) => {
  const found = classOf(scenario, kernel)
  const run = fakeResult(kernel, seed, found === null ? "completed" : "lockup")
  return {
    ...run,
    clients: run.clients.map((client) => ({ ...client, lockup: found === null ? null : report(found) }))
  }
}

const LOADED = scenarioWith({
  description: "To be made smaller.",
  seeds: [1, 7],
  duration: "900 s",
  kernels: { patched: { allocator: "slub", base: "v3.6 - throttle" }, other: { allocator: "slab", base: "v3.5" } },
  compare: { baseline: "patched", against: "other" },
  lan: { loss: "1 %" },
  clients: [
    { name: "client", count: 3, ram: "96 MiB", swap: "480 MiB", cpus: 4, background: { packetsPerSecond: 500 } },
    { name: "idle", ram: "32 MiB", nic: { driver: "igb" } }
  ]
})

const SAVED: SavedResult = { file: "out/result.json", loaded: LOADED, lockups: [] }
const LOCKUP: SavedLockup = {
  kind: "deadlock",
  taxonomy: "rx starvation",
  atNs: 6.2e9,
  sinceNs: 0.2e9,
  text: "",
  kernel: "patched",
  seed: 7,
  client: "client-1"
}

const run = (options: Partial<ShrinkOptions> = {}, lockup = LOCKUP, size = 1): Shrunk | null => {
  const runner = Layer.map(layerInProcess(simulate), (context) => context).pipe(
    Layer.flatMap((context) => {
      const { unsafeMap } = context
      const service = unsafeMap.get(Runner.key) as typeof Runner.Service
      return Layer.succeed(Runner, { ...service, size })
    })
  )
  return Effect.runSync(Effect.provide(shrink(SAVED, lockup, { maxRuns: 500, ...options }), runner))
}

const small = (shrunk: Shrunk | null): Shrunk => {
  if (shrunk === null) throw new Error("nothing was shrunk")
  return shrunk
}

describe("a scenario made smaller", () => {
  const shrunk = small(run())

  it("keeps what the lockup needs, and nothing else", () => {
    expect(shrunk.given).toEqual(
      {
        name: "fake",
        seeds: [7],
        duration: "13 s",
        kernels: { patched: { allocator: "slub", base: "v3.5", patches: { "nbd-memalloc": true } } },
        clients: [{
          ram: "24 MiB",
          cpus: 1,
          pageCache: "0 %",
          swap: "12 MiB",
          workload: { usemem: { processesPerCpu: 1, size: "1x RAM", passes: 1 } },
          background: { packetsPerSecond: 500 }
        }],
        expect: { default: "any" }
      } satisfies Mapping
    )
    expect([shrunk.finished, shrunk.report.taxonomy]).toEqual([true, "rx starvation"])
    expect(shrunk.kept).toContain("no group idle")
    expect(shrunk.kept).toContain("no lan")
  })

  it("is a scenario file", () => {
    const yaml = scenarioYaml(shrunk.given, ["one", "two"])
    expect(yaml.split("\n").slice(0, 4)).toEqual(["# one", "# two", "name: fake", "seeds:"])
    expect(yaml).toContain("    background:\n      packetsPerSecond: 500\n")
    expect(scenarioWith(shrunk.given).warnings).toEqual([])
  })

  it("and the count of runs do not depend on the number of workers", () => {
    const wide = small(run({}, LOCKUP, 5))
    expect(wide).toEqual(shrunk)
  })

  it("ends when the runs are used up, with what it has", () => {
    const short = small(run({ maxRuns: 10 }))
    expect([short.runs, short.finished]).toEqual([10, false])
    expect(short.kept.length).toBeGreaterThan(0)
    expect(short.kept).toEqual(shrunk.kept.slice(0, short.kept.length))
  })

  it("stays in its class: without the patch it would be another lockup", () => {
    expect(shrunk.kept).not.toContain("no patches")
    const other = small(run({}, { ...LOCKUP, kernel: "other", taxonomy: "tx starvation" }))
    expect(other.given.kernels).toEqual({ other: { allocator: "slab", base: "v3.5" } })
    expect((other.given.clients as ReadonlyArray<Mapping>)[0].ram).toBe("8 MiB")
  })

  it("needs a lockup to begin with", () => {
    expect(run({}, { ...LOCKUP, taxonomy: "isolated pages" })).toBe(null)
  })
})
