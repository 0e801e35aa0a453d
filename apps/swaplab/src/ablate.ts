// swaplab ablate: kernels by patch.
import { loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import {
  ablationCsv,
  ablationJson,
  type AblationResult,
  cellsExitCode,
  concludeAblation,
  EXIT,
  jsonFile,
  makeAblation
} from "@swaplab/experiment"
import { renderAblation } from "@swaplab/report"
import { Console, Effect } from "effect"
import { runCells } from "./cells.ts"
import type { Commands } from "./commands.ts"
import { ExitWith, tellFailures } from "./exit.ts"
import { writeOut } from "./out.ts"
import { overridesOf } from "./overrides.ts"
import { sheet } from "./screen.ts"

const finish = (result: AblationResult, asJson: boolean, out: string | undefined) =>
  Effect.gen(function*() {
    const data = ablationJson(result)
    yield* Console.log(asJson ? JSON.stringify(data) : renderAblation(result, sheet()).trimEnd())
    yield* tellFailures(result.failures)
    if (out !== undefined) {
      yield* writeOut(out, [
        ["ablation.json", jsonFile(data)],
        ["ablation.csv", ablationCsv(result)],
        ["report.txt", renderAblation(result)]
      ])
    }
    const code = cellsExitCode(result.runs, result.failures, result.interrupted)
    if (code !== EXIT.ok) return yield* new ExitWith({ code })
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
    yield* runCells(
      worker,
      flags,
      loaded,
      plan.jobs,
      (results) => finish(concludeAblation(plan, results), flags.json, flags.out)
    )
  })
