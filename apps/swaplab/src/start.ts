// Starts a command of the table: loads what it needs, runs it as the main fiber, and ends with its exit code.
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type { WorkerError } from "@effect/platform/WorkerError"
import type { Called, Values } from "@swaplab/command"
import { type ConfigError, type Files, layerFiles } from "@swaplab/config"
import { EXIT } from "@swaplab/experiment"
import { Cause, Console, Effect, Layer, Option } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Commands } from "./commands.ts"
import { ExitWith, teardown, type UsageError } from "./exit.ts"

/** What a command is run with. */
type Run<Name extends keyof Commands> = (
  values: Values<Commands[Name]>,
  worker: URL
) => Effect.Effect<
  void,
  ConfigError | UsageError | WorkerError | ExitWith,
  FileSystem.FileSystem | Path.Path | Files
>

type Started = Exclude<keyof Commands, "completions">

/** Where each command is. */
const COMMANDS: { readonly [Name in Started]: () => Promise<Run<Name>> } = {
  run: async () => (await import("./run.ts")).run,
  serve: async () => (await import("./serve.ts")).serve,
  ablate: async () => (await import("./ablate.ts")).ablate,
  map: async () => (await import("./map.ts")).map,
  compare: async () => (await import("./compare.ts")).compare,
  sensitivity: async () => (await import("./sensitivity.ts")).sensitivity,
  sweep: async () => (await import("./sweep.ts")).sweep,
  capacity: async () => (await import("./capacity.ts")).capacity,
  worker: async () => (await import("./many-machines/worker.ts")).workFor,
  load: async () => (await import("./load/load.ts")).load,
  soak: async () => (await import("./soak.ts")).soak,
  "check-determinism": async () => (await import("./determinism.ts")).checkDeterminism,
  replay: async () => (await import("./replay.ts")).replay,
  why: async () => (await import("./why.ts")).why,
  shrink: async () => (await import("./shrink.ts")).shrink,
  proc: async () => (await import("./proc.ts")).proc,
  import: async () => (await import("./import.ts")).importFiles,
  export: async () => (await import("./export.ts")).exportTo,
  validate: async () => (await import("./validate.ts")).validate,
  patches: async () => (await import("./patches.ts")).patches,
  schema: async () => (await import("./validate.ts")).schema
}

const layer = Layer.mergeAll(layerFiles(fs, path), NodeFileSystem.layer, NodePath.layer)

const say = (message: string, code: number) =>
  Effect.zipRight(Console.error(`swaplab: ${message}`), new ExitWith({ code }))

/** A command with all that it says: it fails with the exit code where that is not 0. */
export const programOf = async <Name extends Started>(
  called: Called<Commands, Name>,
  worker: URL
): Promise<Effect.Effect<void, ExitWith>> => {
  const load: () => Promise<Run<Name>> = COMMANDS[called.command]
  const run = await load()
  return run(called.values, worker).pipe(
    Effect.catchTags({
      ConfigError: (error) => Effect.zipRight(Console.error(error.message), new ExitWith({ code: EXIT.userError })),
      UsageError: (error) => say(error.message, EXIT.userError)
    }),
    Effect.catchAllCause((cause) => {
      const failure = Option.getOrUndefined(Cause.failureOption(cause))
      if (failure instanceof ExitWith) return failure
      if (Cause.isInterruptedOnly(cause)) return new ExitWith({ code: EXIT.interrupted })
      return say(`a fault of swaplab: ${Cause.pretty(cause)}`, EXIT.ourFault)
    }),
    Effect.provide(layer)
  )
}

/** Runs a command; the process ends with its exit code. */
export const start = async <Name extends Started>(called: Called<Commands, Name>, worker: URL): Promise<void> =>
  NodeRuntime.runMain(await programOf(called, worker), { disableErrorReporting: true, teardown })
