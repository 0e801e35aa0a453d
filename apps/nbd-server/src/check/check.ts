// What `check` asks beyond the configuration itself: room on the disks, and whether it could listen where it should.
import { type ConfigError, formatProblem, mistakeAt, type Tree } from "@swaplab/config"
import { Effect } from "effect"
import type { Config } from "../config/schema.ts"
import { findingsOf, ROOM_RULES, WARNING_RULES } from "./host-rules.ts"
import { placeFindings } from "./places.ts"

/** Fails with every mistake, or returns warnings, a line each. */
export const checkHost = (config: Config, tree: Tree): Effect.Effect<ReadonlyArray<string>, ConfigError> =>
  Effect.gen(function*() {
    const mistakes = [...findingsOf(ROOM_RULES, config), ...yield* placeFindings(config)]
    if (mistakes.length > 0) return yield* mistakeAt(tree, ...mistakes)
    const warnings = findingsOf(WARNING_RULES, config)
    return warnings.length === 0 ? [] : mistakeAt(tree, ...warnings).problems.map(formatProblem)
  })
