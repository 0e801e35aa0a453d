// Reading a result back: the scenario of result.json, and the lockups in it. Any mistake of the user is a ConfigError.
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { decodeScenario, type LoadedScenario } from "@swaplab/cluster"
import { type ConfigError, formatPath, mistake } from "@swaplab/config"
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"
import { Effect, Either, ParseResult, Schema } from "effect"
import { reasonOf } from "./reason.ts"
import { RESULT_FORMAT } from "./result-json.ts"

const Report = Schema.Struct({
  kind: Schema.String,
  taxonomy: Schema.String,
  atNs: Schema.Number,
  sinceNs: Schema.Number,
  text: Schema.String
})

/** What is read of a machine's port of its switch. */
const Port = Schema.Struct({
  name: Schema.String,
  drops: Schema.Struct({
    switchBuffer: Schema.Number,
    lostIn: Schema.Number,
    lostOut: Schema.Number,
    unplugged: Schema.Number
  }),
  queueHighWaterBytes: Schema.Number,
  pausedNs: Schema.Number
})

/** What is read of one way of a cable between switches. */
const Way = Schema.Struct({
  to: Schema.String,
  noRoom: Schema.Number,
  lost: Schema.Number,
  unplugged: Schema.Number,
  pausedNs: Schema.Number
})

/** What is read of the network of a run. */
const Network = Schema.Struct({
  uplinks: Schema.Array(Schema.Struct({ name: Schema.String, up: Way, down: Way })),
  servers: Schema.Array(Port),
  applications: Schema.NullOr(Port),
  otherHosts: Schema.NullOr(Port)
})

/** What is read of a client that was not done in time. */
const LateClient = Schema.Struct({
  startedNs: Schema.NullOr(Schema.Number),
  elapsedNs: Schema.Number,
  pagesTouched: Schema.Number,
  vmstat: Schema.Record({ key: Schema.String, value: Schema.Number }),
  faultLatency: Schema.Struct({ count: Schema.Number, maxNs: Schema.NullOr(Schema.Number) })
})

const Format = Schema.Struct({ format: Schema.Number })

const Saved = Schema.Struct({
  file: Schema.String,
  scenario: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  findings: Schema.Array(Schema.Struct({
    kind: Schema.String,
    kernel: Schema.String,
    seed: Schema.Number,
    text: Schema.String
  })),
  runs: Schema.Array(Schema.Struct({
    kernel: Schema.String,
    seed: Schema.Number,
    fingerprint: Schema.String,
    simulatedNs: Schema.Number,
    network: Network,
    servers: Schema.Array(Schema.Struct({ requests: Schema.Number })),
    clients: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        outcome: Schema.String,
        ...LateClient.fields,
        network: Schema.Struct({ port: Port, retransmits: Schema.Number, rtos: Schema.Number }),
        lockup: Schema.NullOr(Report),
        livelock: Schema.optionalWith(Schema.NullOr(Report), { exact: true, default: () => null }),
        standstill: Schema.optionalWith(Schema.NullOr(Report), { exact: true, default: () => null }),
        rescue: Schema.NullOr(Report)
      })
    )
  }))
})

/** A lockup of a result, a livelock in reclaim, a standstill at the end, or a cycle that the OOM killer has broken. */
export interface SavedLockup extends Schema.Schema.Type<typeof Report> {
  readonly kernel: string
  readonly seed: number
  readonly client: string
}

/** Where frames waited or were lost in a run: the ports of all machines, and the cables between switches. */
export interface SavedNetwork extends Pick<Schema.Schema.Type<typeof Network>, "uplinks"> {
  readonly simulatedNs: number
  /** Names of the NBD servers, whose ports are among those of the machines. */
  readonly servers: ReadonlyArray<string>
  readonly machines: ReadonlyArray<Schema.Schema.Type<typeof Port>>
}

/** A client that was not done in time, without a lockup, a livelock or a standstill. */
export interface SavedTimeout extends Schema.Schema.Type<typeof LateClient> {
  readonly kernel: string
  readonly seed: number
  readonly client: string
  /** That the servers got, from all clients. */
  readonly requests: number
  readonly network: SavedNetwork
  /** Of its swap connection: segments sent again by the server, and time-outs. */
  readonly retransmits: number
  readonly rtos: number
}

/** A run of a result. */
export interface SavedRun {
  readonly kernel: string
  readonly seed: number
  readonly fingerprint: string
  /** How each client ended. */
  readonly clients: ReadonlyArray<{ readonly name: string; readonly outcome: string }>
}

/** A result that was read back. */
export interface SavedResult {
  readonly file: string
  readonly loaded: LoadedScenario
  readonly runs: ReadonlyArray<SavedRun>
  /** What was found wrong. */
  readonly findings: (typeof Saved.Type)["findings"]
  /** In the order of the runs; within a run, the first one first. */
  readonly lockups: ReadonlyArray<SavedLockup>
  readonly timeouts: ReadonlyArray<SavedTimeout>
}

const EXPECTED = "expected the result.json that swaplab run --out writes, or its directory"

const MAX_REASON = 100

/** Where a file differs from a result first: `runs[0].seed: is missing`. */
export const mismatchOf = (error: ParseResult.ParseError): string => {
  const [{ message, path }] = ParseResult.ArrayFormatter.formatErrorSync(error)
  const keys = path.map((key) => (typeof key === "symbol" ? String(key) : key))
  const [line] = message.split("\n")
  // the message of the whole spells out the whole
  return keys.length === 0 ? "" : `: ${formatPath(keys)}: ${line.slice(0, MAX_REASON)}`
}

