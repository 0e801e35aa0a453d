import { decodeScenario, pruneScenario, Scenario } from "@swaplab/cluster"
import { type Mapping, parseValue, plainOf, toYaml } from "@swaplab/config"
import { Either, Schema } from "effect"
import { describe, expect, it } from "vitest"

const GIVEN: Mapping = {
  name: "x",
  seeds: [3],
  duration: "900 s",
  hz: 1000,
  kernels: { a: { allocator: "slub", base: "v3.6 - throttle", patches: {} }, b: { allocator: "slab", base: "v3.5" } },
  clients: [
    {
      name: "client",
      ram: "64 MiB",
      cpus: 3,
      nic: { driver: "e1000", rxRing: 512 },
      workload: { usemem: { passes: 5 } }
    },
    { name: "other", count: 2, background: { packetsPerSecond: 0, netperf: { tcpStreams: 2 } } }
  ],
  lan: { loss: "0 %" },
  costs: { packet: "2 us" }
}

const decode = (given: Mapping) => Either.getOrThrow(decodeScenario("f", given)).scenario

describe("a scenario without its defaults", () => {
  it("has only what differs from them", () => {
    expect(pruneScenario(GIVEN)).toEqual({
      name: "x",
      seeds: [3],
      hz: 1000,
      kernels: {
        a: { allocator: "slub", base: "v3.6", patches: { throttle: false } },
        b: { allocator: "slab", base: "v3.5" }
      },
      clients: [
        { cpus: 3, nic: { rxRing: 512 } },
        { name: "other", count: 2, background: { netperf: { tcpStreams: 2 } } }
      ],
      costs: { packet: "2 us" }
    })
  })

  it("is the same scenario, also by way of a result and of a file", () => {
    const scenario = decode(GIVEN)
    const pruned = pruneScenario(GIVEN)
    expect(decode(pruned)).toEqual(scenario)
    expect(decode(Schema.encodeSync(Scenario)(scenario) as unknown as Mapping)).toEqual(scenario)
    expect(decode(plainOf(Either.getOrThrow(parseValue("f", toYaml(pruned, ["a remark"])))) as Mapping)).toEqual(
      scenario
    )
    expect(pruneScenario(pruned)).toEqual(pruned)
  })
})
