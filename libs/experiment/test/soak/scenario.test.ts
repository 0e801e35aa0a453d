import { DRAWN_KERNEL, drawScenario } from "#src/soak/draw-scenario.ts"
import { loadSoak } from "#src/soak/soak-file.ts"
import { runsFor } from "#src/soak/soak.ts"
import { layerFiles } from "@swaplab/config"
import { Effect, Either } from "effect"
import fs from "node:fs"
import path, { join } from "node:path"
import { expect, it } from "vitest"

const scenarios = join(import.meta.dirname, "../../../../scenarios")
const load = (name: string) =>
  Effect.runPromise(Effect.either(loadSoak(join(scenarios, name)).pipe(Effect.provide(layerFiles(fs, path)))))

it("a scenario is run with one seed after the other, with its kernel and without expectations", async () => {
  const plan = Either.getOrThrow(await load("soak-week.yaml"))
  const [first, second] = [1, 2].map((seed) => Either.getOrThrow(drawScenario(plan, seed)))
  expect(first.loaded.scenario.seeds).toEqual([1])
  expect({ ...second.given, seeds: [1] }).toEqual(first.given)
  expect(Object.keys(first.loaded.scenario.kernels)).toEqual([DRAWN_KERNEL])
  // 40 clients for 168 hours are 6,720 client-hours
  expect(runsFor(10_000, first.loaded.scenario)).toBe(2)
  expect(runsFor(6720, first.loaded.scenario)).toBe(1)
})

it("a scenario with several kernels is refused", async () => {
  const found = await load("seed-2012.yaml")
  expect(Either.isLeft(found) && found.left.message).toMatch(
    /seed-2012\.yaml: kernels: a soak test runs a scenario with one/
  )
})