/** Reads `path`: a result.json, or the directory that holds it. Its clients have run workloads of a table. */
export const readResult = (
  path: string,
  workloads: WorkloadTable = WORKLOADS
): Effect.Effect<SavedResult, ConfigError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const info = yield* Effect.mapError(fs.stat(path), (error) =>
      mistake(
        path,
        error._tag === "SystemError" && error.reason === "NotFound"
          ? `no such file, ${EXPECTED}`
          : `cannot be read: ${reasonOf(error)}; ${EXPECTED}`
      ))
    const file = info.type === "Directory" ? paths.join(path, "result.json") : path
    const text = yield* Effect.mapError(fs.readFileString(file), (error) =>
      mistake(file, `cannot be read: ${reasonOf(error)}; ${EXPECTED}`))
    const json: unknown = yield* Effect.try({
      try: () =>
        JSON.parse(text),
      catch: () => mistake(file, `is not JSON, ${EXPECTED}`)
    })
    const noResult = (error: ParseResult.ParseError): ConfigError =>
      mistake(file, `is no result${mismatchOf(error)}; ${EXPECTED}`)
    // the shape is that of this format only
    const { format } = yield* Effect.mapError(Schema.decodeUnknown(Format)(json), noResult)
    if (format !== RESULT_FORMAT) {
      return yield* mistake(file, `has format ${format}, expected ${RESULT_FORMAT}: run the scenario again`)
    }
    const saved = yield* Effect.mapError(Schema.decodeUnknown(Saved)(json), noResult)
    const loaded = yield* decodeScenario(saved.file, saved.scenario, file, workloads)
    const lockups = saved.runs.flatMap(({ clients, kernel, seed }) =>
      clients.flatMap(({ livelock, lockup, name, rescue, standstill }) => {
        const report = lockup ?? livelock ?? standstill ?? rescue
        return report === null ? [] : [{ ...report, kernel, seed, client: name }]
      }).toSorted((a, b) => a.sinceNs - b.sinceNs)
    )
    const timeouts = saved.runs.flatMap((run) => {
      const { clients, kernel, seed, servers } = run
      const whole = networkOf(run)
      return clients.filter(({ livelock, lockup, outcome, standstill }) =>
        outcome === "timeout" && lockup === null && livelock === null && standstill === null
      )
        .map(({ elapsedNs, faultLatency, name, network: { retransmits, rtos }, pagesTouched, startedNs, vmstat }) => (
          {
            kernel,
            seed,
            client: name,
            requests: total(servers),
            startedNs,
            elapsedNs,
            faultLatency,
            pagesTouched,
            vmstat,
            network: whole,
            retransmits,
            rtos
          }
        ))
    })
    const runs = saved.runs.map(({ clients, fingerprint, kernel, seed }) => ({
      fingerprint,
      kernel,
      seed,
      clients: clients.map(({ name, outcome }) => ({ name, outcome }))
    }))
    return { file, loaded, runs, findings: saved.findings, lockups, timeouts }
  })

const networkOf = ({ clients, network, simulatedNs }: (typeof Saved.Type)["runs"][number]): SavedNetwork => {
  const { applications, otherHosts, servers, uplinks } = network
  return {
    simulatedNs,
    uplinks,
    servers: servers.map(({ name }) => name),
    machines: [
      ...servers,
      ...clients.map((client) => client.network.port),
      ...[applications, otherHosts].filter((port) => port !== null)
    ]
  }
}

const total = (servers: ReadonlyArray<{ readonly requests: number }>): number =>
  servers.reduce((sum, { requests }) => sum + requests, 0)

/** Which lockup is meant; everything may be left out. */
export interface LockupChoice {
  readonly kernel?: string
  readonly seed?: number
  readonly client?: string
}

const fits = (
  item: Pick<SavedLockup, "kernel" | "seed" | "client">,
  { client, kernel, seed }: LockupChoice
): boolean =>
  (kernel === undefined || item.kernel === kernel) && (seed === undefined || item.seed === seed) &&
  (client === undefined || item.client === client)

/** The first run that fits the choice. */
export const chooseRun = (
  { file, runs }: SavedResult,
  { kernel, seed }: Omit<LockupChoice, "client">
): Either.Either<SavedRun, ConfigError> => {
  const found = runs.find((run) =>
    (kernel === undefined || run.kernel === kernel) && (seed === undefined || run.seed === seed)
  )
  if (found !== undefined) return Either.right(found)
  const there = runs.slice(0, 8).map((run) => `kernel ${run.kernel}, seed ${run.seed}`)
  return Either.left(
    mistake(file, runs.length === 0 ? "has no run, expected one" : `no such run, expected one of: ${there.join("; ")}`)
  )
}

/** The first client that fits the choice and was not done in time, where no lockup fits it; else null. */
export const chooseTimeout = ({ lockups, timeouts }: SavedResult, choice: LockupChoice): SavedTimeout | null =>
  lockups.some((item) => fits(item, choice)) ? null : timeouts.find((item) => fits(item, choice)) ?? null

/** The first lockup that fits the choice. */
export const chooseLockup = (
  { file, lockups }: SavedResult,
  choice: LockupChoice
): Either.Either<SavedLockup, ConfigError> => {
  const found = lockups.find((item) => fits(item, choice))
  if (found !== undefined) return Either.right(found)
  if (lockups.length === 0) {
    return Either.left(
      mistake(file, "no run of this result has locked up, stood still at its end or shows a livelock in reclaim")
    )
  }
  const wanted = Object.entries(choice).map(([name, value]) => `${name} ${value}`).join(", ")
  const there = lockups.slice(0, 8).map(({ client, kernel, seed }) =>
    `kernel ${kernel}, seed ${seed}, client ${client}`
  )
  const more = lockups.length > there.length ? "; and more" : ""
  return Either.left(mistake(file, `no lockup of ${wanted}, expected one of: ${there.join("; ")}${more}`))
}
