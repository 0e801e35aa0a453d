// The search for the smallest scenario of a finding, with runs that are made up.
import { layerInProcess } from "#src/runner.ts"
import { drawScenario } from "#src/soak/draw-scenario.ts"
import { lostFinding } from "#src/soak/findings.ts"
import { shrinkFinding } from "#src/soak/shrink-finding.ts"
import { EVERYTHING, type SoakPlan } from "#src/soak/soak-file.ts"
import { madeUpResult, type runCluster } from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"

const drawn = (seed: number, plan: SoakPlan) => Either.getOrThrow(drawScenario(plan, seed))

/** One client with one group around it. */
const SMALL: SoakPlan = {
  ...EVERYTHING,
  swarm: new Map([
    ...EVERYTHING.swarm,
    ["base", ["v3.6"]],
    ["patches", [0]],
    ["groups", [1]],
    ["servers", [1]],
    ["switches", [1]],
    ["clients.count", [1]],
    ["clients.ram", ["12 MiB"]],
    ["backgroundCount", [0]]
  ])
}

describe("the smallest scenario of a finding", () => {
  const [seed, what] = (() => {
    for (let at = 1;; at++) {
      const { faults } = drawn(at, SMALL).loaded.scenario
      if (faults.length >= 3) return [at, faults[1].what] as const
    }
  })()
  const example = { drawn: drawn(seed, SMALL), finding: lostFinding("frame 17 is lost"), run: null }
  const shrunkBy = (simulate: typeof runCluster) =>
    Effect.runSync(
      shrinkFinding(SMALL, example, { maxRuns: 400 }).pipe(Effect.provide(layerInProcess(simulate)))
    )

  it("has the fault that a lost run needs, with its end, and nothing else", () => {
    const small = shrunkBy((scenario, kernel, of) => {
      if (scenario.faults.some((fault) => fault.what === what)) throw new Error("frame 18 is lost")
      return madeUpResult({ kernel, seed: of, outcome: "completed", elapsedNs: 1e9, clients: ["client-1"] })
    })
    expect(small).toMatchObject({ finished: true, report: { signature: "fault of swaplab: frame # is lost" } })
    expect(small?.given.faults).toHaveLength(1)
    expect((small!.given.faults as ReadonlyArray<Mapping>)[0]).toMatchObject({
      what,
      at: "0 ns",
      for: expect.any(String)
    })
    expect(Object.keys(small!.given).toSorted()).toEqual(
      ["clients", "duration", "expect", "faults", "kernels", "name", "seeds"]
    )
  })

  it("is none where the run does not show it again, or shows something else", () => {
    expect(
      shrunkBy((_scenario, kernel, of) =>
        madeUpResult({ kernel, seed: of, outcome: "completed", elapsedNs: 1e9, clients: ["client-1"] })
      )
    ).toBe(null)
    expect(() =>
      shrunkBy(() => {
        throw new Error("page 18 is lost")
      })
    ).toThrow("page 18 is lost")
  })

  it("ends when its time is up, with what it has", () => {
    let asked = 0
    const small = Effect.runSync(
      shrinkFinding(SMALL, example, { maxRuns: 400, timeUp: () => ++asked > 3 }).pipe(
        Effect.provide(layerInProcess(() => {
          throw new Error("frame 18 is lost")
        }))
      )
    )
    expect(small).toMatchObject({ interrupted: true, finished: false, runs: 4 })
  })
})
