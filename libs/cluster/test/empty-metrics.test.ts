// A statistic of nothing is null: a mean, a percentile, a share or a ratio that no sample stands behind is not 0.
import { metricsOf, NO_HOOKS, runCluster, type RunResult, serversWithPorts } from "@swaplab/cluster"
import { expect, it } from "vitest"
import { scenario } from "./clusters.ts"

/** A run that was over before anything happened. */
const idle: RunResult = runCluster(
  scenario([{ name: "desk", ram: "64 MiB", swap: "64 MiB", zswap: {}, start: "1 min", workload: { session: {} } }], {
    duration: "1 us"
  }),
  "slab-series",
  1,
  NO_HOOKS
)

/** The values of a metric in that run. */
const valuesOf = (name: string): ReadonlyArray<number | null> => {
  const metric = metricsOf()[name]
  switch (metric.scope) {
    case "run":
      return [metric.of(idle)]
    case "client":
      return idle.clients.map(metric.of)
    case "group":
      return idle.groups.map(metric.of)
    case "server":
      return serversWithPorts(idle).map(metric.of)
  }
}

/** Statistics by their meanings. Times, counts, sums, high-water marks and shares of the time that has passed have a value always. */
const STATISTIC =
  /\bmean (latency|time)|median|percentile|^longest (of|time from)|share of|ratio|over the (other|workload)|served from/

const names = Object.entries(metricsOf()).filter(([, { meaning }]) => STATISTIC.test(meaning)).map(([name]) => name)

it("knows the statistics of the table", () => {
  expect(names).toEqual(expect.arrayContaining([
    "client.faultLatency.p99",
    "client.session.pageLoad.over1s",
    "group.session.pageLoad.mean",
    "client.compressed.ratio",
    "client.swapInRate",
    "server.cacheHitRatio",
    "server.meanResidence",
    "faults.back"
  ]))
})

it.each(names)("%s of nothing is null", (name) => {
  expect(new Set(valuesOf(name))).toEqual(new Set([null]))
})

it("gives 0 or more for what is counted", () => {
  expect(valuesOf("client.faultLatency.count")).toEqual([0])
  expect(valuesOf("server.requests")).toEqual([0])
})
