// swaplab capacity: how many clients a server carries.
import type { WorkerError } from "@effect/platform/WorkerError"
import { loadScenario } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { type ConfigError, mistake, parseQuantity, SHARE, TIME } from "@swaplab/config"
import {
  type Bottleneck,
  type Capacity,
  capacityCsv,
  capacityJson,
  CELL_FORM,
  type Demand,
  EXIT,
  findBottleneck,
  findCapacity,
  findTypicalRuns,
  jsonFile,
  kernelFor,
  makeLadder,
  type Runner,
  type Situation,
  type TypicalRun,
  withDemands
} from "@swaplab/experiment"
import { capacityPage, capacitySvg, makeCapacityLine, renderCapacity } from "@swaplab/report"
import { Console, Effect, Either, Fiber, type Layer } from "effect"
import { stderr } from "node:process"
import type { Commands } from "./commands.ts"
import { engine } from "./engine.ts"
import { ExitWith, tellFailures, UsageError } from "./exit.ts"
import { onStop, openStore } from "./kept-runs.ts"
import { MAX_WORKERS } from "./option-rows.ts"
import { type Out, withOut } from "./out.ts"
import { overridesOf } from "./overrides.ts"
import { type PageFile, pageFile } from "./page-file.ts"
import { withPool } from "./pool.ts"
import { realServer } from "./real-server/capacity-server.ts"
import { sheet } from "./screen.ts"

type Flags = Values<Commands["capacity"]>

/** Most seeds of a search: an answer that needs more has no value. */
const MAX_SEEDS = 10_000

/** A share between 0 and 1, both excluded. */
const shareOf = (flag: string, text: string | undefined, without: number): Either.Either<number, ConfigError> => {
  if (text === undefined) return Either.right(without)
  const share = parseQuantity(SHARE, text)
  return share === null || share <= 0 || share >= 1
    ? Either.left(mistake(`--${flag} ${text}`, "expected a percentage between 0 % and 100 %, such as 95%"))
    : Either.right(share)
}

const demandOf = (flags: Flags): Either.Either<Demand, ConfigError> =>
  Either.gen(function*() {
    return {
      holds: yield* shareOf("holds", flags.holds, 0.8),
      sure: yield* shareOf("sure", flags.sure, 0.8),
      within: yield* shareOf("within", flags.within, 0.15),
      maxSeeds: MAX_SEEDS
    }
  })

/** The milliseconds of --budget; null without it. */
const budgetOf = ({ budget }: Flags): Either.Either<number | null, ConfigError> => {
  if (budget === undefined) return Either.right(null)
  const ns = parseQuantity(TIME, budget)
  return ns === null || ns <= 0
    ? Either.left(mistake(`--budget ${budget}`, `expected ${TIME.expected}, at most ${TIME.max}`))
    : Either.right(ns / 1e6)
}

/** All that is told. */
interface Found {
  readonly capacity: Capacity
  readonly bottleneck: Bottleneck | null
  /** Runs for the page: at the number and beyond it. */
  readonly typical: ReadonlyArray<TypicalRun>
  /** Why a run against a real server could not be judged; null: all were. */
  readonly behind: string | null
}

/** Refusing a number, and finding that nothing holds, are misses of what was asked for. */
const exitCodeOf = ({ failure, high, samples, state }: Capacity, bottleneck: Bottleneck | null): number => {
  if (
    failure !== null || (bottleneck?.failure ?? null) !== null || samples.some(({ cell }) => cell.brokenLaws.length > 0)
  ) return EXIT.ourFault
  if (state === "interrupted" || bottleneck?.state === "interrupted") return EXIT.interrupted
  return state === "not-monotone" || high <= 1 ? EXIT.threshold : EXIT.ok
}

