// What goes between the main thread and a worker: one request a run, answered with the packed result.
import { type EarlyStop, Replay, type Scenario } from "@swaplab/cluster"
import { Schema } from "effect"

/** A run that failed through a fault of swaplab, such as an assertion. */
export class RunFailure extends Schema.TaggedError<RunFailure>()("RunFailure", {
  kernel: Schema.String,
  seed: Schema.Number,
  reason: Schema.String,
  stack: Schema.String
}) {
  override get message(): string {
    return `${this.kernel}, seed ${this.seed}: ${this.reason}`
  }
}

/** Lost runs as a file has them: without the stack, which depends on the host. */
export const failuresJson = (failures: ReadonlyArray<RunFailure>): ReadonlyArray<object> =>
  failures.map(({ kernel, reason, seed }) => ({ kernel, seed, reason }))

/** Decoded and checked when it was loaded, so that it crosses as plain data, whatever its clients run. */
const PlainScenario = Schema.Unknown as unknown as Schema.Schema<Scenario, unknown>

/** Plain data of our own, too. */
const PlainEarlyStop = Schema.Unknown as unknown as Schema.Schema<EarlyStop, unknown>

/** Runs one simulation. */
export class RunJob extends Schema.TaggedRequest<RunJob>()("RunJob", {
  failure: RunFailure,
  // a copy: once any buffer of a thread has been given away, V8 checks every buffer at every access in that thread
  success: Schema.Uint8ArrayFromSelf,
  payload: {
    job: Schema.Number,
    scenario: PlainScenario,
    kernel: Schema.String,
    seed: Schema.Number,
    replay: Schema.NullOr(Replay),
    checked: Schema.Boolean,
    earlyStop: Schema.NullOr(PlainEarlyStop),
    // shared memory crosses to a worker thread as it is
    board: Schema.instanceOf(SharedArrayBuffer)
  }
}) {}
