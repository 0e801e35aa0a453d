// Clients with several memory nodes: rules, warnings, and runs whose laws hold.
import { buildCluster, decodeScenario, describeNuma, runCluster } from "@swaplab/cluster"
import { formatFinding } from "@swaplab/config"
import { switchSysctls } from "@swaplab/kernel"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { KERNELS, scenario, SMALL } from "./clusters.ts"

const BIG = { ...SMALL, ram: "64 MiB", swap: "320 MiB", cpus: 4 }

const loaded = (group: object, more: object = {}) =>
  decodeScenario("numa.yaml", { name: "numa", kernels: KERNELS, clients: [{ ...BIG, ...group }], ...more }, "numa.yaml")

const refusals = (numa: object, group: object = {}): string =>
  JSON.stringify(Either.getLeft(loaded({ ...group, numa })))

const warnings = (group: object, more: object = {}): ReadonlyArray<string> =>
  Either.getOrThrow(loaded(group, more)).warnings.map(formatFinding)

describe("a scenario", () => {
  it.each([
    [{ nodes: 9 }, "a whole number from 1 to 8"],
    [{ nodes: 8 }, "got 8, expected at most 4 nodes, one for each CPU of the group"],
    [{ nodes: 2, split: ["64 MiB"] }, "got 1 size, expected 2, one for each node"],
    [{ nodes: 2, split: ["40 MiB", "16 MiB"] }, "got 56 MiB together, expected 64 MiB, the RAM of the group"],
    [{ nodes: 2, split: ["16 MiB", "48 MiB"] }, "got 16 MiB for node 0, expected at least 32 MiB"],
    [
      { nodes: 3, split: ["48 MiB", "14 MiB", "2 MiB"] },
      "got 2 MiB for node 2, expected at least 4 MiB: x86 leaves out"
    ],
    [{ nodes: 4 }, "got 16 MiB for node 0"],
    [{ policy: { mode: "bind", nodes: [2] } }, "got [2], expected nodes from 0 to 1, each once"],
    [{ policy: { mode: "bind", nodes: [0, 0] } }, "got [0, 0], expected nodes from 0 to 1, each once"],
    [{ policy: { mode: "preferred", nodes: [0, 1] } }, "got [0, 1], expected one node"],
    [{ policy: { mode: "bind", nodes: [] } }, "a list of memory nodes"],
    [{ policy: { mode: "bind", nodes: [0] }, mems: [1] }, "got [0], expected nodes of the cpuset, [1]"],
    [{ mems: [3] }, "got [3], expected nodes from 0 to 1"],
    [{ card: 2 }, "got 2, expected a node from 0 to 1"],
    [{ distance: 255 }, "a whole number from 11 to 254"]
  ])("is refused with %o", (numa, text) => expect(refusals(numa)).toContain(text))

  it("is refused with zones of its own", () => {
    const zones = { dma: 3920, dma32: 12_000, normal: 0 }
    expect(refusals({}, { zones })).toContain("expected no zones beside numa")
  })

  it.each([
    [{ numa: { nodes: 1, distance: 21 } }, {}, "clients[0].numa.distance: 21 has no effect: there is one memory node"],
    [{ numa: { mems: [0, 1] } }, {}, "has no effect: the cpuset has all nodes"],
    [{ numa: { policy: { mode: "bind", nodes: [0, 1] } } }, {}, "has no effect: the processes are bound to all nodes"],
    [{}, { costs: { pageAccess: "1 us" } }, "has no effect: no client has several memory nodes (numa)"]
  ])("is warned of with %o", (group, more, text) => expect(warnings(group, more).join("\n")).toContain(text))

  it("is described", () => {
    expect(describeNuma({ ram: 2 ** 26, cpus: 2 })).toEqual([])
    const [group] = scenario([{ ...BIG, numa: { policy: { mode: "preferred", nodes: [1] }, mems: [1] } }]).clients
    expect(describeNuma(group)).toEqual(["2 memory nodes (32 MiB, 32 MiB)", "policy preferred 1", "cpuset of nodes 1"])
  })
})

const walk = { workload: { usemem: { processesPerCpu: 1, size: "90 MiB", passes: 1 } } }

it.each([
  ["slab-series", 0],
  ["slub-series", 0],
  ["slab-series", 7],
  ["slub-series", 1]
])("%s: a run on two nodes with zone_reclaim_mode %i is conserved, repeatable, and uses both", (kernel, mode) => {
  const group = { ...BIG, ...walk, numa: { nodes: 2 }, sysctl: { "vm.zone_reclaim_mode": mode } }
  const of = () => scenario([group], { duration: "30 s" })
  const [first, second] = [1, 2].map(() => runCluster(of(), kernel, 1))
  expect(first.laws.filter(({ holds }) => !holds)).toEqual([])
  expect(first.fingerprint).toBe(second.fingerprint)
  expect(first.clients[0].lowWater.map(({ zone }) => zone)).toEqual(["node 0 DMA", "node 0 DMA32", "node 1 DMA32"])
  const counter = (name: string): number => first.clients[0].vmstat[name]
  expect(Math.min(counter("numa_local"), counter("numa_other"), counter("numa_miss"))).toBeGreaterThan(0)
})

it.each([
  [{}, {}, [0, 1, 5]],
  [{ distance: 31 }, {}, [1, 1, 5]],
  [{ distance: 31 }, { "vm.zone_reclaim_mode": 0 }, [0, 1, 5]],
  [{}, { "vm.zone_reclaim_mode": 7, "vm.min_unmapped_ratio": 3, "vm.min_slab_ratio": 9 }, [7, 3, 9]]
])("numa %o and sysctl %o: mode and ratios of zone_reclaim", (numa, sysctl, expected) => {
  const { machine } = buildCluster(scenario([{ ...BIG, numa, sysctl }]), "slub-series", 1).clients[0]
  const at = machine.pages.numa
  expect([at?.zoneReclaimMode, at?.minUnmappedRatio, at?.minSlabRatio]).toEqual(expected)
})

it("vm.swappiness counts on every node, at boot and when it is written", () => {
  const group = { ...BIG, numa: {}, sysctl: { "vm.swappiness": 10 } }
  const { machine } = buildCluster(scenario([group]), "slub-series", 1).clients[0]
  const seen = () => machine.vmscan.pgdats.map(({ swappiness }) => swappiness)
  expect(seen()).toEqual([10, 10])
  switchSysctls(machine, { "vm.swappiness": 0 })
  expect(seen()).toEqual([0, 0])
})

it("the processes of a cpuset leave the other node to the kernel", () => {
  const cluster = buildCluster(
    scenario([{ ...BIG, ...walk, numa: { nodes: 2, mems: [1] } }], { duration: "30 s" }),
    "slub-series",
    1
  )
  cluster.sim.run(2e8)
  const { machine } = cluster.clients[0]
  const { frames } = machine.pages
  let anonymous = 0
  for (const zone of machine.pages.populatedZones.filter(({ node }) => node === 0)) {
    for (let pfn = zone.start; pfn < zone.end; pfn++) if (frames.rmap[pfn] >= 0) anonymous++
  }
  expect([anonymous, machine.kswapds.map(({ name }) => name)]).toEqual([0, ["client-1 kswapd0", "client-1 kswapd1"]])
  expect(machine.kswapds.map(({ cpu }) => machine.pages.numa?.nodeOfCpu[cpu])).toEqual([0, 1])
})
