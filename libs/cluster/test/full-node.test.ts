// A cpuset with mem_hardwall keeps everybody who swaps on node 0: the machine locks up beside a free node.
import { decodeScenario, runCluster } from "@swaplab/cluster"
import { formatFinding } from "@swaplab/config"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { KERNELS } from "./clusters.ts"

/** The client of scenarios/full-node.yaml, whose processes map four times what node 0 has, once. */
const run = (kernel: string, numa: object = {}) => {
  const client = {
    name: "client",
    ram: "64 MiB",
    cpus: 4,
    numa: { nodes: 2, mems: [0], hardwall: true, kernelThreads: true, ...numa },
    nic: { driver: "r8169", rxRing: 256, txRing: 64, interruptModeration: "50 us" },
    link: { rate: "1 Gbit", latency: "20 us" },
    workload: { usemem: { processesPerCpu: 8, size: "2x RAM", passes: 1, mode: "write" } },
    background: { packetsPerSecond: 0 }
  }
  const given = { name: "full-node", kernels: KERNELS, duration: "60 s", clients: [client], server: { disk: "memory" } }
  const loaded = Either.getOrThrow(decodeScenario("x.yaml", given, "x.yaml"))
  return { client: runCluster(loaded.scenario, kernel, 1).clients[0], warnings: loaded.warnings.map(formatFinding) }
}

describe("node 0 is full, node 1 is free", () => {
  const { lockup } = run("slub-vanilla").client

  it("the sender finds nothing, and the graph names the node that is closed to it", () => {
    expect([lockup?.kind, lockup?.taxonomy]).toEqual(["deadlock", "tx starvation"])
    const [sender, memory] = lockup?.cycle ?? []
    expect(sender).toMatch(/^nbd0 /)
    expect(memory).toMatch(/node 0 DMA32 \d+ free, floor \d+; node 1 DMA32 \d{4} free, closed to it\)/)
    expect(lockup?.allocation?.text).toMatch(/node 0 DMA32 free \d+ <= floor \d+/)
  })

  it("the report has what each zone had, and those it was refused in are of node 0", () => {
    expect(lockup?.firstFailure?.zones.map(({ name }) => name)).toEqual(["node 0 DMA32", "node 0 DMA"])
    const [dma, dma32, other] = lockup?.zones ?? []
    expect([dma.closed, dma32.closed, other.closed]).toEqual([undefined, undefined, true])
    expect(other.free).toBeGreaterThan(7000)
    expect(lockup?.text).toMatch(/node 1 DMA32 free \d+, closed to it, min \d+/)
  })

  it.each([
    ["without mem_hardwall", "slub-vanilla", { hardwall: false }],
    ["with the sender outside of the cpuset", "slub-vanilla", { kernelThreads: false }],
    ["with the series: the reserve of both nodes is open to the sender", "slub-series", {}]
  ])("%s it does not lock up", (_words, kernel, numa) => {
    const { client } = run(kernel, numa)
    expect([client.outcome, client.lockup]).toEqual(["completed", null])
  })

  it("keys that change nothing are said", () => {
    expect(run("slub-series", { mems: [0, 1] }).warnings.filter((text) => text.includes("no cpuset keeps")))
      .toHaveLength(2)
  })
})
