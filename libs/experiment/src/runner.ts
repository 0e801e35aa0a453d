// Who runs the simulations: worker threads, or the thread at hand.
import * as Worker from "@effect/platform/Worker"
import * as WorkerRunner from "@effect/platform/WorkerRunner"
import type { EarlyStop, Replay, RunHooks, RunResult, Scenario } from "@swaplab/cluster"
import { Cause, Context, Effect, Layer } from "effect"
import { Board } from "./board.ts"
import { packResult, unpackResult } from "./codec.ts"
import type { Job } from "./plan.ts"
import { RunFailure, RunJob } from "./protocol.ts"

/** One simulation from start to end, without a pause. */
export type Simulate = (
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks,
  replay: Replay | null
) => RunResult

/** What a run gives that was told to stop before it had begun; nothing else of it is read. */
export const NOT_BEGUN = { outcome: "stopped", simulatedNs: 0 } as RunResult

/** Runs jobs; `size` of them at a time. */
export class Runner extends Context.Tag("@swaplab/experiment/Runner")<Runner, {
  readonly size: number
  /** How many of a list it wants to have at once, where some wait at a runner that is far away. Without it: `size`. */
  readonly ahead?: number
  readonly run: (job: Job, board: Board) => Effect.Effect<RunResult, RunFailure>
}>() {}

const failure = (kernel: string, seed: number, error: unknown): RunFailure =>
  new RunFailure({
    kernel,
    seed,
    reason: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? (error.stack ?? "") : ""
  })

const withEarlyStop = (hooks: RunHooks, earlyStop: EarlyStop | null): RunHooks =>
  earlyStop === null ? hooks : { ...hooks, earlyStop }

const simulateJob = (
  simulate: Simulate,
  scenario: Scenario,
  kernel: string,
  seed: number,
  hooks: RunHooks,
  replay: Replay | null
): Effect.Effect<RunResult, RunFailure> =>
  Effect.try({
    try: () => simulate(scenario, kernel, seed, hooks, replay),
    catch: (error) => failure(kernel, seed, error)
  })

/** Runs everything in this thread, one after the other. Nothing else happens meanwhile: for tests and small scripts. */
export const layerInProcess = (simulate: Simulate): Layer.Layer<Runner> =>
  Layer.succeed(Runner, {
    size: 1,
    run: (job, board) =>
      // through the codec, so that a result is the same as one from a worker
      simulateJob(
        simulate,
        job.loaded.scenario,
        job.kernel,
        job.seed,
        { ...withEarlyStop(board.hooks(job.id), job.earlyStop ?? null), checked: job.checked === true },
        job.replay ?? null
      ).pipe(
        Effect.map((result) => unpackResult(packResult(result)))
      )
  })

/** Runs in `size` worker threads, which the layer of the platform spawns. */
export const layerWorkers = (size: number) =>
  Layer.scoped(
    Runner,
    Effect.map(Worker.makePoolSerialized<RunJob>({ size, concurrency: 1 }), (pool) => ({
      size,
      run: (job: Job, board: Board) =>
        pool.executeEffect(
          new RunJob({
            job: job.id,
            scenario: job.loaded.scenario,
            kernel: job.kernel,
            seed: job.seed,
            replay: job.replay ?? null,
            checked: job.checked === true,
            earlyStop: job.earlyStop ?? null,
            board: board.buffer
          })
        ).pipe(
          Effect.map(unpackResult),
          Effect.catchAllCause((cause) => {
            const error = Cause.squash(cause)
            return Effect.fail(error instanceof RunFailure ? error : failure(job.kernel, job.seed, error))
          })
        )
    }))
  )

/** The other end: what a worker thread does. `cpuSeconds` is the CPU time of that thread so far. */
export const layerWorkerMain = (simulate: Simulate, cpuSeconds?: () => number) =>
  WorkerRunner.layerSerialized(RunJob, {
    RunJob: (request) =>
      simulateJob(
        simulate,
        request.scenario,
        request.kernel,
        request.seed,
        {
          ...withEarlyStop(new Board(request.board).hooks(request.job, cpuSeconds), request.earlyStop),
          checked: request.checked
        },
        request.replay
      ).pipe(Effect.map(packResult))
  })
