// Whoever compares a room of N with one of N + 1 wants the difference to be the one client more, not other people.
import { runCluster } from "@swaplab/cluster"
import { expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

/** When each client starts, which is drawn by chance. */
const drawn = (count: number, seed: number) =>
  runCluster(
    scenario([{ ...SMALL, swap: "64 MiB", count, start: "uniform(0 s, 90 ms)", workload: { idle: {} } }], {
      duration: "100 ms"
    }),
    "slab-series",
    seed
  ).clients.map(({ name, startedNs }) => [name, startedNs])

it("client i of N clients is the same client with one client more", () => {
  for (const seed of [1, 2, 3]) {
    const three = drawn(3, seed)
    expect(drawn(4, seed).slice(0, 3)).toEqual(three)
    expect(drawn(2, seed)).toEqual(three.slice(0, 2))
  }
  expect(drawn(3, 1)).not.toEqual(drawn(3, 2))
})
