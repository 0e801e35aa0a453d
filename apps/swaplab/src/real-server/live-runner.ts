// Runs simulations in this thread, one after the other, each in the time of the host and against a real server.
import { fellBehind, type Scenario } from "@swaplab/cluster"
import { packResult, RunFailure, Runner, unpackResult } from "@swaplab/experiment"
import { Effect, Layer } from "effect"
import { threadCpuSeconds } from "../cpu-time.ts"
import type { Control } from "./control.ts"
import type { NbdUri } from "./nbd-uri.ts"
import { pacedRun } from "./paced-run.ts"
import { type Place, placesOf } from "./real-server.ts"
import { ScenarioFaults } from "./scenario-faults.ts"
import { swapOf } from "./swap-of.ts"
import { warmUp } from "./warm-up.ts"

/** Where the swap of each client of a scenario lies. */
export const placesIn = (uri: NbdUri, scenario: Scenario, kernel: string): ReadonlyArray<Place> =>
  placesOf(uri, swapOf(scenario, kernel))

/** Told of a run that could not keep up; the run is lost then. */
export type OnBehind = (why: string) => void

/**
 * What runs the jobs of a command against the server. With `onBehind` a run that could not keep up is no result. `control` makes the
 * faults that the scenario has for its server.
 */
export const layerLive = (
  uri: NbdUri,
  onBehind: OnBehind | null = null,
  control: Control | null = null
): Layer.Layer<Runner> => {
  let warm: Promise<void> | null = null
  return Layer.succeed(Runner, {
    size: 1,
    run: (job, board) =>
      Effect.tryPromise({
        try: async () => {
          const { kernel, loaded: { scenario, workloads }, seed } = job
          const spentBefore = threadCpuSeconds()
          const hooks = {
            ...board.hooks(job.id),
            cpuSeconds: () => threadCpuSeconds() - spentBefore,
            checked: job.checked === true
          }
          await (warm ??= warmUp(scenario, kernel, seed, { workloads }))
          const places = placesIn(uri, scenario, kernel)
          const exports = [...new Set(places.map(({ name }) => name))]
          const faults = control === null ? null : new ScenarioFaults(control, exports)
          const run = await pacedRun(scenario, kernel, seed, hooks, uri, places, { workloads }, undefined, faults)
          const behind = onBehind === null ? null : fellBehind(run)
          if (behind === null) return run
          onBehind?.(behind)
          throw new Error(`not judged: ${behind}`)
        },
        catch: (error) =>
          new RunFailure({
            kernel: job.kernel,
            seed: job.seed,
            reason: error instanceof Error ? error.message : String(error),
            stack: error instanceof Error ? (error.stack ?? "") : ""
          })
      }).pipe(Effect.map((result) => unpackResult(packResult(result))))
  })
}
