import { decodeScenario } from "@swaplab/cluster"
import type { Bottleneck, Capacity } from "@swaplab/experiment"
import { renderCapacity } from "@swaplab/report"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

const loaded = Either.getOrThrow(decodeScenario("inline", {
  name: "room",
  kernels: { series: { allocator: "slab", base: "v3.6" } },
  clients: [{ name: "client" }]
}))

/** What a search over 1 to 4 clients has found: N* is at least `low` and less than `high`. */
const capacity = (low: number, high: number, least = false): Capacity => ({
  situation: {
    loaded,
    kernel: "series",
    ladder: { path: "clients.0.count", values: least ? [4, 3, 2, 1] : [1, 2, 3, 4], least },
    firstSeed: 1
  },
  demand: { holds: 0.8, sure: 0.9, within: 0.15, maxSeeds: 100 },
  state: "time is up",
  low,
  high,
  seeds: 1,
  audit: { runs: 1, failed: 0 },
  samples: [],
  reached: [1, 2, 3, 4].map(() => ({ seeds: 1, reach: 1 })),
  failure: null
})

const said = (low: number, high: number, least = false): string =>
  renderCapacity(capacity(low, high, least), null).replaceAll(/\s+/g, " ")

describe("the answer says what is proved, and nothing beyond it", () => {
  it.each<[low: number, high: number, words: string]>([
    [2, 3, "2 clients 2 hold in at least 4 of 5 mornings, 3 and more do not. (90 % sure)"],
    [0, 1, "No value holds in at least 4 of 5 mornings: not even 1. (90 % sure)"],
    [4, 5, "All that was tried holds in at least 4 of 5 mornings. (90 % sure)"],
    [0, 3, "Nothing is proved to hold in at least 4 of 5 mornings yet; from 3 on nothing does. (90 % sure)"],
    [0, 5, "Nothing is proved yet: neither that 1 holds in at least 4 of 5 mornings, nor that 4 does not."],
    [2, 5, "2 hold in at least 4 of 5 mornings; more may, up to 4 and beyond. (90 % sure)"]
  ])("N* from %i, less than %i", (low, high, words) => {
    expect(said(low, high)).toContain(words)
  })

  it("turns round where the least value is searched", () => {
    expect(said(2, 3, true)).toContain("3 hold in at least 4 of 5 mornings, 2 and less do not. (90 % sure)")
  })

  it("counts one as one", () => {
    expect(said(2, 3)).toContain("0 runs of 1 seed. Run again below a seed's limit: 1 value; all hold.")
  })
})

const bottleneck: Bottleneck = {
  seeds: 5,
  limits: [
    { name: "link of the server", use: 0.8, tried: 5, raised: 5, limits: true },
    { name: "CPU of the server", use: 0.25, tried: 2, raised: 0, limits: false },
    { name: "threads of a connection", use: null, tried: 2, raised: 0, limits: false }
  ],
  leftOut: ["read-ahead of the clients"],
  advice: {
    resource: "link of the server",
    changes: [{ path: "server.link.rate", from: "100 Mbit", to: "200 Mbit" }],
    ladder: { path: "clients.0.count", values: [1, 2, 3, 4, 5, 6], least: false },
    seeds: 5,
    before: { least: 2, most: 3 },
    after: { least: 4, most: 5 },
    expected: { least: 4, most: 6 },
    runs: 17
  },
  state: "finished",
  failure: null
}

const limitedBy = (found: Bottleneck): string =>
  renderCapacity(capacity(2, 3), found).split("\nLimited by\n")[0].replaceAll(/\s+/g, " ")

describe("the first screen says what limits, what comes next and what to change", () => {
  it("with its use, its head-room by the law, and what runs have shown", () => {
    const text = limitedBy(bottleneck)
    expect(text).toContain(
      "Limited by: link of the server, used by 80 %. Next: CPU of the server, used by 25 %: head-room for 3.2"
    )
    expect(text).toContain(
      "With twice of it (server.link.rate 200 Mbit instead of 100 Mbit): 4 to 5 clients, instead of 2 to 3 of the same 5 seeds. "
        + "The bottleneck law expects 4 to 6. Checked by 17 runs;"
    )
  })

  it("says that all that was tried holds where it does", () => {
    const { advice } = bottleneck
    const open = advice === null ? null : { ...advice, after: { least: 5, most: 6 } }
    expect(limitedBy({ ...bottleneck, advice: open })).toContain("5 to 6 or more clients, instead of")
  })

  it("says what --budget left no time for", () => {
    const none = { ...bottleneck, limits: [], advice: null, state: "time is up" } as const
    expect(limitedBy(none)).toContain("The time of --budget is up: not all of what may limit it was tried.")
  })
})
