import { defineConfig } from "vitest/config"

/** Test settings of one workspace project: sources are used directly, results are also written as JSON to be counted. */
export const project = (name: string) =>
  defineConfig({
    resolve: { conditions: ["@swaplab/source"] },
    ssr: { resolve: { conditions: ["@swaplab/source"] } },
    test: {
      name,
      include: ["test/**/*.test.ts"],
      watch: false,
      testTimeout: 600_000,
      pool: "forks",
      reporters: ["default", "json"],
      outputFile: { json: "test-results.json" },
      passWithNoTests: false
    }
  })
