// What a capacity is searched for: a scenario, a ladder, a kernel, a first seed; and whether a run there holds.
import { certainLimits, type EarlyStop, type LoadedScenario, type Threshold } from "@swaplab/cluster"
import { type ConfigError, mistake, mistakeAt } from "@swaplab/config"
import { Either } from "effect"
import type { CellResult } from "../cell.ts"
import type { Job } from "../plan.ts"
import { expectationOf, type Finding, runFindings } from "../verdict.ts"
import { atLevel, type Ladder } from "./ladder.ts"

/** A place where runs are made. */
export interface Situation {
  readonly loaded: LoadedScenario
  readonly kernel: string
  readonly ladder: Ladder
  readonly firstSeed: number
}

/** Runs of a situation at each level. Levels are made once. */
export class Place {
  readonly situation: Situation
  readonly #levels = new Map<number, LoadedScenario>()

  constructor(situation: Situation) {
    this.situation = situation
  }

  /** The run of a seed, counted from 0, at a level. */
  job(index: number, level: number): Job {
    const { firstSeed, kernel, ladder, loaded } = this.situation
    const at = this.#levels.get(level)
      // both ends are valid scenarios, and what is between them is of the same kind
      ?? Either.getOrThrowWith(atLevel(loaded, ladder, level), (error) => error)
    this.#levels.set(level, at)
    return { id: 0, loaded: at, kernel, seed: firstSeed + index, field: null }
  }
}

/** What a run has to keep: the SLOs, and the thresholds that hold for every run of the scenario. */
export const demandsOf = ({ scenario: { slo, thresholds } }: LoadedScenario): ReadonlyArray<Threshold> => [
  ...slo,
  ...thresholds
]

/** What ends a run before its end: that it has missed for good. Null: nothing that it has to keep can be missed so early. */
export const earlyStopOf = ({ kernel, loaded }: Pick<Job, "kernel" | "loaded">): EarlyStop | null => {
  const thresholds = certainLimits(demandsOf(loaded))
  const lockup = expectationOf(loaded.scenario, kernel) === "completed"
  return lockup || thresholds.length > 0 ? { thresholds, lockup } : null
}

/** A run that is ended as soon as it has missed for good, unless whole runs are wanted. */
export const cutShort = (job: Job, { wholeRuns }: { readonly wholeRuns?: boolean }): Job => {
  const earlyStop = wholeRuns === true ? null : earlyStopOf(job)
  return earlyStop === null ? job : { ...job, earlyStop }
}

/** What a run misses; nothing: it holds. A lockup that the scenario does not expect is a miss, too. */
export const missesOf = ({ loaded, kernel }: Situation, cell: CellResult): ReadonlyArray<Finding> =>
  cell.endedEarly !== undefined ?
    [{ kind: "threshold", kernel, seed: cell.seed, text: cell.endedEarly }] :
    runFindings({ ...loaded.scenario, thresholds: demandsOf(loaded) }, { ...cell, kernel }, loaded.workloads)
      .filter(({ kind }) => kind !== "law")

/** The kernel of a search: the one that is named, or the only one. */
export const kernelFor = (
  { scenario }: LoadedScenario,
  wanted: string | undefined
): Either.Either<string, ConfigError> => {
  const names = Object.keys(scenario.kernels)
  if (wanted === undefined) {
    return names.length === 1
      ? Either.right(names[0])
      : Either.left(mistake("--kernel", `the scenario has several, expected one of ${names.join(", ")}`))
  }
  return names.includes(wanted)
    ? Either.right(wanted)
    : Either.left(mistake(`--kernel ${wanted}`, `no kernel of this scenario, expected one of ${names.join(", ")}`))
}

/** Refuses a scenario that demands nothing. */
export const withDemands = (loaded: LoadedScenario): Either.Either<LoadedScenario, ConfigError> =>
  demandsOf(loaded).length > 0
    ? Either.right(loaded)
    : Either.left(
      mistakeAt(loaded.tree, {
        path: ["slo"],
        text: "is missing, expected what a run has to keep, such as [\"client.faultLatency.p99 < 50 ms\"]"
      })
    )
