// Which resource limits a capacity: not the busiest one, but the one of which a fifth more lets seeds hold where they failed. The
// runs are paired: the same seeds with the same number of clients, a tenth beyond what each of them carries.
import { Effect, Either } from "effect"
import type { CellResult } from "../cell.ts"
import type { RunFailure } from "../protocol.ts"
import type { Runner } from "../runner.ts"
import type { Capacity, CapacityOptions } from "./capacity.ts"
import { type Asker, drive } from "./drive.ts"
import { relaxed, RESOURCES, useOf } from "./resources.ts"
import { missesOf, Place } from "./situation.ts"

/** Seeds that are tried. */
const SEEDS = 5
/** So many of them have to hold with more of a resource; if each did by the toss of a coin, they would in 3 of 16 cases. */
export const PROVING_SEEDS = 4

/** What became of a resource. */
export interface Limit {
  readonly name: string
  /** Its mean use in runs that hold at the recommended value, from 0 to 1; null: it has no such figure. */
  readonly use: number | null
  /** Seeds that hold with a fifth more of it. */
  readonly raised: number
  readonly limits: boolean
}

/** What limits a capacity. */
export interface Bottleneck {
  /** Seeds that fail without more of anything. */
  readonly seeds: number
  readonly limits: ReadonlyArray<Limit>
  readonly failure: RunFailure | null
}

/** A run with more of a resource; −1: of none. */
interface RelaxedProbe {
  readonly row: number
  readonly index: number
  readonly level: number
}

/** The value that is tried with a seed: a tenth beyond the last that it holds. Null: there is none. */
const beyond = ({ samples, situation }: Capacity, index: number): number | null => {
  const held = samples.filter((sample) => sample.index === index && sample.holds).map(({ level }) => level)
  const failed = samples.some((sample) => sample.index === index && !sample.holds)
  const limit = held.reduce((most, level) => Math.max(most, level), 0)
  const level = limit + Math.max(1, Math.round(limit / 10))
  return limit === 0 || !failed || level > situation.ladder.values.length ? null : level
}

/** Asks for a list of runs, in its order. */
class Listed implements Asker<RelaxedProbe> {
  readonly held = new Set<string>()
  readonly answered = new Set<string>()
  readonly #probes: ReadonlyArray<RelaxedProbe>
  readonly #holds: (cell: CellResult) => boolean
  #asked = 0

  constructor(probes: ReadonlyArray<RelaxedProbe>, holds: (cell: CellResult) => boolean) {
    this.#probes = probes
    this.#holds = holds
  }

  next(): RelaxedProbe | null {
    return this.#probes[this.#asked++] ?? null
  }

  answer({ index, row }: RelaxedProbe, cell: CellResult): void {
    this.answered.add(`${row} ${index}`)
    if (this.#holds(cell)) this.held.add(`${row} ${index}`)
  }

  finished(): boolean {
    return this.answered.size === this.#probes.length
  }
}

/** Finds what limits a capacity, by runs with more of each resource. Null: it was interrupted. */
export const findBottleneck = (
  capacity: Capacity,
  options: Omit<CapacityOptions, "onProgress"> = {}
): Effect.Effect<Bottleneck | null, never, Runner> =>
  Effect.gen(function*() {
    const { low, samples, situation } = capacity
    const rows = RESOURCES.flatMap((resource) => {
      const loaded = relaxed(situation.loaded, resource, situation.ladder.path)
      // a fifth more may be more than a key takes
      return loaded === null || Either.isLeft(loaded)
        ? []
        : [{ resource, place: new Place({ ...situation, loaded: loaded.right }) }]
    })
    const base = new Place(situation)
    const seeds = [...new Set(samples.map(({ index }) => index))].flatMap((index) => {
      const level = beyond(capacity, index)
      return level === null ? [] : [{ index, level }]
    }).slice(0, SEEDS)
    const probes = [-1, ...rows.keys()].flatMap((row) => seeds.map((seed) => ({ row, ...seed })))
    const asker = new Listed(probes, (cell) => missesOf(situation, cell).length === 0)
    const driven = yield* drive(asker, {
      ...options,
      jobOf: ({ index, level, row }) => (row < 0 ? base : rows[row].place).job(index, level)
    })
    if (driven.ended !== "finished") return null
    const failing = seeds.filter(({ index }) => asker.answered.has(`-1 ${index}`) && !asker.held.has(`-1 ${index}`))
    const near = samples.filter(({ holds, level }) => holds && level === low)
    return {
      seeds: failing.length,
      limits: rows.map(({ resource }, row) => {
        const uses = near.flatMap(({ cell }) => useOf(resource, cell) ?? [])
        const raised = failing.filter(({ index }) => asker.held.has(`${row} ${index}`)).length
        return {
          name: resource.name,
          use: uses.length === 0 ? null : uses.reduce((sum, use) => sum + use, 0) / uses.length,
          raised,
          limits: raised >= PROVING_SEEDS
        }
      }),
      failure: driven.failure
    }
  })
