// What soak tests have found, each kept as the scenario that was drawn.
import { DRAWN_KERNEL } from "#src/soak/draw-scenario.ts"
import { decodeScenario, runCluster } from "@swaplab/cluster"
import { type Mapping, parseYaml, plainOf } from "@swaplab/config"
import { Effect, Either } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"

const folder = join(import.meta.dirname, "../../../../scenarios/regressions")
const EXPECTED = { what: "a scenario", top: "a scenario" }

it.each(readdirSync(folder))("%s keeps every law and every invariant", (name) => {
  const text = readFileSync(join(folder, name), "utf8")
  expect(text).toMatch(/^# /)
  const given = plainOf(Effect.runSync(parseYaml(name, text, EXPECTED))) as Mapping
  const { scenario } = Either.getOrThrow(decodeScenario(name, given))
  const run = runCluster(scenario, DRAWN_KERNEL, scenario.seeds[0], {
    progress: () => {},
    shouldStop: () => false,
    cpuSeconds: () => 0,
    checked: true
  })
  expect(run.laws.filter(({ holds }) => !holds)).toEqual([])
})
