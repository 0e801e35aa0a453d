// A run under way is changed: until then it is the run that it was.
import { applyChanges, ClusterRun, decodeScenario, liveChanges, procOf, withOverrides } from "@swaplab/cluster"
import { overrideOf, type Path } from "@swaplab/config"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

const LOADED = Either.getOrThrow(decodeScenario("small.yaml", {
  name: "small",
  duration: "5 s",
  kernels: { a: { allocator: "slub", base: "v3.6" } },
  clients: [{
    count: 2,
    ram: "8 MiB",
    cpus: 1,
    swap: "32 MiB",
    workload: { usemem: { processesPerCpu: 2, size: "1x RAM", passes: 2 } }
  }]
}))

const changed = (path: Path, value: unknown) => Either.getOrThrow(withOverrides(LOADED, [overrideOf("", path, value)]))

const changes = (path: Path, value: unknown) => liveChanges(LOADED.scenario, changed(path, value).scenario, "a")

const AT = 10e6

const runOf = ({ scenario } = LOADED): ClusterRun => {
  const run = new ClusterRun(scenario, "a", 1)
  run.advance(AT)
  return run
}

describe("a change", () => {
  it("of a patch is one of each client with that kernel, and counts from then on", () => {
    const found = Either.getOrThrow(changes(["kernels", "a", "patches", "throttle"], false))
    expect(found).toEqual(["client-1", "client-2"].map((client) => ({
      client,
      patches: { throttle: false },
      sysctls: {},
      idle: []
    })))
    const run = runOf()
    const { machine } = run.clients[0].client
    const before = machine.vmscan.pgdat.switches
    applyChanges(run, found)
    expect(machine.vmscan.pgdat.switches).not.toEqual(before)
    expect(machine.kernel.patches).toMatchObject({ throttle: false })
  })

  it("of a sysctl is the value that is read from then on; others stay", () => {
    const run = runOf()
    const { net, swap, vmscan } = run.clients[1].client.machine
    const others = { ...net.sysctls }
    const sysctl = { "net.ipv4.tcp_retries2": 3, "vm.swappiness": 10, "vm.page-cluster": 0 }
    applyChanges(run, Either.getOrThrow(changes(["clients", 0, "sysctl"], sysctl)))
    expect(net.sysctls).toEqual({ ...others, "net.ipv4.tcp_retries2": 3 })
    expect([vmscan.pgdat.swappiness, swap.readahead.pageCluster]).toEqual([10, 0])
  })

  it("of anything else is refused, and so is what only a boot exchanges", () => {
    expect(changes(["clients", 0, "ram"], "16 MiB")).toEqual(
      Either.left(expect.stringContaining("got a change of clients[0].ram, expected one of a patch of a kernel"))
    )
    expect(changes(["kernels", "a", "patches", "slub-min-partial"], false)).toEqual(
      Either.left("slub-min-partial is exchanged by a boot only: SLUB is told when it is built")
    )
    expect(changes(["clients", 0, "sysctl", "net.core.netdev_budget"], 17)).toEqual(
      Either.left("net.core.netdev_budget is set by a boot only: each softirq has it")
    )
  })

  it("that changes nothing is none", () => {
    expect(changes(["kernels", "a", "patches", "throttle"], true)).toEqual(Either.right([]))
  })
})

it("a fault that begins later leaves everything as it is until then", () => {
  const more = { what: "down", where: "client-1", at: `${AT} ns`, for: "50 ms" }
  const [one, other] = [runOf(), runOf(changed(["faults"], [more]))]
  for (const name of ["vmstat", "buddyinfo", "zoneinfo", "slabinfo", "diskstats"] as const) {
    expect(procOf(other.clients[0].client.machine)[name]()).toBe(procOf(one.clients[0].client.machine)[name]())
  }
})
