// The directory of --out.
import * as FileSystem from "@effect/platform/FileSystem"
import { Effect } from "effect"
import { UsageError } from "./exit.ts"

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
  }).pipe(
    Effect.mapError((error) =>
      error._tag === "UsageError"
        ? error
        : new UsageError({ message: `--out ${directory}: cannot be written to: ${error.message}` })
    )
  )
