// What is said of a scenario whose server is a real one, and which faults a seed makes there.
import { decodeScenario } from "@swaplab/cluster"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { withoutEffect } from "../src/real-server/check-server.ts"
import { drawFaults, FAULT_ROWS } from "../src/real-server/server-faults.ts"

const loaded = (server: object, more: object = {}) =>
  Either.getOrThrow(decodeScenario("test", {
    name: "test",
    kernels: { series: { allocator: "slab", base: "v3.6" } },
    clients: [{ ram: "64 MiB", workload: { usemem: { size: "32 MiB" } }, ...more }],
    server
  }))

describe("what is said", () => {
  it.each<readonly [object, object, string | null]>([
    [{}, {}, null],
    [{ threads: 4, cpus: 2 }, {}, "server: cpus and threads have no effect, because the server is a real one"],
    [{ link: { rate: "1 Gbit", latency: "20 us" } }, {}, null],
    [
      { threads: 4 },
      { root: { from: "nbd", size: "1 GiB" } },
      "root images come from the modelled server, as the scenario has it; only swap goes to the real one"
    ]
  ])("%j %j", (server, more, words) => {
    expect(withoutEffect(loaded(server, more))).toBe(words)
  })
})

describe("faults of a soak", () => {
  const S = 1e9
  const names = Object.keys(FAULT_ROWS)

  it("are those of the seed, one after the other, none in the last fifth", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const faults = drawFaults(seed, names, 60 * S)
      expect(faults).toEqual(drawFaults(seed, names, 60 * S))
      expect(faults.length).toBeGreaterThan(2)
      for (const [i, { atNs, endNs }] of faults.entries()) {
        expect(atNs).toBeGreaterThan(faults[i - 1]?.endNs ?? 0)
        expect(endNs).toBeGreaterThanOrEqual(atNs)
        expect(endNs).toBeLessThanOrEqual(0.8 * 60 * S)
        expect(endNs - atNs).toBeLessThanOrEqual(5 * S)
      }
    }
  })

  it("leave kinds out, and every kind comes", () => {
    const seen = new Set<string>()
    let fewer = 0
    for (let seed = 1; seed <= 50; seed++) {
      const kinds = new Set(drawFaults(seed, names, 3600 * S).map(({ name }) => name))
      if (kinds.size < names.length) fewer++
      for (const kind of kinds) seen.add(kind)
    }
    expect([seen.size, fewer > 40]).toEqual([names.length, true])
  })

  it("are none where nobody can make any", () => {
    expect(drawFaults(1, [], 60 * S)).toEqual([])
  })
})
