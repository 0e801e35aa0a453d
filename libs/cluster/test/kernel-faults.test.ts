// A kernel that is changed while it runs: what it does from then on, and that it is put back.
import { ClusterRun, decodeScenario, type ScenarioEncoded } from "@swaplab/cluster"
import { patchesOf } from "@swaplab/kernel"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

const GROUP = { ...SMALL, workload: { usemem: { processesPerCpu: 2, size: "24 MiB", passes: 2 } } } as const

const runWith = (fault: object, kernel = "slab-series"): ClusterRun => {
  const faults = [{ where: "client-1", at: "100 ms", for: "100 ms", ...fault }] as unknown as ScenarioEncoded["faults"]
  return new ClusterRun(scenario([GROUP], { duration: "60 s", ...(faults !== undefined && { faults }) }), kernel, 1)
}

/** A figure of the client before, during and after. */
const around = <A>(run: ClusterRun, read: (run: ClusterRun) => A): ReadonlyArray<A> =>
  [99e6, 150e6, 201e6].map((ns) => {
    run.advance(ns)
    return read(run)
  })

const machineOf = ({ clients: [{ client }] }: ClusterRun) => client.machine

describe("a sysctl that is written while the client runs", () => {
  it("vm.min_free_kbytes moves every watermark, and moves it back", () => {
    const run = runWith({ what: "sysctl", name: "vm.min_free_kbytes", value: 8192 })
    const marks = around(run, (of) => machineOf(of).pages.populatedZones.flatMap(({ watermark }) => [...watermark]))
    expect(marks[1].every((mark, i) => mark > marks[0][i])).toBe(true)
    expect(marks[2]).toEqual(marks[0])
    // kswapd keeps more free from then on
    const [before, during] = [99e6, 199e6].map((ns) => {
      const again = runWith({ what: "sysctl", name: "vm.min_free_kbytes", value: 8192 })
      again.advance(ns)
      return machineOf(again).pages.populatedZones.reduce((sum, { free }) => sum + free, 0)
    })
    expect(during).toBeGreaterThan(before)
  })

  it.each([["vm.swappiness", 0, [60, 0, 60]], ["vm.page-cluster", 0, [2, 0, 2]]] as const)(
    "%s = %d",
    (name, value, all) => {
      const run = runWith({ what: "sysctl", name, value })
      const seen = around(run, (of) =>
        name === "vm.swappiness"
          ? machineOf(of).vmscan.pgdat.swappiness
          : machineOf(of).swap.readahead.pageCluster)
      expect(seen).toEqual(all)
    }
  )

  it("vm.swappiness is one for all memory nodes", () => {
    const two = { ...GROUP, ram: "64 MiB", swap: "320 MiB", cpus: 2, numa: { nodes: 2 } } as const
    const faults = [{ what: "sysctl", name: "vm.swappiness", value: 0, where: "client-1", at: "1 ms" }] as const
    const run = new ClusterRun(scenario([two], { duration: "60 s", faults }), "slab-series", 1)
    run.advance(2e6)
    expect(machineOf(run).vmscan.pgdats.map(({ swappiness }) => swappiness)).toEqual([0, 0])
  })

  it("vm.zone_reclaim_mode is there on a kernel with memory nodes, and without effect on one that has none", () => {
    const written = (group: object) => {
      const faults = [{
        what: "sysctl",
        name: "vm.zone_reclaim_mode",
        value: 1,
        where: "client-1",
        at: "1 ms"
      }] as const
      const run = new ClusterRun(scenario([{ ...GROUP, ...group }], { duration: "60 s", faults }), "slab-series", 1)
      run.advance(2e6)
      return { mode: machineOf(run).pages.numa?.zoneReclaimMode, hit: run.result("stopped", 0).faults[0].hit }
    }
    expect(written({ ram: "64 MiB", swap: "320 MiB", cpus: 2, numa: { nodes: 2 } })).toEqual({ mode: 1, hit: true })
    expect(written({})).toEqual({ mode: undefined, hit: false })
  })

  it("that had this value already is said to have had no effect", () => {
    const run = runWith({ what: "sysctl", name: "vm.swappiness", value: 60 })
    run.advance(Number.POSITIVE_INFINITY)
    expect(run.result("timeout", 0).warnings.join("\n")).toContain("had no effect: no sysctls changed")
  })
})

describe("a patch that is exchanged while the client runs", () => {
  it.each([["slab-series", "off", [true, false, true]], ["slab-vanilla", "on", [false, true, false]]] as const)(
    "%s: throttle %s",
    (kernel, set, all) => {
      const run = runWith({ what: "patch", patch: "throttle", set }, kernel)
      expect(around(run, (of) => patchesOf(machineOf(of).kernel).has("throttle"))).toEqual(all)
    }
  )
})

it("mistakes are told with what is expected", () => {
  const decoded = (fault: object) =>
    Either.match(
      decodeScenario("x.yaml", {
        name: "x",
        seeds: [1],
        duration: "1 s",
        kernels: { a: { allocator: "slab", base: "v3.6" } },
        clients: [{ ...SMALL }],
        faults: [{ where: "client-1", at: "1 ms", ...fault }]
      } as unknown as ScenarioEncoded),
      { onLeft: ({ message }) => message, onRight: () => "" }
    )
  expect(decoded({ what: "sysctl", name: "vm.swappiness", value: 101 })).toContain("at most 100 for vm.swappiness")
  expect(decoded({ what: "sysctl", name: "net.core.rmem_max", value: 1 })).toContain("vm.min_free_kbytes")
  expect(decoded({ what: "patch", patch: "netdev-kmalloc", set: "on" })).toContain("throttle")
})
