// A result as its files hold it, for whoever shows its runs again: what swaplab run --out has left, the samples of the series
// included. The files may be anybody's: all that is read of them is checked.
import {
  decodeScenario,
  type LoadedScenario,
  LOCKUP_KINDS,
  LOCKUP_TAXONOMIES,
  OUTCOMES,
  type Series
} from "@swaplab/cluster"
import { type ConfigError, mistake } from "@swaplab/config"
import { Either, type ParseResult, Schema } from "effect"
import { type NamedSeries, unpackSeries } from "./codec.ts"
import { RESULT_FILES } from "./files.ts"
import { RESULT_FORMAT } from "./result-json.ts"
import { mismatchOf } from "./saved-result.ts"

const Zone = Schema.Struct({ name: Schema.String, free: Schema.Number, min: Schema.Number, floor: Schema.Number })

const Report = Schema.Struct({
  client: Schema.String,
  kind: Schema.Literal(...LOCKUP_KINDS),
  taxonomy: Schema.Literal(...LOCKUP_TAXONOMIES),
  network: Schema.NullOr(Schema.String),
  reclaim: Schema.NullOr(Schema.String),
  faults: Schema.Array(Schema.String),
  atNs: Schema.Number,
  sinceNs: Schema.Number,
  tasks: Schema.Array(Schema.Struct({
    task: Schema.String,
    state: Schema.String,
    waitQueue: Schema.String,
    wokenBy: Schema.String,
    sinceNs: Schema.Number,
    why: Schema.String
  })),
  graph: Schema.Struct({
    nodes: Schema.Array(Schema.Struct({
      id: Schema.String,
      kind: Schema.Literal("task", "resource", "lock", "requests", "network", "fault", "alive"),
      title: Schema.String,
      lines: Schema.Array(Schema.String)
    })),
    edges: Schema.Array(Schema.Struct({ from: Schema.String, to: Schema.String, label: Schema.String })),
    cycle: Schema.Array(Schema.String),
    closed: Schema.Boolean
  }),
  cycle: Schema.Array(Schema.String),
  allocation: Schema.NullOr(Schema.Struct({
    task: Schema.String,
    order: Schema.Number,
    gfp: Schema.Number,
    flags: Schema.String,
    text: Schema.String
  })),
  firstFailure: Schema.NullOr(Schema.Struct({
    timeNs: Schema.Number,
    task: Schema.String,
    order: Schema.Number,
    gfp: Schema.Number,
    flags: Schema.String,
    allocFlags: Schema.String,
    before: Schema.NullOr(Schema.Struct({ timeNs: Schema.Number, order: Schema.Number, gfp: Schema.Number })),
    zones: Schema.Array(Zone)
  })),
  zones: Schema.Array(Schema.Struct({
    ...Zone.fields,
    low: Schema.Number,
    high: Schema.Number,
    atomic: Schema.Number
  })),
  requestsOutstanding: Schema.Number,
  lastCompletionNs: Schema.Number,
  text: Schema.String
})

const Run = Schema.Struct({
  kernel: Schema.String,
  seed: Schema.Number,
  fingerprint: Schema.String,
  outcome: Schema.Literal(...OUTCOMES),
  simulatedNs: Schema.Number,
  events: Schema.Number,
  clients: Schema.Array(Schema.Struct({
    name: Schema.String,
    outcome: Schema.Literal(...OUTCOMES),
    lockup: Schema.NullOr(Report),
    livelock: Schema.NullOr(Report),
    standstill: Schema.NullOr(Report),
    rescue: Schema.NullOr(Report)
  })),
  faults: Schema.Array(Schema.Struct({
    entry: Schema.Number,
    what: Schema.String,
    words: Schema.String,
    where: Schema.Array(Schema.String),
    beganNs: Schema.Number,
    endedNs: Schema.NullOr(Schema.Number)
  }))
})

const Saved = Schema.Struct({
  file: Schema.String,
  scenario: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  runs: Schema.Array(Run)
})

/** A run of a result with its samples. */
export interface RecordedRun extends Schema.Schema.Type<typeof Run> {
  readonly series: Series
}

/** A result that is shown again. */
export interface Recording {
  /** The scenario that was run; its file is named as it was then. */
  readonly loaded: LoadedScenario
  /** At least one. */
  readonly runs: ReadonlyArray<RecordedRun>
}

