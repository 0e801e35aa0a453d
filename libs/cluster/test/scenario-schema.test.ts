import { parseThreshold } from "#src/scenario/threshold.ts"
import { clientsOf, formatMiss, Scenario, scenarioJsonSchema } from "@swaplab/cluster"
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

describe("clients", () => {
  it("sorts the clients of a scenario", () => {
    const scenario = Schema.decodeUnknownSync(Scenario)({
      name: "x",
      kernels: { a: { allocator: "slab", base: "v3.5" } },
      clients: [{ name: "client", count: 11 }, { name: "b", kernel: "a" }]
    })
    const names = clientsOf(scenario, "a").map((client) => client.name)
    expect(names.slice(0, 4)).toEqual(["b-1", "client-1", "client-2", "client-3"])
    expect(names.at(-1)).toBe("client-11")
  })
})

describe("a scenario", () => {
  const given = {
    name: "x",
    kernels: { a: { allocator: "slab", base: "v3.5" } },
    clients: [{ name: "c" }],
    thresholds: ["elapsed < 90 s"]
  }

  it("survives encoding and decoding", () => {
    const scenario = Schema.decodeUnknownSync(Scenario)(given)
    const text = JSON.stringify(Schema.encodeSync(Scenario)(scenario))
    expect(Schema.decodeUnknownSync(Scenario)(JSON.parse(text))).toEqual(scenario)
  })

  it("has the JSON Schema that ships with it", () => {
    const file = new URL("../../../scenarios/scenario.schema.json", import.meta.url)
    // written by: npx swaplab schema > scenarios/scenario.schema.json
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(scenarioJsonSchema())
  })

  it("shows defaults in the JSON Schema as a file would write them", () => {
    const text = JSON.stringify(scenarioJsonSchema())
    expect(text).toContain(`"default":"64 MiB"`)
    expect(text).toContain(`"default":"1 Gbit"`)
    expect(text).not.toContain(`"default":67108864`)
  })

  it("tells an editor what optional keys and sections mean, and the range of a quantity", () => {
    const schema = scenarioJsonSchema()
    expect(schema).toMatchObject({
      properties: {
        include: { description: expect.stringContaining("Files below this one") },
        compare: { description: expect.stringContaining("Kernels to compare") },
        map: { properties: { y: { description: expect.stringContaining("A second parameter") } } },
        server: { description: expect.stringContaining("The NBD server that all clients share") },
        costs: { description: expect.stringContaining("CPU time") },
        clients: {
          items: {
            properties: {
              kernel: { description: expect.stringContaining("Without it: the kernel of the cell") },
              ram: { title: "a size such as 64 MiB, at least 8 MiB and at most 64 GiB" }
            }
          }
        }
      }
    })
  })
})

describe("thresholds", () => {
  it("reads metric, comparison and value", () => {
    expect(parseThreshold("client.faultLatency.p99 < 50 ms")).toEqual({
      metric: "client.faultLatency.p99",
      comparison: "<",
      value: 50e6
    })
    expect(parseThreshold("server.linkInUtilisation<=90 %")).toMatchObject({ comparison: "<=", value: 0.9 })
    expect(parseThreshold("client.vmstat.allocstall < 10")).toMatchObject({ value: 10 })
    expect(parseThreshold("client.vmstat.allocstal < 10")).toBe(
      "a known metric, did you mean client.vmstat.allocstall?"
    )
    expect(parseThreshold("client.swapInRate > 100 Mbit")).toMatchObject({ value: 1e8 })
  })

  it.each([
    ["elapsed < 50 ms", 408_158_207, "408 ms"],
    ["elapsed < 50 ms", 70e6, "70 ms"],
    ["elapsed < 50 ms", 50e6, "50 ms"],
    // three digits would say that it is kept
    ["elapsed < 50 ms", 50_020_000, "50.02 ms"],
    ["elapsed <= 1 s", 1_000_000_001, "1000000001 ns"],
    ["elapsed > 1 s", 999_960_000, "999.96 ms"],
    ["elapsed > 1 s", 0, "0 ns"],
    ["elapsed < 1 min", 754_321e6, "12.6 min"],
    ["client.swapIn < 1 KiB", 1_047_000, "1022 KiB"],
    ["client.swapInRate > 100 Mbit", 12_345_678, "12.3 Mbit"],
    ["server.linkInUtilisation < 50 %", 0.98765, "98.8 %"],
    ["client.vmstat.allocstall < 10", 12345, "12345"]
  ])("%s is missed by %s: %s", (text, value, written) => {
    const threshold = parseThreshold(text)
    if (typeof threshold === "string") throw new Error(threshold)
    expect(formatMiss(threshold, value)).toBe(written)
  })
})
