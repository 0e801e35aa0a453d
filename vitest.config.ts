// All tests of the workspace, as `npm test` runs them.
import { defineConfig, mergeConfig } from "vitest/config"
import { LongestFirst } from "./tools/src/longest-first.ts"
import { workspaces } from "./tools/src/workspace.mjs"
import { testsOf } from "./vitest.shared.ts"

const all = testsOf("swaplab", workspaces().map(({ folder }) => `${folder}/test/**/*.test.ts`))

export default defineConfig(mergeConfig(all, {
  test: {
    reporters: ["default", "json"],
    outputFile: { json: "test-results.json" },
    sequence: { sequencer: LongestFirst },
    // on a machine that is busy enough, word of a test comes later than the minute that vitest waits for it. A test of which
    // no word came at all is a failure in tools/src/results.mjs
    onUnhandledError: ({ message }) => !message?.startsWith("[vitest-worker]: Timeout calling \"onTaskUpdate\"")
  }
}))
