// docs/reference/scenario.md says what the schema, the patches and the metrics say.
import { join } from "node:path"
import { expect, it } from "vitest"
import {
  BUILT,
  type Distribution,
  type Fault,
  type Metric,
  type Patch,
  REFERENCE,
  scenarioReference,
  undescribed
} from "../src/scenario-reference.mjs"
import { read, root } from "../src/workspace.mjs"

const schema = JSON.parse(read("scenarios/scenario.schema.json")) as Record<string, unknown>

/** The source of a built module of a lib: the tools are no project that may import libs. */
const source = (built: string): Promise<Record<string, unknown>> =>
  import(join(root, built.replace("/dist/", "/src/").replace(/\.js$/, ".ts")))

it("is up to date (npx tsc -b && node tools/src/scenario-reference.mjs)", async () => {
  const patches = (await source(BUILT.patches))["PATCHES"] as ReadonlyArray<Patch>
  const metrics = (await source(BUILT.metrics))["metricsOf"] as () => Record<string, Metric>
  const distributions = (await source(BUILT.distributions))["DISTRIBUTIONS"] as Record<string, Distribution>
  const faults = (await source(BUILT.faults))["FAULTS"] as Record<string, Fault>
  expect(read(REFERENCE)).toBe(scenarioReference({ distributions, faults, schema, patches, metrics: metrics() }))
})

it("describes every key", () => {
  expect(undescribed(schema)).toEqual([])
})
