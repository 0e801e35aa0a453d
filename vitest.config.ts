// All tests of the workspace, as `npm test` runs them.
import { defineConfig, mergeConfig } from "vitest/config"
import { LongestFirst } from "./tools/src/longest-first.ts"
import { workspaces } from "./tools/src/workspace.mjs"
import { testsOf } from "./vitest.shared.ts"

const all = testsOf("swaplab", workspaces().map(({ folder }) => `${folder}/test/**/*.test.ts`))

export default defineConfig(mergeConfig(all, {
  test: {
    globalSetup: "apps/swaplab/test/fake/setup.ts",
    reporters: ["default", "json"],
    outputFile: { json: "test-results.json" },
    sequence: { sequencer: LongestFirst }
  }
}))