const finish = (
  { behind, bottleneck, capacity, typical }: Found,
  flags: Flags,
  out: Out | null,
  page: PageFile | null
) =>
  Effect.gen(function*() {
    const data = capacityJson(capacity, bottleneck)
    yield* Console.log(flags.json ? JSON.stringify(data) : renderCapacity(capacity, bottleneck, sheet()).trimEnd())
    if (behind !== null) {
      yield* Console.error(
        `swaplab: a run was not judged, which ends the search: ${behind}. The host reaches its limit before the server does`
      )
      return yield* new ExitWith({ code: EXIT.behind })
    }
    yield* tellFailures([capacity.failure, bottleneck?.failure ?? null].filter((lost) => lost !== null))
    if (out !== null) {
      yield* out.write([
        ["capacity.json", jsonFile(data)],
        ["capacity.csv", capacityCsv(capacity)],
        ["capacity.svg", capacitySvg(capacity)],
        ["report.txt", renderCapacity(capacity, bottleneck)]
      ])
    }
    if (page !== null) yield* page.write(capacityPage(capacity, bottleneck, typical))
    const code = exitCodeOf(capacity, bottleneck)
    if (code !== EXIT.ok) return yield* new ExitWith({ code })
  })

/** `swaplab capacity`, with worker threads that start at `worker`. */
export const capacity = (flags: Flags, worker: URL) =>
  Effect.gen(function*() {
    const loaded = yield* withDemands(
      yield* loadScenario(flags.file, yield* overridesOf({ set: flags.set, seed: undefined, seeds: undefined }))
    )
    const demand = yield* demandOf(flags)
    const budget = yield* budgetOf(flags)
    const situation: Situation = {
      loaded,
      kernel: yield* kernelFor(loaded, flags.kernel),
      ladder: yield* makeLadder(loaded, flags),
      firstSeed: flags.seed ?? 1
    }
    if (flags.fresh && flags.out === undefined) return yield* new UsageError({ message: "--fresh: expected --out too" })
    const page = yield* pageFile(flags.report)
    if (flags.server !== undefined && flags.cluster !== undefined) {
      return yield* new UsageError({ message: "--cluster: not together with --server, whose runs are made here" })
    }
    const real = yield* realServer(flags.server, flags.workers, loaded, situation)
    const withRunner = <E, R>(use: (runner: Layer.Layer<Runner, WorkerError>) => Effect.Effect<void, E, R>) =>
      real === null ? withPool(worker, flags, MAX_WORKERS, use) : use(real.layer)
    yield* withRunner((runner) =>
      withOut(flags.out, (out) =>
        Effect.gen(function*() {
          const store = out === null
            ? null
            : yield* openStore(
              out,
              { engine: engine(worker), loaded, also: flags.server, fresh: flags.fresh },
              () => CELL_FORM
            )
          const line = yield* makeCapacityLine(stderr, situation)
          const found = Effect.gen(function*() {
            // the time is that of all that follows
            const timeUp = budget === null ? null : yield* Effect.forkScoped(Effect.sleep(budget))
            const options = {
              onStop,
              ...(store === null ? {} : { store }),
              ...(timeUp === null ? {} : { timeUp: Fiber.join(timeUp) })
            }
            const capacity = yield* findCapacity(situation, demand, {
              ...options,
              onProgress: line.show
            })
            // what fails has to be known, and what holds
            const bounded = real === null && capacity.state === "decided" && capacity.low >= 1 &&
              capacity.high <= situation.ladder.values.length
            const bottleneck = bounded
              ? yield* findBottleneck(capacity, {
                ...options,
                onProgress: (progress) => line.show(progress, null)
              })
              : null
            // the runs of the page are whole ones; a search keeps little of each
            const typical = page === null || capacity.state === "interrupted" || bottleneck?.state === "interrupted"
              ? []
              : yield* findTypicalRuns(capacity, { onStop })
            return { capacity, bottleneck, typical, behind: real?.behind() ?? null }
          }).pipe(
            Effect.scoped,
            Effect.ensuring(line.end),
            Effect.provide(runner)
          )
          yield* Effect.uninterruptible(
            Effect.flatMap(found, (answer) => finish(answer, flags, out, page))
          )
        }))
    )
  })
