// swaplab ablate: kernels by patch.
import { Command, Options } from "@effect/cli"
import { loadScenario } from "@swaplab/cluster"
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
import { Console, Effect, Option } from "effect"
import { runCells } from "./cells.ts"
import { ExitWith, tellFailures } from "./exit.ts"
import type { Flags } from "./options-first.ts"
import { file, fresh, json, seed, seeds, set, text, texts, workers } from "./options.ts"
import { writeOut } from "./out.ts"
import { overridesOf } from "./run.ts"
import { sheet } from "./screen.ts"

/** Options of `ablate` once more, as words. */
export const ABLATE_FLAGS: Flags = {
  withValue: ["--seed", "--seeds", "--allocator", "--patch", "--base", "--vanilla", "--set", "--out", "--workers"],
  alone: ["--plus", "--json", "--fresh"]
}

const options = {
  file,
  seed,
  seeds,
  allocator: texts("allocator", "slab or slub. Without it, those of the scenario's kernels. Any number of times."),
  patch: texts("patch", "Only this patch. Without it, the sixteen of the series. Any number of times."),
  base: text("base", "What each patch is taken out of. Without it: v3.6."),
  vanilla: text("vanilla", "The kernel without the patches. Without it: v3.5."),
  plus: Options.boolean("plus").pipe(Options.withDescription("Also puts each patch alone on the vanilla kernel.")),
  set,
  json,
  out: text("out", "Writes ablation.json, ablation.csv and report.txt there, and each run as soon as it is over."),
  fresh,
  workers
}

const finish = (result: AblationResult, asJson: boolean, out: Option.Option<string>) =>
  Effect.gen(function*() {
    const data = ablationJson(result)
    yield* Console.log(asJson ? JSON.stringify(data) : renderAblation(result, sheet()).trimEnd())
    yield* tellFailures(result.failures)
    if (out._tag === "Some") {
      yield* writeOut(out.value, [
        ["ablation.json", jsonFile(data)],
        ["ablation.csv", ablationCsv(result)],
        ["report.txt", renderAblation(result)]
      ])
    }
    const code = cellsExitCode(result.runs, result.failures, result.interrupted)
    if (code !== EXIT.ok) return yield* new ExitWith({ code })
  })

/** The sub-command; `worker` is the module that worker threads start with. */
export const ablate = (worker: URL) =>
  Command.make("ablate", options, (flags) =>
    Effect.gen(function*() {
      const loaded = yield* loadScenario(flags.file, yield* overridesOf(flags))
      const plan = yield* makeAblation(loaded, {
        allocators: flags.allocator,
        patches: flags.patch,
        base: Option.getOrElse(flags.base, () => "v3.6"),
        vanilla: Option.getOrElse(flags.vanilla, () => "v3.5"),
        plus: flags.plus
      })
      yield* runCells(
        worker,
        flags,
        loaded,
        plan.jobs,
        (results) => finish(concludeAblation(plan, results), flags.json, flags.out)
      )
    })).pipe(
      Command.withDescription("Takes each patch out of a kernel: which of them does a load need, and which do nothing?")
    )
