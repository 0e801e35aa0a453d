// The values of --set, --seed and --seeds.
import { type ConfigError, type Override, overrideOf, parseOverride } from "@swaplab/config"
import { Either } from "effect"
import { UsageError } from "./exit.ts"

/** What the options put over the scenario's file, in the order in which they count. */
export const overridesOf = ({ seed, seeds, set }: {
  readonly set: ReadonlyArray<string>
  readonly seed: number | undefined
  readonly seeds: number | undefined
}): Either.Either<ReadonlyArray<Override>, ConfigError | UsageError> =>
  Either.gen(function*() {
    const overrides: Array<Override> = []
    for (const text of set) overrides.push(yield* parseOverride("--set", text))
    if (seed !== undefined && seeds !== undefined) {
      return yield* Either.left(new UsageError({ message: "--seed and --seeds: expected one of the two" }))
    }
    if (seed !== undefined) overrides.push(overrideOf(`--seed ${seed}`, ["seeds"], [seed]))
    if (seeds !== undefined) overrides.push(overrideOf(`--seeds ${seeds}`, ["seeds"], seeds))
    return overrides
  })
