// swaplab shrink: the smallest scenario that locks up as a run of a result did.
import { Command } from "@effect/cli"
import { ScenarioError, scenarioYaml } from "@swaplab/cluster"
import { chooseLockup, readResult, shrink as shrinkLockup, type Shrunk, writeFiles } from "@swaplab/experiment"
import { Console, Effect, Option } from "effect"
import { stderr } from "node:process"
import type { Flags } from "./options-first.ts"
import { text, wholeNumber, workers } from "./options.ts"
import { prepareOut } from "./out.ts"
import { workerPool } from "./pool.ts"
import { choice, choiceOf, ourFault, result } from "./why.ts"

/** Options of `shrink` once more, as words. */
export const SHRINK_FLAGS: Flags = {
  withValue: ["--kernel", "--seed", "--client", "--runs", "--out", "--workers"],
  alone: []
}

const MAX_RUNS = 200

const options = {
  result,
  ...choice,
  runs: wholeNumber("runs", 1, `Most simulations that the search may take. ${MAX_RUNS} without it.`),
  out: text("out", "Writes scenario.yaml to this directory instead of printing it."),
  workers
}

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`

const remarks = ({ finished, kept, report, runs }: Shrunk, file: string): ReadonlyArray<string> => [
  `${report.taxonomy} after ${(report.sinceNs / 1e9).toFixed(1)} s, made smaller from ${file}`,
  `${plural(kept.length, "step")} in ${plural(runs, "run")}; ${
    finished ? "no further step keeps the lockup" : "the search was ended by --runs"
  }`
]

/** The sub-command; `worker` is the module that worker threads start with. */
export const shrink = (worker: URL) =>
  Command.make("shrink", options, (flags) =>
    Effect.gen(function*() {
      const saved = yield* readResult(flags.result)
      const lockup = yield* chooseLockup(saved, choiceOf(flags))
      if (flags.out._tag === "Some") yield* prepareOut(flags.out.value)
      const say = (line: string) => Effect.sync(() => stderr.write(`\r${line}\u001b[K`))
      const shrunk = yield* shrinkLockup(saved, lockup, {
        maxRuns: Option.getOrElse(flags.runs, () => MAX_RUNS),
        ...(stderr.isTTY === true
          ? { onProgress: ({ kept, runs, trying }) => say(`${runs} runs, ${kept} kept, now: ${trying}`.slice(0, 79)) }
          : {})
      }).pipe(
        Effect.ensuring(stderr.isTTY === true ? say("") : Effect.void),
        Effect.provide(workerPool(worker, flags.workers, Number.POSITIVE_INFINITY)),
        Effect.catchTag("RunFailure", ourFault)
      )
      if (shrunk === null) {
        return yield* new ScenarioError({
          problems: [{
            source: saved.file,
            path: [],
            text:
              "the run does not lock up any more: this version of swaplab simulates differently, run the scenario again"
          }]
        })
      }
      const lines = remarks(shrunk, saved.loaded.file)
      const yaml = scenarioYaml(shrunk.given, lines)
      if (flags.out._tag === "Some") {
        yield* writeFiles(flags.out.value, [["scenario.yaml", yaml]])
        for (const line of lines) yield* Console.log(line)
      } else yield* Console.log(yaml.trimEnd())
    })).pipe(
      Command.withDescription(
        "Makes the scenario of a lockup as small as it can be while the same class of lockup stays."
      )
    )
