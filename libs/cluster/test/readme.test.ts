import { runCluster, Scenario } from "@swaplab/cluster"
import { Schema } from "effect"
import { expect, it } from "vitest"

it("does what the README shows", () => {
  const scenario = Schema.decodeUnknownSync(Scenario)({
    name: "two-clients",
    kernels: { series: { allocator: "slub", base: "v3.6" } },
    clients: [{
      name: "client",
      count: 2,
      ram: "16 MiB",
      swap: "100 MiB",
      workload: { usemem: { processesPerCpu: 2, size: "48 MiB", passes: 1 } }
    }]
  })
  const result = runCluster(scenario, "series", 1)

  expect(result.outcome).toBe("completed")
  expect(result.clients.map(({ name, pagesTouched }) => `${name}: ${pagesTouched} pages`))
    .toEqual(["client-1: 12288 pages", "client-2: 12288 pages"])
  expect(result.laws.every(({ holds }) => holds)).toBe(true)
  expect(runCluster(scenario, "series", 1).fingerprint).toBe(result.fingerprint)
})
