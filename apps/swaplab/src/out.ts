// The directory of --out.
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { writeFiles } from "@swaplab/experiment"
import { Effect } from "effect"
import { UsageError } from "./exit.ts"

const cannotWrite = (directory: string, error: PlatformError): UsageError =>
  new UsageError({ message: `--out ${directory}: cannot be written to: ${error.message}` })

/** What writes to the directory; that it cannot be written to is a matter of who has chosen it. */
export const writing = <A, R>(
  directory: string,
  effect: Effect.Effect<A, PlatformError, R>
): Effect.Effect<A, UsageError, R> => Effect.mapError(effect, (error) => cannotWrite(directory, error))

/** Writes files to the directory. */
export const writeOut = (directory: string, contents: Parameters<typeof writeFiles>[1]) =>
  writing(directory, writeFiles(directory, contents))

/** Makes the directory for results before hours are spent on them. */
export const prepareOut = (directory: string): Effect.Effect<void, UsageError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (yield* fs.exists(directory)) {
      const info = yield* fs.stat(directory)
      if (info.type !== "Directory") return yield* new UsageError({ message: `--out ${directory}: is no directory` })
    }
    yield* fs.makeDirectory(directory, { recursive: true })
    yield* fs.access(directory, { writable: true })
  }).pipe(Effect.mapError((error) => (error._tag === "UsageError" ? error : cannotWrite(directory, error))))
