// Runs test files. It gives more time to those whose tests start processes, simulate whole runs or try many random cases;
// any other test ends within the 30 s of vitest.shared.ts, however busy the machine is.
import { relative } from "node:path"
import type { File, SerializedConfig } from "vitest"
import { VitestTestRunner } from "vitest/runners"
import { root } from "./workspace.mjs"

const MINUTE = 60_000

/** Files that may take ten minutes a test. */
const LONG = [
  /^(apps|e2e|tools)\//,
  /^libs\/(cluster|experiment|kernel|report|workload)\//,
  /^libs\/(nbd|nbd-driver|server-model)\//,
  /^libs\/net-skb\/test\/nic\./,
  /^libs\/page-alloc\/test\/buddy\./,
  /^libs\/sim\/test\/(random|run)\./,
  /^libs\/(slab|slub)\/test\/(integration|random)\./,
  /^libs\/swap\/test\/(cache|life|swap-map)\./,
  /^libs\/tcp\/test\/(bulk|life)\./,
  /^libs\/vmscan\/test\/(conservation|kswapd|life)\./
]

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
    const long = LONG.some((pattern) => pattern.test(path))
    Object.assign(this.config, long ? { testTimeout: 10 * MINUTE, hookTimeout: 10 * MINUTE } : this.#limits)
  }
}
