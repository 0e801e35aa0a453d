// The directory of --out: made and locked before hours are spent on its content, and written to in the end.
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import { EXIT, makeFolder, reasonOf, writeFiles } from "@swaplab/experiment"
import { Console, Effect } from "effect"
import { join } from "node:path"
import { ExitWith, UsageError } from "./exit.ts"
import { type Holder, tryLock, unlock } from "./lock.ts"

const LOCK = ".swaplab.lock"

/** A directory that this process writes to, and no other. */
export class Out {
  readonly directory: string
  #told = false

  constructor(directory: string) {
    this.directory = directory
  }

  /** Tells that something could not be written there, once: the first reason is the one to do something about. */
  tell(error: PlatformError): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#told) return Effect.void
      this.#told = true
      return Console.error(`swaplab: ${cannotWrite(this.directory, reasonOf(error))}`)
    })
  }

  /** Writes files there; where that fails, it is told and the command ends with the code of a mistake. */
  write(
    contents: Parameters<typeof writeFiles>[1]
  ): Effect.Effect<void, ExitWith, FileSystem.FileSystem | Path.Path> {
    return writeFiles(this.directory, contents).pipe(
      Effect.catchAll((error) => Effect.zipRight(this.tell(error), new ExitWith({ code: EXIT.userError })))
    )
  }
}

const cannotWrite = (directory: string, reason: string): string => `--out ${directory}: cannot be written to: ${reason}`

const nameOf = ({ command, host, pid, since }: Holder): string =>
  `process ${pid} on ${host} since ${since.slice(0, 19).replace("T", " ")} UTC (${command})`

/** Takes the lock of the directory. */
const lock = (directory: string, path: string): Effect.Effect<void, UsageError> =>
  Effect.gen(function*() {
    const taken = yield* Effect.try({
      try: () => tryLock(path),
      catch: (cause) =>
        new UsageError({
          message: cannotWrite(
            directory,
            reasonOf({ _tag: "BadArgument", message: String(cause), cause } as PlatformError)
          )
        })
    })
    if ("heldBy" in taken) {
      return yield* new UsageError({
        message: `--out ${directory}: is in use by ${
          nameOf(taken.heldBy)
        }, expected a directory of its own for each command`
      })
    }
    if (taken.takenFrom !== null && taken.takenFrom.pid !== 0) {
      yield* Console.error(
        `swaplab: --out ${directory}: was left by ${nameOf(taken.takenFrom)}, which has died; goes on`
      )
    }
  })

/** Makes and locks the directory, for as long as `use` goes on; without one, `use` gets null. */
export const withOut = <A, E, R>(
  directory: string | undefined,
  use: (out: Out | null) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | UsageError, R | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    if (directory === undefined) return yield* use(null)
    yield* Effect.mapError(makeFolder(directory), ({ path, reason }) =>
      new UsageError({
        message: path === directory ? `--out ${directory}: ${reason}` : `--out ${directory}: ${path} ${reason}`
      }))
    const path = join(directory, LOCK)
    return yield* Effect.acquireUseRelease(
      lock(directory, path),
      () => use(new Out(directory)),
      () => Effect.sync(() => unlock(path))
    )
  })
