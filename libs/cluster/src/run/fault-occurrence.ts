// One beginning of a fault: at all its places, until it ends at each.
import type { Nanoseconds } from "@swaplab/sim"
import type { ActiveFault, Effect } from "../faults/fault-kind.ts"
import { faultNamed } from "../faults/faults.ts"
import { type FaultConfig, optionsOf } from "../scenario/faults.ts"
import type { Aftermath } from "./fault-aftermath.ts"
import type { FaultPlace } from "./fault-places.ts"
import type { FaultMark, FaultResult } from "./fault-result.ts"

/** An entry in a few words. */
export const wordsOf = (config: FaultConfig): string => faultNamed(config.what).describe(optionsOf(config))

/** A fault at one of its places. */
export class FaultAt {
  readonly place: FaultPlace
  readonly #active: ActiveFault
  /** What it had done when it ended there; null: it is on. */
  #ended: ReadonlyArray<Effect> | null = null

  constructor(place: FaultPlace, active: ActiveFault) {
    this.place = place
    this.#active = active
  }

  get on(): boolean {
    return this.#ended === null
  }

  get effects(): ReadonlyArray<Effect> {
    return this.#ended ?? this.#active.effects()
  }

  end(): void {
    if (this.#ended !== null) return
    this.#active.end()
    this.#ended = this.#active.effects()
  }
}

/** One beginning. */
export class Occurrence {
  readonly config: FaultConfig
  /** Its entry in the scenario. */
  readonly index: number
  readonly places: ReadonlyArray<FaultAt>
  readonly beganNs: Nanoseconds
  /** When it will end; Infinity: at the end of the run. */
  readonly until: Nanoseconds
  endedNs: Nanoseconds | null = null
  readonly aftermath: Aftermath

  constructor(
    config: FaultConfig,
    index: number,
    places: ReadonlyArray<FaultAt>,
    beganNs: Nanoseconds,
    until: Nanoseconds,
    aftermath: Aftermath
  ) {
    this.config = config
    this.index = index
    this.places = places
    this.beganNs = beganNs
    this.until = until
    this.aftermath = aftermath
  }

  end(now: Nanoseconds): void {
    if (this.endedNs !== null) return
    for (const at of this.places) at.end()
    this.endedNs = now
  }

  /** What it has done, all places together. */
  get effects(): ReadonlyArray<Effect> {
    const sums = new Map<string, number>()
    for (const { effects } of this.places) {
      for (const [what, count] of effects) sums.set(what, (sums.get(what) ?? 0) + count)
    }
    return [...sums]
  }

  /** It has hit something. */
  get hit(): boolean {
    const { hits } = faultNamed(this.config.what)
    return this.effects.some(([what, count]) => what === hits && count > 0)
  }

  mark(): FaultMark {
    const { beganNs, config, endedNs, index, places } = this
    return {
      entry: index,
      what: config.what,
      words: wordsOf(config),
      where: places.map(({ place }) => place.name),
      beganNs,
      endedNs
    }
  }

  result(): FaultResult {
    const { aftermath, effects, hit } = this
    return {
      ...this.mark(),
      effects: effects.map(([what, count]) => ({ what, count })),
      hit,
      ...aftermath.result()
    }
  }
}
