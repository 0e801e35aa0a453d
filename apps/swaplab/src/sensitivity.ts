// swaplab sensitivity: which assumption matters?
import { loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { mistake } from "@swaplab/config"
import {
  CELL_FORM,
  cellOf,
  defaultMetrics,
  EXIT,
  jsonFile,
  LEAST_SEEDS,
  makeSensitivity,
  parseAxis,
  parseMetric,
  type Sensitivity,
  sensitivityJson,
  sensitivityOf
} from "@swaplab/experiment"
import { renderSensitivity, tornadoSvg } from "@swaplab/report"
import { Console, Effect } from "effect"
import type { Commands } from "./commands.ts"
import { ExitWith, tellFailures } from "./exit.ts"
import { keepRuns } from "./kept-runs.ts"
import type { Out } from "./out.ts"
import { overridesOf } from "./overrides.ts"
import { sheet } from "./screen.ts"

const finish = (result: Sensitivity, asJson: boolean, out: Out | null) =>
  Effect.gen(function*() {
    const data = sensitivityJson(result)
    yield* Console.log(asJson ? JSON.stringify(data) : renderSensitivity(result, sheet()).trimEnd())
    yield* tellFailures(result.failures)
    if (out !== null) {
      yield* out.write([
        ["sensitivity.json", jsonFile(data)],
        ["tornado.svg", tornadoSvg(result)],
        ["report.txt", renderSensitivity(result)]
      ])
    }
    const broken = result.runs.some(({ brokenLaws }) => brokenLaws.length > 0)
    if (broken || result.failures.length > 0) return yield* new ExitWith({ code: EXIT.ourFault })
    if (result.interrupted) return yield* new ExitWith({ code: EXIT.interrupted })
  })

/** `swaplab sensitivity`, with worker threads that start at `worker`. */
export const sensitivity = (flags: Values<Commands["sensitivity"]>, worker: URL) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(
      flags.file,
      yield* overridesOf({ set: flags.set, seed: undefined, seeds: undefined })
    )
    const kernels = Object.keys(loaded.scenario.kernels)
    const kernel = flags.kernel ?? kernels[0]
    if (!kernels.includes(kernel)) {
      return yield* mistake(`--kernel ${kernel}`, `no kernel of this scenario, expected one of ${kernels.join(", ")}`)
    }
    const plan = yield* makeSensitivity(loaded, {
      kernel,
      seeds: flags.seeds ?? LEAST_SEEDS,
      metric: flags.metric === undefined
        ? defaultMetrics(loaded)[0]
        : yield* parseMetric(flags.metric, loaded.workloads),
      vary: yield* Effect.forEach(flags.vary, (text) => parseAxis("--vary", text))
    })
    yield* keepRuns(
      worker,
      flags,
      {
        loaded,
        jobs: plan.jobs,
        reduce: (job, run) => cellOf(job.loaded.scenario, run, job.loaded.workloads),
        outcomeOf: ({ outcome }) => outcome,
        formOf: () => CELL_FORM
      },
      (results, out) => finish(sensitivityOf(plan, results), flags.json, out)
    )
  })
