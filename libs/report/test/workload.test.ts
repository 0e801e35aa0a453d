import type { GroupResult, LatencySummary, RunResult } from "@swaplab/cluster"
import { renderReport } from "@swaplab/report"
import { expect, it } from "vitest"
import { fakeExperiment } from "./fake.ts"

const summary = (count: number, ns: number): LatencySummary => ({
  count,
  meanNs: ns,
  p50Ns: ns,
  p90Ns: ns,
  p95Ns: 2 * ns,
  p99Ns: 4 * ns,
  p999Ns: 8 * ns,
  maxNs: 8 * ns,
  over1s: count / 4,
  over10s: 0
})

const group = (seed: number): GroupResult => ({
  group: "desk",
  clients: 4,
  workload: {
    workload: "made-up",
    name: "made-up",
    unit: null,
    done: 0,
    failed: 0,
    latency: null,
    figures: { programsLost: 6 },
    latencies: { pageLoad: summary(100, seed * 0.2e9), tabSwitch: summary(0, 0) }
  }
})

it("what people feel: medians over seeds of all clients of a group, and the share above a second", () => {
  const experiment = fakeExperiment({ kernels: { series: { allocator: "slub", base: "v3.6" } }, expect: {} })
  const runs = experiment.runs.map((run): RunResult => ({ ...run, groups: [group(run.seed)] }))
  const text = renderReport({ ...experiment, runs })
  const line = (start: string): string => text.split("\n").find((each) => each.includes(start)) ?? ""
  const cells = (start: string): ReadonlyArray<string> => line(start).trim().split(/ {2,}/)
  expect(cells("page load").slice(-8)).toEqual([
    "page load",
    "100",
    "400ms",
    "800ms",
    "1.60s",
    "3.20s",
    "25%",
    "0%"
  ])
  expect(text).not.toContain("tab switch")
  expect(cells("programs lost").slice(-2)).toEqual(["6", "1.5"])
})

it("without figures there is no section", () => {
  expect(renderReport(fakeExperiment())).not.toContain("Workload of the clients")
})
