// Which resource limits a capacity: not the busiest one, but the one of which a fifth more lets seeds hold where they failed. The
// runs are paired: the same seeds with the same number of clients, a tenth beyond what each of them carries. A resource with
// which two seeds fail can no longer prove anything, and is tried no further. What more of it gives is told by `advice.ts`.
import { Effect } from "effect"
import type { CellResult } from "../cell.ts"
import type { RunFailure } from "../protocol.ts"
import type { Runner } from "../runner.ts"
import { type Advice, adviseOn } from "./advice.ts"
import type { Capacity, CapacityOptions } from "./capacity.ts"
import { type Asker, drive, type DriveProgress, toCell } from "./drive.ts"
import { ADVICE_RUNS, Effort, type Progress } from "./forecast.ts"
import { relaxedRows, RESOURCES, useOf } from "./resources.ts"
import { cutShort, missesOf, Place } from "./situation.ts"
import { FIRST_SEEDS, PROVING_SEEDS, SEEDS } from "./trial-seeds.ts"

/** What became of a resource. */
export interface Limit {
  readonly name: string
  /** Its mean use in runs that hold at the recommended value, from 0 to 1; null: it has no such figure. */
  readonly use: number | null
  /** Seeds that were tried with a fifth more of it, and how many of them hold. */
  readonly tried: number
  readonly raised: number
  readonly limits: boolean
}

/** What limits a capacity. */
export interface Bottleneck {
  /** Seeds that fail without more of anything. */
  readonly seeds: number
  readonly limits: ReadonlyArray<Limit>
  /** Resources that the scenario has none of, or whose keys take no fifth more. */
  readonly leftOut: ReadonlyArray<string>
  /** What to change to carry more. Null: no resource limits by itself, or there was no time to look. */
  readonly advice: Advice | null
  /** How it ended: in the last two cases some of the runs are missing. */
  readonly state: "finished" | "interrupted" | "time is up"
  readonly failure: RunFailure | null
}

export interface BottleneckOptions extends Omit<CapacityOptions, "onProgress"> {
  readonly onProgress?: (progress: Progress) => Effect.Effect<void>
}

/** A run with more of a resource; −1: of none. */
interface RelaxedProbe {
  readonly row: number
  readonly index: number
  readonly level: number
}

/** What a seed carries, and the value that it is tried with: a tenth beyond that. */
export interface TriedSeed {
  readonly index: number
  readonly carries: number
  readonly level: number
}

/** Null: it is not known to carry anything, or to fail. */
const triedSeed = ({ samples, situation }: Capacity, index: number): TriedSeed | null => {
  const held = samples.filter((sample) => sample.index === index && sample.holds).map(({ level }) => level)
  const failed = samples.some((sample) => sample.index === index && !sample.holds)
  const carries = held.reduce((most, level) => Math.max(most, level), 0)
  const level = carries + Math.max(1, Math.round(carries / 10))
  return carries === 0 || !failed || level > situation.ladder.values.length ? null : { index, carries, level }
}

/** Asks for a list of runs, in its order. */
class Listed implements Asker<RelaxedProbe> {
  readonly held = new Set<string>()
  readonly answered = new Set<string>()
  readonly #holds: (cell: CellResult) => boolean
  #probes: ReadonlyArray<RelaxedProbe> = []
  #asked = 0
  #answers = 0

  constructor(holds: (cell: CellResult) => boolean) {
    this.#holds = holds
  }

  /** The runs that are asked for now. */
  list(probes: ReadonlyArray<RelaxedProbe>): void {
    this.#probes = probes
    this.#asked = 0
    this.#answers = 0
  }

  next(): RelaxedProbe | null {
    return this.#probes[this.#asked++] ?? null
  }

