// Runs test files. It gives more time to those whose tests start processes, simulate whole runs or try many random cases;
// any other test ends within the 30 s of vitest.shared.ts, however busy the machine is.
import { readFileSync } from "node:fs"
import { relative } from "node:path"
import type { File, SerializedConfig } from "vitest"
import { VitestTestRunner } from "vitest/runners"
import { root } from "./workspace.mjs"

const MINUTE = 60_000

/** Files whose tests start processes or simulate whole runs: ten minutes a test. */
const LONG = [
  /^(apps|e2e|tools)\//,
  /^libs\/(cluster|experiment|kernel|report|workload)\//,
  /^libs\/(nbd|nbd-driver|server-model)\//,
  /^libs\/sim\/test\/(random|run)\./,
  /^libs\/tcp\/test\/life\./,
  /^libs\/vmscan\/test\/(kswapd|life)\./
]

/** What a file imports whose tests try many random cases: ten minutes a test, too. */
const RANDOM_CASES = "from \"fast-check\""

export default class Runner extends VitestTestRunner {
  readonly #limits: Pick<SerializedConfig, "hookTimeout" | "testTimeout">

  constructor(config: SerializedConfig) {
    super(config)
    this.#limits = { testTimeout: config.testTimeout, hookTimeout: config.hookTimeout }
  }

  // a thread that keeps its modules runs setup files once, so the limits are set here
  override onCollectStart(file: File): void {
    super.onCollectStart(file)
    const path = relative(root, file.filepath)
    const long = LONG.some((pattern) => pattern.test(path)) ||
      readFileSync(file.filepath, "utf8").includes(RANDOM_CASES)
    Object.assign(this.config, long ? { testTimeout: 10 * MINUTE, hookTimeout: 10 * MINUTE } : this.#limits)
  }
}
