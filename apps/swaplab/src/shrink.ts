// swaplab shrink: the smallest scenario that locks up as a run of a result did.
import type { Values } from "@swaplab/command"
import { mistake, plural, toYaml } from "@swaplab/config"
import { chooseLockup, EXIT, readResult, shrink as shrinkLockup, type Shrunk } from "@swaplab/experiment"
import { drawText, item, makeTicker, section, type Sheet } from "@swaplab/report"
import { Console, Effect } from "effect"
import { stderr } from "node:process"
import type { Commands } from "./commands.ts"
import { ExitWith } from "./exit.ts"
import { type Out, withOut } from "./out.ts"
import { workerPool } from "./pool.ts"
import { sheet } from "./screen.ts"
import { choiceOf, ourFault } from "./why.ts"

const MAX_RUNS = 200
/** The comment above a scenario: 80 columns, less the sign of the comment. */
const COMMENT: Sheet = { width: 78, colour: false }
const NO_LOCKUP =
  "the run does not lock up any more: this version of swaplab simulates differently, run the scenario again"

const endOf = ({ finished, interrupted }: Shrunk): string =>
  finished
    ? "no further step keeps the lockup"
    : interrupted
    ? "the search was ended by the user"
    : "the search was ended by --runs"

const remarks = (shrunk: Shrunk, file: string): ReadonlyArray<string> => {
  const { kept, lost, report, runs } = shrunk
  return [
    `${report.taxonomy} after ${(report.sinceNs / 1e9).toFixed(1)} s, made smaller from ${file}`,
    `${plural(kept.length, "step")} in ${plural(runs, "run")}; ${endOf(shrunk)}`,
    ...lost.map(({ reason, what }) =>
      `a fault of swaplab, please report it: the run with ${what} failed: ${reason.replaceAll(/\s+/g, " ")}`
    )
  ]
}

/** Shows the smaller scenario, and writes it. */
const finish = (shrunk: Shrunk, file: string, out: Out | null) =>
  Effect.gen(function*() {
    const lines = remarks(shrunk, file)
    const words = section(null, lines.map((line) => item(line)))
    const yaml = toYaml(shrunk.given, drawText(words, COMMENT).trimEnd().split("\n"))
    const show = Console.log(yaml.trimEnd())
    if (out !== null) {
      // a disk that is full loses no scenario
      yield* Effect.tapError(out.write([["scenario.yaml", yaml]]), () => show)
      yield* Console.log(drawText(words, sheet()).trimEnd())
    } else yield* show
    if (shrunk.interrupted) return yield* new ExitWith({ code: EXIT.interrupted })
  })

/** `swaplab shrink`, with worker threads that start at `worker`. */
export const shrink = (flags: Values<Commands["shrink"]>, worker: URL) =>
  Effect.gen(function*() {
    const saved = yield* readResult(flags.result)
    const lockup = yield* chooseLockup(saved, choiceOf(flags))
    yield* withOut(flags.out, (out) =>
      Effect.gen(function*() {
        const ticker = yield* makeTicker(stderr)
        const shrinking = shrinkLockup(saved, lockup, {
          maxRuns: flags.runs ?? MAX_RUNS,
          onProgress: ({ kept, runs, trying }) => ticker.show(`${runs} runs, ${kept} kept, now: ${trying}`)
        }).pipe(
          Effect.ensuring(ticker.end),
          Effect.provide(workerPool(worker, flags.workers, Number.POSITIVE_INFINITY)),
          Effect.catchTag("RunFailure", ourFault)
        )
        // an interruption ends the search early and is held back until what it has found has been shown and written
        yield* Effect.uninterruptible(Effect.gen(function*() {
          const shrunk = yield* shrinking
          if (shrunk === null) return yield* mistake(saved.file, NO_LOCKUP)
          yield* finish(shrunk, saved.loaded.file, out)
        }))
      }))
  })
