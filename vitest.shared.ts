// What all tests have in common. `npm test` runs them in one process (vitest.config.ts); `npx vitest run` in the folder of a
// lib, an app or tools runs those of that folder.
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig, type ViteUserConfig } from "vitest/config"

/**
 * Settings for the tests that `include` names. Sources are used directly, not what was built of them. A thread keeps the
 * modules that it has loaded for all files that it runs (`isolate: false`), because loading them takes longer than most
 * tests: a test leaves no state in a module.
 */
export const testsOf = (name: string, include: ReadonlyArray<string>): ViteUserConfig => ({
  resolve: { conditions: ["@swaplab/source"] },
  ssr: { resolve: { conditions: ["@swaplab/source"] } },
  test: {
    name,
    include: [...include],
    watch: false,
    // runner.ts gives more time to files that start processes or simulate whole runs
    testTimeout: 30_000,
    hookTimeout: 30_000,
    runner: fileURLToPath(new URL("tools/src/runner.ts", import.meta.url)),
    setupFiles: fileURLToPath(new URL("tools/src/setup.ts", import.meta.url)),
    pool: "threads",
    isolate: false,
    minWorkers: 1,
    maxWorkers: availableParallelism(),
    passWithNoTests: false
  }
})

/** Settings of one workspace project. */
export const project = (name: string) => defineConfig(testsOf(name, ["test/**/*.test.ts"]))
