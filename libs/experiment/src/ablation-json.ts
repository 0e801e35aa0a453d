// ablation.json and ablation.csv: what an ablation has measured, for other programs.
import { scenarioSchema } from "@swaplab/cluster"
import { Schema } from "effect"
import type { AblationResult } from "./ablation-result.ts"
import { cellsCsv } from "./cells-csv.ts"
import { failuresJson } from "./protocol.ts"

/** Grows by one with every change that breaks a reader. */
const ABLATION_FORMAT = 1

/** The content of ablation.json. */
export const ablationJson = (result: AblationResult): object => {
  const { failures, findings, interrupted, plan, runs, summaries } = result
  return {
    format: ABLATION_FORMAT,
    file: plan.loaded.file,
    scenario: Schema.encodeSync(scenarioSchema(plan.loaded.workloads))(plan.loaded.scenario),
    base: plan.base,
    vanilla: plan.vanilla,
    seeds: plan.seeds,
    interrupted,
    kernels: summaries.map(({ variant, ...summary }) => ({ ...variant, ...summary })),
    patches: findings.map(({ alone, allocator, number, patch, without }) => ({
      allocator,
      number,
      patch,
      ...Object.fromEntries(
        Object.entries({ without, alone }).map(([name, effect]) => [
          name,
          effect === null ? null : {
            verdict: effect.verdict,
            kernel: effect.changed.variant.kernel,
            reference: effect.reference.variant.kernel,
            seeds: effect.seeds,
            equal: effect.equal,
            elapsedDifference: effect.elapsedDifference
          }
        ])
      )
    })),
    runs,
    failures: failuresJson(failures)
  }
}

/** The content of ablation.csv: a line a run. */
export const ablationCsv = ({ plan, runs }: AblationResult): string => {
  const variants = new Map(plan.variants.map((variant) => [variant.kernel, variant]))
  return cellsCsv(
    ["allocator", "change", "patch"],
    runs.flatMap((run) => {
      const variant = variants.get(run.kernel)
      return variant === undefined ? [] : [[[variant.allocator, variant.change, variant.patch], run] as const]
    })
  )
}
