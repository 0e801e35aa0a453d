// swaplab why: a lockup of a result, explained by running it again; or a client that was not done in time, by its figures.
import type { Values } from "@swaplab/command"
import { parseQuantity, TIME } from "@swaplab/config"
import {
  chooseLockup,
  chooseTimeout,
  explain,
  explainTimeout,
  type Explanation,
  type LockupChoice,
  readResult,
  RunFailure
} from "@swaplab/experiment"
import { closeUpCsv, graphSvg, makeProgressLine, renderTimeout, renderWhy, timelineSvg } from "@swaplab/report"
import { Console, Effect } from "effect"
import { stderr } from "node:process"
import type { Commands } from "./commands.ts"
import { UsageError } from "./exit.ts"
import { type Out, withOut } from "./out.ts"
import { workerPool } from "./pool.ts"
import { sheet } from "./screen.ts"

/** Replays that can go on side by side: about as many as there are patches. */
const REPLAYS = 24

/** Without --before: 100 ms. */
const BEFORE_NS = 100_000_000

/** The time of an option, in nanoseconds. */
const timeOf = (option: string, text: string): Effect.Effect<number, UsageError> => {
  const ns = parseQuantity(TIME, text)
  return ns === null
    ? new UsageError({ message: `why: ${option}: got ${text}, expected ${TIME.expected}` })
    : Effect.succeed(ns)
}

/** Which lockup of the result is meant, as the lib takes it. */
export const choiceOf = ({ client, kernel, seed }: {
  readonly kernel: string | undefined
  readonly seed: number | undefined
  readonly client: string | undefined
}): LockupChoice => ({
  ...(kernel === undefined ? {} : { kernel }),
  ...(seed === undefined ? {} : { seed }),
  ...(client === undefined ? {} : { client })
})

const finish = (explanation: Explanation, out: Out | null) =>
  Effect.gen(function*() {
    yield* Console.log(renderWhy(explanation, sheet()).trimEnd())
    const { closeUp, lockup, momentNs, report } = explanation
    if (out !== null) {
      const of = `${lockup.kernel}, seed ${lockup.seed}`
      yield* out.write([
        ["graph.svg", graphSvg(report, of)],
        ["timeline.svg", timelineSvg(report, closeUp, momentNs, of)],
        ["timeline.csv", closeUpCsv(closeUp)],
        ["why.txt", renderWhy(explanation)]
      ])
    }
  })

/** A run that fails is our bug. */
export const ourFault = (failure: RunFailure) =>
  Effect.die(new Error(`a run failed: ${failure.message}\n${failure.stack}`))

/** `swaplab why`, with worker threads that start at `worker`. */
export const why = (flags: Values<Commands["why"]>, worker: URL) =>
  Effect.gen(function*() {
    const beforeNs = flags.before === undefined ? BEFORE_NS : yield* timeOf("--before", flags.before)
    const limitNs = flags.limit === undefined ? null : yield* timeOf("--limit", flags.limit)
    const saved = yield* readResult(flags.result)
    const late = chooseTimeout(saved, choiceOf(flags))
    if (late !== null) {
      const explanation = explainTimeout(saved, late)
      return yield* withOut(flags.out, (out) =>
        Effect.gen(function*() {
          yield* Console.log(renderTimeout(explanation, sheet()).trimEnd())
          if (out !== null) yield* out.write([["why.txt", renderTimeout(explanation)]])
        }))
    }
    const lockup = yield* chooseLockup(saved, choiceOf(flags))
    yield* withOut(flags.out, (out) =>
      Effect.gen(function*() {
        const line = yield* makeProgressLine(stderr, saved.loaded.scenario.duration)
        const explanation = yield* explain(saved, lockup, {
          beforeNs,
          limitNs,
          lookOnly: flags.noPatches,
          onProgress: line.show
        }).pipe(
          Effect.ensuring(line.end),
          Effect.provide(workerPool(worker, flags.workers, flags.noPatches ? 1 : REPLAYS)),
          Effect.catchTag("RunFailure", ourFault)
        )
        yield* finish(explanation, out)
      }))
  })