/** A file that was read, with its path. */
export interface NamedBytes {
  readonly name: string
  readonly bytes: Uint8Array
}

const [RESULT, SERIES] = RESULT_FILES

const EXPECTED = "expected result.json and series.msgpack as swaplab run --out writes them, or their folder"

const isSeries = (value: unknown): value is Series => {
  const { columns, timesNs } = (value ?? {}) as Partial<Series>
  return timesNs instanceof Float64Array && Array.isArray(columns) && columns.every((column: unknown) => {
    const { name, values } = (column ?? {}) as Partial<Series["columns"][number]>
    return typeof name === "string" && values instanceof Float64Array && values.length === timesNs.length
  })
}

const isNamedSeries = (value: unknown): value is NamedSeries => {
  const { kernel, seed, series } = (value ?? {}) as Partial<NamedSeries>
  return typeof kernel === "string" && typeof seed === "number" && isSeries(series)
}

const seriesIn = (file: string, bytes: Uint8Array): Either.Either<ReadonlyArray<NamedSeries>, ConfigError> =>
  Either.try((): unknown => unpackSeries(bytes)).pipe(
    Either.filterOrLeft((all) => Array.isArray(all) && all.every(isNamedSeries), () => null),
    Either.map((all) => all as ReadonlyArray<NamedSeries>),
    Either.mapLeft(() => mistake(file, `is no series of a result; ${EXPECTED}`))
  )

const savedIn = (file: string, bytes: Uint8Array): Either.Either<typeof Saved.Type, ConfigError> => {
  const noResult = (error: ParseResult.ParseError): ConfigError =>
    mistake(file, `is no result${mismatchOf(error)}; ${EXPECTED}`)
  return Either.gen(function*() {
    const json: unknown = yield* Either.try({
      try: (): unknown => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)),
      catch: () => mistake(file, `is not JSON; ${EXPECTED}`)
    })
    const { format } = yield* Either.mapLeft(
      Schema.decodeUnknownEither(Schema.Struct({ format: Schema.Number }))(json),
      noResult
    )
    if (format !== RESULT_FORMAT) {
      return yield* Either.left(
        mistake(file, `has format ${format}, expected ${RESULT_FORMAT}: run the scenario again`)
      )
    }
    return yield* Either.mapLeft(Schema.decodeUnknownEither(Saved)(json), noResult)
  })
}

const nameIn = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** The one result among files, and the series beside it. */
const pairIn = (files: ReadonlyArray<NamedBytes>): Either.Either<readonly [NamedBytes, NamedBytes], ConfigError> => {
  const results = files.filter(({ name }) => nameIn(name) === RESULT)
  if (results.length > 1) {
    const [one, other] = results
    return Either.left(mistake(one.name, `and ${other.name} are two results, expected one at a time`))
  }
  const [result] = results
  const packed = files.find(({ name }) => result !== undefined && name === result.name.replace(/[^/]+$/, SERIES))
  if (result !== undefined && packed !== undefined) return Either.right([result, packed])
  const got = files.length === 0 ? "no file" : files.slice(0, 3).map(({ name }) => name).join(", ")
  return Either.left(mistake(`got ${got}${files.length > 3 ? ` and ${files.length - 3} more` : ""}`, EXPECTED))
}

/** Reads what `swaplab run --out` has left: of its files result.json and series.msgpack, which lie in the same folder. */
export const readRecording = (files: ReadonlyArray<NamedBytes>): Either.Either<Recording, ConfigError> =>
  Either.gen(function*() {
    const [result, packed] = yield* pairIn(files)
    const saved = yield* savedIn(result.name, result.bytes)
    const all = yield* seriesIn(packed.name, packed.bytes)
    const loaded = yield* decodeScenario(saved.file, saved.scenario, result.name)
    if (saved.runs.length === 0) return yield* Either.left(mistake(result.name, "has no run, expected one"))
    const runs = yield* Either.all(saved.runs.map((run) => {
      const { kernel, seed, simulatedNs } = run
      const found = all.find((one) => one.kernel === kernel && one.seed === seed)
      return found === undefined || found.series.timesNs.at(-1) !== simulatedNs
        ? Either.left(
          mistake(
            packed.name,
            `is not of this ${RESULT}: it has no samples of kernel ${kernel}, seed ${seed} to its end`
          )
        )
        : Either.right({ ...run, series: found.series })
    }))
    return { loaded, runs }
  })
