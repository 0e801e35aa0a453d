// What somebody does by hand to a run, as entries of the scenario's fault script. The run is run again with them from its start, so
// that what was done can be saved, and comes out the same.
import { type LoadedScenario, withOverrides } from "@swaplab/cluster"
import { type ConfigError, overrideOf, toYaml } from "@swaplab/config"
import { Either } from "effect"

/** One entry: `{ what: "down", where: "client-2", at: "1.5 s", for: "2 s" }`. */
export type Act = Readonly<Record<string, string | number>>

/** A scenario with more faults. */
export const withActs = (
  loaded: LoadedScenario,
  acts: ReadonlyArray<Act>
): Either.Either<LoadedScenario, ConfigError> => {
  if (acts.length === 0) return Either.right(loaded)
  const own = loaded.given["faults"]
  const faults = [...(Array.isArray(own) ? own : []), ...acts]
  return withOverrides(loaded, [overrideOf("by hand", ["faults"], faults)])
}

/** The scenario as a file that runs by itself: includes are in it. */
export const asFile = ({ given }: LoadedScenario): string => toYaml(given)
