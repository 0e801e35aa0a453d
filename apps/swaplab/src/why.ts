// swaplab why: a lockup of a result, explained by running it again.
import { Args, Command, HelpDoc, Options, ValidationError } from "@effect/cli"
import { parseQuantity, TIME } from "@swaplab/cluster"
import { chooseLockup, explain, type Explanation, type LockupChoice, readResult, RunFailure } from "@swaplab/experiment"
import { closeUpCsv, graphSvg, makeProgressLine, renderWhy, timelineSvg } from "@swaplab/report"
import { Console, Effect, Option } from "effect"
import { stderr } from "node:process"
import type { Flags } from "./options-first.ts"
import { text, wholeNumber, workers } from "./options.ts"
import { prepareOut, writeOut } from "./out.ts"
import { workerPool } from "./pool.ts"
import { sheet } from "./screen.ts"

/** Options of `why` once more, as words. */
export const WHY_FLAGS: Flags = {
  withValue: ["--kernel", "--seed", "--client", "--before", "--limit", "--out", "--workers"],
  alone: ["--no-patches"]
}

/** Replays that can go on side by side: about as many as there are patches. */
const REPLAYS = 24

const time = (name: string, description: string) =>
  Options.text(name).pipe(
    Options.withPseudoName("TIME"),
    Options.mapEffect((value) => {
      const ns = parseQuantity(TIME, value)
      return ns === null
        ? Effect.fail(
          ValidationError.invalidValue(HelpDoc.p(`swaplab: --${name}: got ${value}, expected ${TIME.expected}`))
        )
        : Effect.succeed(ns)
    }),
    Options.withDescription(description)
  )

export const result = Args.text({ name: "result" }).pipe(
  Args.withDescription("A result.json that run --out wrote, or its directory.")
)

/** Which lockup of the result is meant. */
export const choice = {
  kernel: text("kernel", "A lockup of this kernel. Without it, the first of all."),
  seed: wholeNumber("seed", 0, "A lockup of this seed."),
  client: text("client", "The lockup of this client. Without it, the one that locked up first.")
}

/** The choice, as the lib takes it. */
export const choiceOf = (flags: {
  readonly kernel: Option.Option<string>
  readonly seed: Option.Option<number>
  readonly client: Option.Option<string>
}): LockupChoice => ({
  ...(flags.kernel._tag === "Some" ? { kernel: flags.kernel.value } : {}),
  ...(flags.seed._tag === "Some" ? { seed: flags.seed.value } : {}),
  ...(flags.client._tag === "Some" ? { client: flags.client.value } : {})
})

const options = {
  result,
  ...choice,
  before: time("before", "How long before the last progress a patch is switched on. 100 ms without it.").pipe(
    Options.withDefault(100_000_000)
  ),
  limit: time("limit", "How long a replay goes on after that, at most. Without it, to the scenario's duration.").pipe(
    Options.optional
  ),
  noPatches: Options.boolean("no-patches").pipe(
    Options.withDescription("Leaves out the replays with other patches: graph and timeline only.")
  ),
  out: text("out", "Writes graph.svg, timeline.svg, timeline.csv and why.txt to this directory."),
  workers
}

const finish = (explanation: Explanation, out: Option.Option<string>) =>
  Effect.gen(function*() {
    yield* Console.log(renderWhy(explanation, sheet()).trimEnd())
    const { closeUp, lockup, momentNs, report } = explanation
    if (out._tag === "Some") {
      const of = `${lockup.kernel}, seed ${lockup.seed}`
      yield* writeOut(out.value, [
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

/** The sub-command; `worker` is the module that worker threads start with. */
export const why = (worker: URL) =>
  Command.make("why", options, (flags) =>
    Effect.gen(function*() {
      const saved = yield* readResult(flags.result)
      const lockup = yield* chooseLockup(saved, choiceOf(flags))
      if (flags.out._tag === "Some") yield* prepareOut(flags.out.value)
      const line = yield* makeProgressLine(stderr)
      const explanation = yield* explain(saved, lockup, {
        beforeNs: flags.before,
        limitNs: Option.getOrNull(flags.limit),
        lookOnly: flags.noPatches,
        ...(line === null ? {} : { onProgress: line.show })
      }).pipe(
        Effect.ensuring(line === null ? Effect.void : line.clear),
        Effect.provide(workerPool(worker, flags.workers, REPLAYS)),
        Effect.catchTag("RunFailure", ourFault)
      )
      yield* finish(explanation, flags.out)
    })).pipe(
      Command.withDescription(
        "Explains a lockup of a result: who waits for whom, how it came about, and which patch would have saved the client."
      )
    )
