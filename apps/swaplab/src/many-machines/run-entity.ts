// A job as it goes to a worker: an entity of the cluster, whose only message is to run it. It is named by what decides it, the
// build, the scenario and the seed, so that the same job is there once, whoever asks for it. What goes over the wire is a scenario
// as a file would have it and nothing else; the worker decodes and checks it as it does a file.
import * as ClusterSchema from "@effect/cluster/ClusterSchema"
import * as Entity from "@effect/cluster/Entity"
import * as Rpc from "@effect/rpc/Rpc"
import { decodeScenario, type LoadedScenario, Replay } from "@swaplab/cluster"
import type { Mapping } from "@swaplab/config"
import { type Job, RunFailure } from "@swaplab/experiment"
import { Either, Schema } from "effect"
import { createHash } from "node:crypto"

/** A job that a worker does not take: of another build, without the right token, or no scenario. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

/** Jobs. The answer says only that the result is in its row: rows are bytes, messages JSON. */
export const RunEntity = Entity.make("Run", [
  Rpc.make("Run", {
    payload: { key: Schema.String, spec: Schema.String, mac: Schema.Uint8ArrayFromBase64 },
    success: Schema.Void,
    error: Schema.Union(RunFailure, Refused),
    primaryKey: ({ key }) => key
  })
    .annotate(ClusterSchema.Persisted, true)
    // a command that ends takes back its jobs by their rows
    .annotate(ClusterSchema.Uninterruptible, "client")
])

const EarlyStopSpec = Schema.Struct({
  thresholds: Schema.Array(Schema.Struct({
    metric: Schema.String,
    comparison: Schema.Literal("<", "<=", ">", ">="),
    value: Schema.Number
  })),
  lockup: Schema.Boolean,
  enough: Schema.optionalWith(Schema.Struct({ events: Schema.Number, stuckToo: Schema.Boolean }), { exact: true })
})

/** What decides a run. */
const Spec = Schema.parseJson(Schema.Struct({
  engine: Schema.String,
  file: Schema.String,
  /** As a file has it, merged and overridden; decoded by the schema of scenarios. */
  given: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  kernel: Schema.String,
  seed: Schema.Number,
  replay: Schema.NullOr(Replay),
  checked: Schema.Boolean,
  earlyStop: Schema.NullOr(EarlyStopSpec)
}))

const encode = Schema.encodeSync(Spec)
const decode = Schema.decodeUnknownEither(Spec)

/** A job as text, and its name. */
export const specOf = (
  engine: string,
  { checked = false, earlyStop, kernel, loaded, replay, seed }: Job
): { readonly key: string; readonly spec: string } => {
  const { file, given } = loaded
  const spec = encode({
    engine,
    file,
    given,
    kernel,
    seed,
    replay: replay ?? null,
    checked,
    earlyStop: earlyStop ?? null
  })
  return { spec, key: createHash("sha256").update(spec).digest("hex").slice(0, 32) }
}

/** Scenarios that a worker has decoded last, by their text: the seeds of a place have the same one, and decoding takes milliseconds. */
const decoded = new Map<string, LoadedScenario>()
const MOST_DECODED = 64

const scenarioOf = (file: string, given: Mapping): ReturnType<typeof decodeScenario> => {
  const text = JSON.stringify([file, given])
  const known = decoded.get(text)
  if (known !== undefined) return Either.right(known)
  return Either.map(decodeScenario(file, given), (loaded) => {
    const [oldest] = decoded.keys()
    if (decoded.size === MOST_DECODED && oldest !== undefined) decoded.delete(oldest)
    decoded.set(text, loaded)
    return loaded
  })
}

/** The job of a text, or why it is none. */
export const jobOf = (engine: string, spec: string): Either.Either<Job, Refused> =>
  Either.gen(function*() {
    const refuse = (reason: string) => new Refused({ reason })
    const read = yield* Either.mapLeft(decode(spec), ({ message }) => refuse(`no job: ${message}`))
    if (read.engine !== engine) {
      return yield* Either.left(refuse(`asked by swaplab ${read.engine}, and this worker is swaplab ${engine}`))
    }
    const { checked, earlyStop, file, given, kernel, replay, seed } = read
    const loaded = yield* Either.mapLeft(
      scenarioOf(file, given as Mapping),
      ({ message }) => refuse(`no scenario: ${message}`)
    )
    if (!(kernel in loaded.scenario.kernels)) return yield* Either.left(refuse(`no kernel of the scenario: ${kernel}`))
    return {
      id: 0,
      loaded,
      kernel,
      seed,
      field: null,
      checked,
      ...(replay === null ? {} : { replay }),
      ...(earlyStop === null ? {} : { earlyStop })
    }
  })
