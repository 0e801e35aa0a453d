// swaplab soak: one troubled classroom after the other, drawn from seeds; or one real server (real-server/soak-server.ts).
import type { LoadedScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { mistake, parseQuantity, TIME, toYaml } from "@swaplab/config"
import {
  drawScenario,
  EVERYTHING,
  EXIT,
  jsonFile,
  loadSoak,
  runsFor,
  runSoak,
  type Soak,
  SOAK_FORM,
  type SoakPlan
} from "@swaplab/experiment"
import { makeTicker, renderSoak, soakProgress, type Ticker } from "@swaplab/report"
import { Console, Effect } from "effect"
import { stderr } from "node:process"
import type { Commands } from "./commands.ts"
import { engine } from "./engine.ts"
import { ExitWith, UsageError } from "./exit.ts"
import { onStop, openStore } from "./kept-runs.ts"
import { MAX_WORKERS } from "./option-rows.ts"
import { type Out, withOut } from "./out.ts"
import { withPool } from "./pool.ts"
import { checkWithout, soakServer } from "./real-server/soak-server.ts"
import { sheet } from "./screen.ts"
import { writeFailures } from "./soak-failures.ts"

type Flags = Values<Commands["soak"]>

/** Without --runs and --for. */
const RUNS = 100

/** Milliseconds of --for; null without it. */
const timeOf = ({ for: time }: Flags): Effect.Effect<number | null, UsageError> => {
  if (time === undefined) return Effect.succeed(null)
  const ns = parseQuantity(TIME, time)
  return ns === null || ns <= 0
    ? new UsageError({ message: `--for ${time}: expected ${TIME.expected}, above 0` })
    : Effect.succeed(ns / 1e6)
}

/** Runs of --client-hours; null without it. A drawn scenario lasts as long as its load does, so that its hours are not known before. */
const runsOf = (
  { clientHours, runs }: Flags,
  { scenario }: SoakPlan,
  { scenario: of }: LoadedScenario
): Effect.Effect<number | null, UsageError> => {
  if (clientHours === undefined) return Effect.succeed(null)
  if (runs !== undefined) return new UsageError({ message: "--client-hours: not together with --runs" })
  return scenario === null
    ? new UsageError({ message: "--client-hours: expected a scenario, whose runs have a length of their own" })
    : Effect.succeed(runsFor(clientHours, of))
}

/** A broken law or a lost run is a fault of swaplab and outweighs all else. */
const exitCodeOf = ({ ended, groups }: Soak): number => {
  if (groups.some(({ finding }) => finding.ours)) return EXIT.ourFault
  if (ended === "interrupted") return EXIT.interrupted
  return groups.some(({ finding }) => finding.expected === null) ? EXIT.lockup : EXIT.ok
}

const jsonOf = (
  { clientHours, coverage, cut, ended, fingerprint, firstSeed, groups, lockups, lockupsPer1000Hours, plan, runs }: Soak
): object => ({
  name: plan.name,
  file: plan.file,
  firstSeed,
  runs,
  cut,
  clientHours,
  lockups,
  lockupsPer1000Hours,
  fingerprint,
  ended,
  findings: groups.map(({ finding, runs: of, seed, signature }) => ({
    signature,
    runs: of,
    seed,
    client: finding.client,
    expected: finding.expected
  })),
  coverage: Object.fromEntries(coverage)
})

/** Shows what it has come to, and writes it. Then come the folders, the smallest scenarios of which take a while. */
const finish = (soak: Soak, flags: Flags, out: Out | null, ticker: Ticker) =>
  Effect.gen(function*() {
    if (soak.mistake !== null) return yield* soak.mistake
    const data = jsonOf(soak)
    yield* Console.log(flags.json ? JSON.stringify(data) : renderSoak(soak, sheet()).trimEnd())
    if (out !== null) {
      yield* out.write([["soak.json", jsonFile(data)], ["report.txt", renderSoak(soak)]])
      yield* Effect.ensuring(writeFailures(soak, flags.shrink ?? "unexpected", out, ticker), ticker.end)
    }
    const code = exitCodeOf(soak)
    if (code !== EXIT.ok) return yield* new ExitWith({ code })
  })

/** The scenario of one seed, as a file. */
const print = (plan: SoakPlan, seed: number) =>
  Effect.gen(function*() {
    const { given } = yield* drawScenario(plan, seed)
    yield* Console.log(toYaml(given).trimEnd())
  })

/** `swaplab soak`, with worker threads that start at `worker`. */
export const soak = (flags: Flags, worker: URL) =>
  Effect.gen(function*() {
    if (flags.server !== undefined) {
      const millis = yield* timeOf(flags)
      return yield* soakServer(flags, millis, flags.runs ?? (millis === null ? RUNS : Number.POSITIVE_INFINITY))
    }
    yield* checkWithout(flags)
    const plan = { ...(flags.file === undefined ? EVERYTHING : yield* loadSoak(flags.file)), canary: flags.canary }
    const firstSeed = flags.seed ?? 1
    if (flags.draw) return yield* print(plan, firstSeed)
    const millis = yield* timeOf(flags)
    if (flags.shrink !== undefined && flags.out === undefined) {
      return yield* new UsageError({ message: "--shrink: expected --out too" })
    }
    if (flags.fresh && flags.out === undefined) return yield* new UsageError({ message: "--fresh: expected --out too" })
    // a swarm that draws nothing is a mistake that is told before anything is made
    const { loaded } = yield* drawScenario(plan, firstSeed)
    const hours = yield* runsOf(flags, plan, loaded)
    if (!Number.isSafeInteger(firstSeed)) return yield* mistake(`--seed ${firstSeed}`, "expected a smaller number")
    yield* withPool(worker, flags, MAX_WORKERS, (pool) =>
      withOut(flags.out, (out) =>
        Effect.gen(function*() {
          const also = { swarm: [...plan.swarm], tolerate: plan.tolerate, firstSeed, canary: plan.canary }
          const store = out === null
            ? null
            : yield* openStore(out, { engine: engine(worker), loaded, also, fresh: flags.fresh }, () => SOAK_FORM)
          const ticker = yield* makeTicker(stderr)
          const soaking = runSoak(plan, {
            firstSeed,
            runs: hours ?? flags.runs ?? (millis === null && !flags.untilFailure ? RUNS : Number.POSITIVE_INFINITY),
            untilFailure: flags.untilFailure,
            onStop,
            onProgress: (_progress, tally) => ticker.show(soakProgress(tally)),
            ...(store === null ? {} : { store }),
            ...(millis === null ? {} : { timeUp: Effect.sleep(millis) })
          }).pipe(Effect.ensuring(ticker.end))
          yield* Effect.uninterruptible(Effect.flatMap(soaking, (result) => finish(result, flags, out, ticker))).pipe(
            Effect.provide(pool)
          )
        })))
  })
