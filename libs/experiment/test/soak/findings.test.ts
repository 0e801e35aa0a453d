import { DRAWN_KERNEL, drawScenario } from "#src/soak/draw-scenario.ts"
import { findingsOf } from "#src/soak/findings.ts"
import { EVERYTHING, type SoakPlan } from "#src/soak/soak-file.ts"
import { madeUpLockup, runCluster, type RunResult } from "@swaplab/cluster"
import { Either } from "effect"
import { expect, it } from "vitest"

const planOf = (base: string): SoakPlan => ({
  ...EVERYTHING,
  swarm: new Map([
    ...EVERYTHING.swarm,
    ["base", [base]],
    ["patches", [0]],
    ["clients.count", [1]],
    ["clients.ram", ["12 MiB"]],
    ["clients.swap", ["64 MiB"]],
    ["clients.zram", [null]],
    ["clients.zswap", [null]],
    ["backgroundCount", [0]],
    ["faultCount", [0]]
  ])
})

const drawnOf = (base: string) => Either.getOrThrow(drawScenario(planOf(base), 1))

/** A run that goes well. */
const WELL = runCluster(drawnOf("v3.6").loaded.scenario, DRAWN_KERNEL, 1)

/** What is found in that run with another end of its client, and were it of that kernel. */
const changed = (base: string, client: Partial<RunResult["clients"][number]>) =>
  findingsOf(planOf(base), drawnOf(base), { ...WELL, clients: WELL.clients.map((of) => ({ ...of, ...client })) })

it("a run that goes well shows nothing", () => {
  expect(WELL.outcome).toBe("completed")
  expect(changed("v3.6", {})).toEqual([])
})

it("a lockup is expected of a kernel without the series, and of no other", () => {
  const lockup = madeUpLockup()
  const [without] = changed("v3.5", { outcome: "lockup", lockup })
  const [merged] = changed("v3.6", { outcome: "lockup", lockup })
  expect(without.signature).toBe(merged.signature)
  expect(without.signature).toMatch(/^lockup .*; cycle /)
  expect(without.signature).not.toMatch(/client-\d|nbd\d/)
  expect(without.expected).toBe("kernels without the series are known to lock up")
  expect(merged.expected).toBeNull()
})

it("an OOM kill is a finding where nothing explains it", () => {
  expect(changed("v3.6", { outcome: "oom" }).map(({ signature }) => signature)).toEqual([
    "oom although RAM and swap are large enough"
  ])
  const connection = { disconnects: 1 } as unknown as RunResult["clients"][number]["connection"]
  expect(changed("v3.6", { outcome: "oom", connection })).toEqual([])
})

it("a client that is not done in time is one where nothing touches a page any more", () => {
  const [found] = changed("v3.6", { outcome: "timeout" })
  expect(found.signature).toBe("no progress after the faults; no report")
})

it("slow is not stuck: what counts is whether the client itself touched pages in its last half minute", () => {
  const [{ name }] = WELL.clients
  const late = (touched: ReadonlyArray<number>, livelock: RunResult["clients"][number]["livelock"]) => {
    const series = {
      timesNs: Float64Array.from([0, 50e9, 100e9]),
      columns: [
        { name: `${name}.pages_touched`, values: Float64Array.from(touched) },
        { name: "other-1.pages_touched", values: Float64Array.from([0, 1, 2]) }
      ]
    }
    const clients = WELL.clients.map((of) => ({ ...of, outcome: "timeout" as const, livelock }))
    return findingsOf(planOf("v3.6"), drawnOf("v3.6"), { ...WELL, simulatedNs: 100e9, series, clients })
  }
  expect(late([0, 10, 11], null)).toEqual([])
  expect(late([0, 10, 11], madeUpLockup())).toEqual([])
  expect(late([0, 10, 10], null)).toHaveLength(1)
  expect(late([0, 10, 10], madeUpLockup())[0].signature).toMatch(/^no progress after the faults: /)
})
