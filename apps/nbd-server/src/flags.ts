// The configuration that the flags of a command line give, alone or over a file.
import type { Values } from "@swaplab/command"
import { type ConfigError, type Override, overrideOf, type Path } from "@swaplab/config"
import { Effect } from "effect"
import type { Commands } from "./commands.ts"
import { configOfFlags, loadConfig, type Located } from "./config/load.ts"
import type { Config } from "./config/schema.ts"
import { UserError } from "./exit.ts"

type Flags = Values<Commands["check"]>

/** The values of flags, each where a file would have it. */
const overridesOf = ({ directory, file, listen, memory, metrics, readOnly, swap }: Flags): ReadonlyArray<Override> => {
  const one = (flag: string, value: string | undefined, path: Path): ReadonlyArray<Override> =>
    value === undefined ? [] : [overrideOf(`--${flag} ${value}`, path, value)]
  return [
    ...(listen.length === 0
      ? []
      : [overrideOf(listen.map((place) => `--listen ${place}`).join(" "), ["listen"], listen)]),
    ...one("metrics", metrics, ["metrics"]),
    ...one("memory", memory, ["exports", "memory", "memory"]),
    ...one("file", file, ["exports", "file", "file"]),
    ...(readOnly ? [overrideOf("--read-only", ["exports", "file", "readOnly"], true)] : []),
    ...one("swap", swap, ["swap", "swap-*", "size"]),
    ...(directory === undefined ? [] : [overrideOf("--directory", ["swap", "swap-*", "store"], "file")]),
    ...one("directory", directory, ["swap", "swap-*", "directory"])
  ]
}

/**
 * The configuration of a file, or of flags; where to listen and the probes may be put over a file's. The tree tells where each
 * value was written.
 */
export const configAndTreeOf = (given: Flags): Effect.Effect<Located, UserError | ConfigError> => {
  const { config, directory, file, memory, readOnly, swap } = given
  const asFlags = [swap, directory, memory, file].some((value) => value !== undefined) || readOnly
  if (config !== undefined) {
    return asFlags
      ? new UserError({ message: "--config: expected no --swap, --directory, --memory, --file or --read-only with it" })
      : loadConfig(config, overridesOf(given))
  }
  if (!asFlags) return new UserError({ message: "nothing to serve: expected --config, --swap, --memory or --file" })
  if (readOnly && file === undefined) return new UserError({ message: "--read-only: expected --file with it" })
  if (directory !== undefined && swap === undefined) {
    return new UserError({ message: "--directory: expected --swap with it" })
  }
  return configOfFlags(overridesOf(given))
}

/** The configuration alone. */
export const configOf = (given: Flags): Effect.Effect<Config, UserError | ConfigError> =>
  Effect.map(configAndTreeOf(given), ({ config }) => config)
