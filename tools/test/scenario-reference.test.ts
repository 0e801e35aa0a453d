// docs/reference/scenario.md says what the schema, the patches and the metrics say.
import { join } from "node:path"
import { expect, it } from "vitest"
import { type Metric, type Patch, REFERENCE, scenarioReference, undescribed } from "../src/scenario-reference.mjs"
import { read, root } from "../src/workspace.mjs"

const schema = JSON.parse(read("scenarios/scenario.schema.json")) as Record<string, unknown>

/** A module of a lib, from its source: the tools are no project that may import libs. */
const source = (path: string): Promise<Record<string, unknown>> => import(join(root, path))

it("is up to date (npx tsc -b && node tools/src/scenario-reference.mjs)", async () => {
  const patches = (await source("libs/kernel/src/patches/patches.ts"))["PATCHES"] as ReadonlyArray<Patch>
  const metrics = (await source("libs/cluster/src/run/metrics.ts"))["METRICS"] as Record<string, Metric>
  expect(read(REFERENCE)).toBe(scenarioReference({ schema, patches, metrics }))
})

it("describes every key", () => {
  expect(undescribed(schema)).toEqual([])
})
