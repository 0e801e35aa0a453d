// Reads a configuration: YAML, values of flags over it, schema, rules. Every mistake is found at once, with line and column.
import {
  applyOverrides,
  ConfigError,
  decodeTree,
  emptyMapping,
  type Expected,
  Files,
  layerFiles,
  type Mapping,
  mistake,
  type Override,
  parseYaml,
  readYaml,
  type Tree,
  treeOf,
  wholeOf
} from "@swaplab/config"
import { Effect, Either } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { HOST_RULES } from "../check/host-rules.ts"
import { RULES } from "./rules.ts"
import { Config } from "./schema.ts"

/** More is no configuration. */
const MAX_BYTES = 2 ** 20

const EXPECTED: Expected = { what: "a configuration", top: "a configuration: a mapping with exports or swap" }

/** Checks a configuration that is plain data. `source` names it in messages. */
export const decodeConfig = (source: string, value: Mapping): Either.Either<Config, ConfigError> =>
  decodeTree(Config, RULES, treeOf(value, source))

/** Checks the text of a configuration file. */
export const decodeYaml = (source: string, text: string): Either.Either<Config, ConfigError> =>
  Either.flatMap(parseYaml(source, text, EXPECTED), (tree) => decodeTree(Config, RULES, tree))

/** A configuration, and where each of its values was written. */
export interface Located {
  readonly config: Config
  readonly tree: Tree
}

/** Schema and rules, and those of the machine: files that must be there. */
const located = (tree: Tree): Either.Either<Located, ConfigError> =>
  Either.map(decodeTree(Config, [...RULES, ...HOST_RULES], tree), (config) => ({ config, tree }))

/** The configuration of flags alone. */
export const configOfFlags = (flags: ReadonlyArray<Override>): Either.Either<Located, ConfigError> =>
  Either.flatMap(applyOverrides(emptyMapping(wholeOf("flags")), flags), located)

/** Fails for a pipe, which has been read to its end: a reload would wait for a writer, or find nothing. */
export const onlyFiles = (file: string): Effect.Effect<void, ConfigError> =>
  Effect.flatMap(Files, ({ look }) => look(file)).pipe(
    Effect.flatMap(({ kind }) =>
      kind === "stream" ? mistake(file, "is a pipe and can be read once, expected a file to reload") : Effect.void
    ),
    Effect.provide(layerFiles(fs, path))
  )

/** Reads a configuration file, and puts flags over it. */
export const loadConfig = (file: string, flags: ReadonlyArray<Override> = []): Effect.Effect<Located, ConfigError> =>
  readYaml(file, EXPECTED, MAX_BYTES).pipe(
    Effect.flatMap((tree) => applyOverrides(tree, flags)),
    Effect.flatMap(located),
    Effect.provide(layerFiles(fs, path))
  )
