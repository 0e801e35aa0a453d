// Finished runs in a directory, so that an experiment can be interrupted, or killed, and go on later. A run is a file of its
// own, named by what decides it, written under another name and then renamed: a file that is there is whole.
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type { LoadedScenario } from "@swaplab/cluster"
import { Data, Effect } from "effect"
import type { Form } from "./form.ts"
import type { JobStore } from "./jobs.ts"
import type { Job } from "./plan.ts"
import { runKey, scenarioKey } from "./run-key.ts"

/** Folder of the runs in a result directory. */
const RUN_FOLDER = "runs"
const MANIFEST = "experiment.json"
const FORMAT = 4

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
  /** What else decides which runs there are. */
  readonly also?: unknown
  /** Drops what is there instead of going on from it, or refusing to. */
  readonly fresh: boolean
}

/** A store that tells what it cannot write. */
export interface RunStore<A> extends Pick<JobStore<A>, "find"> {
  readonly keep: (job: Job, result: A) => Effect.Effect<void, PlatformError>
}

/** Whether there is a store in `folder`. A folder of something else is refused. */
const isStore = (
  folder: string
): Effect.Effect<boolean, PlatformError | StoreMismatch, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* fs.exists(folder))) return false
    const names = yield* fs.readDirectory(folder)
    if (names.includes(MANIFEST)) return true
    // a manifest that was being written when the process ended
    if (names.every((name) => name === `${MANIFEST}.tmp`)) return false
    return yield* new StoreMismatch({
      directory: folder,
      found: "is no folder of runs",
      expected: "one, an empty one, or none"
    })
  })

/**
 * Opens, or makes, the store in `directory`, which is there. A store of another scenario or build is refused and left as it
 * is, unless it is to be dropped; a folder that is no store is refused in any case. `formOf` says how the result of a job is
 * written.
 */
export const openRunStore = <A>(
  directory: string,
  { also, engine, fresh, loaded }: StoreOptions,
  formOf: (job: Job) => Form<A>
): Effect.Effect<RunStore<A>, PlatformError | StoreMismatch, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const folder = paths.join(directory, RUN_FOLDER)
    const manifestPath = paths.join(folder, MANIFEST)
    const write = (path: string, content: Uint8Array): Effect.Effect<void, PlatformError> =>
      Effect.zipRight(fs.writeFile(`${path}.tmp`, content), fs.rename(`${path}.tmp`, path)).pipe(
        Effect.onError(() => Effect.ignore(fs.remove(`${path}.tmp`, { force: true }))),
        Effect.uninterruptible
      )
    // a job is looked for and then kept: its name is made once
    const names = new WeakMap<Job, string>()
    const nameOf = (job: Job): Effect.Effect<string> =>
      Effect.suspend(() => {
        const known = names.get(job)
        if (known !== undefined) return Effect.succeed(known)
        const { namesOf, suffix } = formOf(job)
        return Effect.map(runKey(engine, job, namesOf(job)), (key) => {
          const name = `${key}.${suffix}`
          names.set(job, name)
          return name
        })
      })

    const there = yield* isStore(folder)
    const manifest: Manifest = {
      format: FORMAT,
      engine,
      file: loaded.file,
      scenario: yield* scenarioKey(loaded, also)
    }
    if (there && !fresh) {
      const found = parseJson(yield* fs.readFileString(manifestPath)) as Manifest | null
      const refused = refusal(directory, found, manifest)
      if (refused !== null) return yield* refused
    } else {
      if (there) yield* fs.remove(folder, { recursive: true, force: true })
      if (!(yield* fs.exists(folder))) yield* fs.makeDirectory(folder)
      yield* write(manifestPath, new TextEncoder().encode(`${JSON.stringify(manifest)}\n`))
    }
    const known = new Set(yield* fs.readDirectory(folder))

    return {
      find: (job) =>
        Effect.flatMap(nameOf(job), (name) =>
          known.has(name)
            // a file that cannot be read is no result; its run is made again
            ? fs.readFile(paths.join(folder, name)).pipe(
              Effect.map((content) => formOf(job).unpack(content, job)),
              Effect.orElseSucceed(() => null)
            )
            : Effect.succeed(null)),
      keep: (job, result) =>
        Effect.flatMap(nameOf(job), (name) => write(paths.join(folder, name), formOf(job).pack(result)))
    }
  })
