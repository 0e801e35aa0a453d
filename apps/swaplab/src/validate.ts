// swaplab validate and swaplab schema: what can be said of scenarios without running any.
import { clientsOf, loadScenario, scenarioJsonSchema } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { formatProblem } from "@swaplab/config"
import { makePlan } from "@swaplab/experiment"
import { drawText, item, section } from "@swaplab/report"
import { Console, Effect } from "effect"
import type { Commands } from "./commands.ts"
import { overridesOf } from "./overrides.ts"
import { sheet } from "./screen.ts"

/** Checks a scenario. */
export const validate = ({ file, set }: Values<Commands["validate"]>) =>
  Effect.gen(function*() {
    const loaded = yield* loadScenario(file, yield* overridesOf({ set, seed: undefined, seeds: undefined }))
    // a map can be wrong in its values only
    yield* makePlan(loaded)
    const { scenario, warnings } = loaded
    const kernels = Object.keys(scenario.kernels)
    const clients = clientsOf(scenario, kernels[0]).length
    const lines = [
      item(`${file}: valid; kernels: ${kernels.length}, seeds: ${scenario.seeds.length}, clients: ${clients}`, "good"),
      ...warnings.map((warning) => item(`warning: ${formatProblem(warning)}`, "warn"))
    ]
    yield* Console.log(drawText(section(null, lines), sheet()).trimEnd())
  })

/** Prints the JSON Schema. */
export const schema = () => Console.log(JSON.stringify(scenarioJsonSchema(), null, 2))