  answer({ index, row }: RelaxedProbe, cell: CellResult): void {
    this.#answers++
    this.answered.add(`${row} ${index}`)
    if (this.#holds(cell)) this.held.add(`${row} ${index}`)
  }

  finished(): boolean {
    return this.#answers === this.#probes.length
  }
}

/** Finds what limits a capacity, by runs with more of each resource, and what more of that gives. */
export const findBottleneck = (
  capacity: Capacity,
  { onProgress, ...options }: BottleneckOptions = {}
): Effect.Effect<Bottleneck, never, Runner> =>
  Effect.gen(function*() {
    const { low, samples, situation } = capacity
    const rows = relaxedRows(situation.loaded, situation.ladder.path).map(({ loaded, resource }) => ({
      resource,
      place: new Place({ ...situation, loaded })
    }))
    const effort = new Effort()
    for (const { cell, level } of samples) effort.add(level, cell.events)
    const base = new Place(situation)
    const seeds = [...new Set(samples.map(({ index }) => index))].flatMap((index) => triedSeed(capacity, index) ?? [])
      .slice(0, SEEDS)
    const asker = new Listed((cell) => missesOf(situation, cell).length === 0)
    const run = (probes: ReadonlyArray<RelaxedProbe>) => {
      asker.list(probes)
      return drive(asker, {
        ...options,
        reduce: toCell,
        jobOf: ({ index, level, row }) => cutShort((row < 0 ? base : rows[row].place).job(index, level), options),
        ...(onProgress === undefined
          ? {}
          : {
            onProgress: (progress: DriveProgress) =>
              onProgress({
                ...progress,
                phase: "limits",
                total: probes.length,
                eventsLeft: effort.eventsLeft(progress, {
                  runs: probes.length - progress.runs + ADVICE_RUNS,
                  levels: low * (1.1 * (probes.length - progress.runs) + 2 * ADVICE_RUNS)
                })
              })
          })
      })
    }
    const misses = (row: number): number =>
      seeds.filter(({ index }) => asker.answered.has(`${row} ${index}`) && !asker.held.has(`${row} ${index}`)).length
    const all = [-1, ...rows.keys()]
    const first = yield* run(all.flatMap((row) => seeds.slice(0, FIRST_SEEDS).map((seed) => ({ row, ...seed }))))
    const open = all.filter((row) => row < 0 || misses(row) < FIRST_SEEDS)
    const driven = first.ended !== "finished" || first.failure !== null
      ? first
      : yield* run(open.flatMap((row) => seeds.slice(FIRST_SEEDS).map((seed) => ({ row, ...seed }))))

    const failing = seeds.filter(({ index }) => asker.answered.has(`-1 ${index}`) && !asker.held.has(`-1 ${index}`))
    const known = samples.filter(({ holds, level }) => holds && level <= low)
    const highest = known.reduce((most, { level }) => Math.max(most, level), 0)
    const near = known.filter(({ level }) => level === highest)
    const limits = rows.map(({ resource }, row): Limit => {
      const uses = near.flatMap(({ cell }) => useOf(resource, cell) ?? [])
      const tried = failing.filter(({ index }) => asker.answered.has(`${row} ${index}`))
      const raised = tried.filter(({ index }) => asker.held.has(`${row} ${index}`)).length
      return {
        name: resource.name,
        use: uses.length === 0 ? null : uses.reduce((sum, use) => sum + use, 0) / uses.length,
        tried: tried.length,
        raised,
        limits: raised >= PROVING_SEEDS
      }
    })
    const found = {
      seeds: failing.length,
      limits,
      leftOut: RESOURCES.filter((resource) => rows.every((row) => row.resource !== resource)).map(({ name }) => name)
    }
    const proved = limits.findIndex((limit) => limit.limits)
    if (driven.ended !== "finished" || driven.failure !== null || proved < 0) {
      return { ...found, advice: null, state: driven.ended, failure: driven.failure }
    }
    const advised = yield* adviseOn(capacity, {
      resource: rows[proved].resource,
      use: limits[proved].use,
      next: nextOf(limits),
      seeds: failing
    }, {
      ...options,
      ...(onProgress === undefined
        ? {}
        : {
          onProgress: (progress: DriveProgress) => {
            const left = Math.max(0, ADVICE_RUNS - progress.runs)
            return onProgress({
              ...progress,
              phase: "advice",
              total: progress.runs + left,
              eventsLeft: effort.eventsLeft(progress, { runs: left, levels: low * 2 * left })
            })
          }
        })
    })
    return { ...found, ...advised }
  })

/** The busiest resource that does not limit: the one that comes next. Null: none of them has a figure. */
export const nextOf = (limits: ReadonlyArray<Limit>): Limit | null =>
  limits.filter(({ limits: proved, use }) => !proved && use !== null)
    .reduce<Limit | null>((busiest, limit) => (limit.use ?? 0) > (busiest?.use ?? -1) ? limit : busiest, null)
