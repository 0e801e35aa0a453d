// Finished runs in a directory, so that a long experiment can be interrupted and go on later. A run is a file of its own,
// named by what decides it, written under another name and then renamed: a file that is there is whole.
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type { LoadedScenario } from "@swaplab/cluster"
import { Data, Effect } from "effect"
import { cellKey, scenarioKey } from "./cell-key.ts"
import type { CellResult } from "./cell.ts"
import type { JobStore } from "./jobs.ts"

/** Folder of the runs in a result directory. */
const CELL_FOLDER = "cells"
const MANIFEST = "experiment.json"
const FORMAT = 1

/** The directory holds runs of something else, or something else than runs. */
export class StoreMismatch extends Data.TaggedError("StoreMismatch")<{
  readonly directory: string
  /** What it is instead: `has runs of another scenario`. */
  readonly found: string
  readonly expected: string
}> {
  override get message(): string {
    return `${this.directory}: ${this.found}, expected ${this.expected}`
  }
}

/** Whose runs a directory holds. */
interface Manifest {
  readonly format: number
  readonly engine: string
  readonly file: string
  readonly scenario: string
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const isCell = (value: unknown): value is CellResult =>
  typeof value === "object" && value !== null && "fingerprint" in value && "lowWater" in value

const refusal = (directory: string, found: Manifest | null, own: Manifest): StoreMismatch | null => {
  const fail = (what: string, expected: string) =>
    new StoreMismatch({
      directory,
      found: `has runs of ${what}`,
      expected: `${expected}, an empty directory, or --fresh to drop them`
    })
  if (found === null || found.format !== FORMAT) return fail("an unknown kind", "runs of this experiment")
  if (found.engine !== own.engine) return fail(`another build of swaplab (${found.engine})`, `${own.engine}`)
  if (found.scenario !== own.scenario) {
    return fail(`another scenario (${found.file} as it was then)`, `${own.file} unchanged`)
  }
  return null
}

/** What a store is opened for. */
export interface StoreOptions {
  /** Names the build of swaplab. */
  readonly engine: string
  /** The scenario before any value of an axis, and with whatever kernels: those are in the names of the runs. */
  readonly loaded: LoadedScenario
  /** Drops what is there instead of going on from it, or refusing to. */
  readonly fresh: boolean
}

/**
 * Opens, or makes, the store in `directory`. A store of another scenario or build is refused and left as it is, unless it
 * is to be dropped; a folder that is no store is refused in any case.
 */
export const openCellStore = (
  directory: string,
  { engine, fresh, loaded }: StoreOptions
): Effect.Effect<
  JobStore<CellResult, PlatformError>,
  PlatformError | StoreMismatch,
  FileSystem.FileSystem | Path.Path
> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const folder = paths.join(directory, CELL_FOLDER)
    const manifestPath = paths.join(folder, MANIFEST)
    const write = (path: string, value: unknown): Effect.Effect<void, PlatformError> =>
      Effect.zipRight(
        fs.writeFileString(`${path}.tmp`, `${JSON.stringify(value)}\n`),
        fs.rename(`${path}.tmp`, path)
      ).pipe(Effect.onError(() => Effect.ignore(fs.remove(`${path}.tmp`, { force: true }))), Effect.uninterruptible)

    const isStore = yield* fs.exists(manifestPath)
    if (!isStore && (yield* fs.exists(folder))) {
      // a manifest that was being written when the process ended
      const others = (yield* fs.readDirectory(folder)).filter((name) => name !== `${MANIFEST}.tmp`)
      if (others.length > 0) {
        return yield* new StoreMismatch({
          directory: folder,
          found: "is no folder of runs",
          expected: "one, an empty one, or none"
        })
      }
    }
    if (isStore && fresh) yield* fs.remove(folder, { recursive: true, force: true })
    const manifest: Manifest = {
      format: FORMAT,
      engine,
      file: loaded.file,
      scenario: yield* scenarioKey(loaded.scenario)
    }
    if (isStore && !fresh) {
      const found = parseJson(yield* fs.readFileString(manifestPath)) as Manifest | null
      const refused = refusal(directory, found, manifest)
      if (refused !== null) return yield* refused
    } else {
      yield* fs.makeDirectory(folder, { recursive: true })
      yield* write(manifestPath, manifest)
    }
    const known = new Set(yield* fs.readDirectory(folder))

    return {
      find: (job) =>
        Effect.gen(function*() {
          const name = `${yield* cellKey(engine, job)}.json`
          if (!known.has(name)) return null
          const cell = parseJson(yield* fs.readFileString(paths.join(folder, name)))
          // an unreadable file is no result; its run is made again
          return isCell(cell) ? { ...cell, kernel: job.kernel } : null
        }),
      keep: (job, cell) => Effect.flatMap(cellKey(engine, job), (key) => write(paths.join(folder, `${key}.json`), cell))
    }
  })
