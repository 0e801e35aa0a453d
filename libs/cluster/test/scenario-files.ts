// Scenario files in memory, for tests of the loader.
import { type LoadedScenario, loadScenario } from "@swaplab/cluster"
import { type ConfigError, type FileKind, Files, parseOverride } from "@swaplab/config"
import { Effect, Either, Layer } from "effect"
import { dirname, isAbsolute, join, normalize } from "node:path/posix"

export type Entry = string | FileKind

/** Texts are files; other entries are what `look` tells, and fail the test when they are read. */
export const filesInMemory = (entries: Readonly<Record<string, Entry>>): Layer.Layer<Files> =>
  Layer.succeed(Files, {
    look: (path) => {
      const entry = entries[path]
      if (entry === undefined) return Effect.succeed({ kind: "missing" as const })
      return Effect.succeed(typeof entry === "string" ? { kind: "file" as const, bytes: entry.length } : entry)
    },
    read: (path, limit) => {
      const entry = entries[path]
      return typeof entry === "string"
        ? Effect.succeed(new TextEncoder().encode(entry).subarray(0, limit))
        : Effect.die(new Error(`${path} must not be read`))
    },
    resolve: (from, relative) =>
      relative === "" ? normalize(from) : normalize(isAbsolute(relative) ? relative : join(dirname(from), relative))
  })

/** The least that a scenario has. */
export const MINIMAL = `
name: least
kernels:
  vanilla: { allocator: slab, base: v3.5 }
clients:
  - name: client
`

/** Loads the file s/x.yaml of these. */
export const load = (
  entries: Readonly<Record<string, Entry>>,
  sets: ReadonlyArray<string> = []
): Either.Either<LoadedScenario, ConfigError> => {
  const overrides = sets.map((text) => Either.getOrThrow(parseOverride("--set", text)))
  return Effect.runSync(Effect.either(Effect.provide(loadScenario("s/x.yaml", overrides), filesInMemory(entries))))
}

/** The scenario of a text. */
export const loaded = (text: string, sets: ReadonlyArray<string> = []): LoadedScenario =>
  Either.getOrThrowWith(load({ "s/x.yaml": text }, sets), (error) => error)

/** What a mistake is told as. */
export const messageOf = (result: Either.Either<LoadedScenario, ConfigError>): string =>
  Either.isLeft(result) ? result.left.message : "no error"

/** Without lines and columns, which the tests of libs/config and "with line and column" look at. */
export const wordsOf = (result: Either.Either<LoadedScenario, ConfigError>): string =>
  messageOf(result).replaceAll(/(\.yaml):\d+:\d+/g, "$1")

/** MINIMAL with more in its client group. */
export const withClient = (client: string): string => MINIMAL.replace("- name: client", `- { name: client, ${client} }`)
