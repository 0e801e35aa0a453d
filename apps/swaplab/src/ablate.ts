// swaplab ablate: kernels by patch.
import { loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import {
  ablationCsv,
  ablationJson,
  type AblationResult,
  CELL_FORM,
  cellOf,
  concludeAblation,
  EXIT,
  jsonFile,
  judgeRuns,
  makeAblation
} from "@swaplab/experiment"
import { renderAblation } from "@swaplab/report"
import { Console, Effect } from "effect"
import type { Commands } from "./commands.ts"
import { ExitWith, tellFailures } from "./exit.ts"
import { keepRuns } from "./kept-runs.ts"
import type { Out } from "./out.ts"
import { overridesOf } from "./overrides.ts"
import { sheet } from "./screen.ts"

const finish = (result: AblationResult, asJson: boolean, out: Out | null) =>
  Effect.gen(function*() {
    const data = ablationJson(result)
    yield* Console.log(asJson ? JSON.stringify(data) : renderAblation(result, sheet()).trimEnd())
    yield* tellFailures(result.failures)
    if (out !== null) {
      yield* out.write([
        ["ablation.json", jsonFile(data)],
        ["ablation.csv", ablationCsv(result)],
        ["report.txt", renderAblation(result)]
      ])
    }
    const { exitCode } = judgeRuns(result.plan.loaded.scenario, result.runs, result)
    if (exitCode !== EXIT.ok) return yield* new ExitWith({ code: exitCode })
  })

/** `swaplab ablate`, with worker threads that start at `worker`. */
export const ablate = (flags: Values<Commands["ablate"]>, worker: URL) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(flags.file, yield* overridesOf(flags))
    const plan = yield* makeAblation(loaded, {
      allocators: flags.allocator,
      patches: flags.patch,
      base: flags.base ?? "v3.6",
      vanilla: flags.vanilla ?? "v3.5",
      plus: flags.plus
    })
    yield* keepRuns(
      worker,
      flags,
      {
        loaded,
        jobs: plan.jobs,
        reduce: (job, run) => cellOf(job.loaded.scenario, run),
        outcomeOf: ({ outcome }) => outcome,
        formOf: () => CELL_FORM
      },
      (results, out) => finish(concludeAblation(plan, results), flags.json, out)
    )
  })
