// The directory that results are written to.
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Data, Effect } from "effect"
import { reasonOf } from "./reason.ts"

/** A directory that cannot be had; `reason` says why: `is a file, expected a directory`. */
export class NoFolder extends Data.TaggedError("NoFolder")<{ readonly path: string; readonly reason: string }> {}

const KINDS: { readonly [Type in FileSystem.File.Type]: string } = {
  File: "a file",
  Directory: "a directory",
  SymbolicLink: "a link",
  BlockDevice: "a device",
  CharacterDevice: "a device",
  FIFO: "a pipe",
  Socket: "a socket",
  Unknown: "something unknown"
}

const isMissing = (error: PlatformError): boolean => error._tag === "SystemError" && error.reason === "NotFound"

/**
 * Makes a directory and those above it that are missing, one after the other: what `mkdir -p` of Node does below /proc
 * never ends.
 */
export const makeFolder = (path: string): Effect.Effect<void, NoFolder, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const { dirname } = yield* Path.Path
    const fail = (reason: string) => new NoFolder({ path, reason })
    const found = yield* Effect.either(fs.stat(path))
    if (found._tag === "Right") {
      const { type } = found.right
      if (type === "Directory") return
      return yield* fail(`is ${KINDS[type]}, expected a directory`)
    }
    if (!isMissing(found.left)) return yield* fail(`cannot be looked at: ${reasonOf(found.left)}`)
    const target = yield* Effect.option(fs.readLink(path))
    if (target._tag === "Some") return yield* fail(`is a link to ${target.value}, which does not exist`)
    const above = dirname(path)
    if (above !== path) yield* makeFolder(above)
    yield* Effect.mapError(fs.makeDirectory(path), (error) =>
      // the directory above is there
      fail(`cannot be made: ${isMissing(error) ? "nothing can be made in the directory above it" : reasonOf(error)}`))
  })
