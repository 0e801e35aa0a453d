// When a program collects the garbage of its documents, one document at a time. A collection reads the pages of the document
// (marking), and writes them some time later (sweeping). Documents are collected by chance once nothing was asked of the
// program for some seconds; after some minutes there is no garbage left. The document that was in front is collected soon
// after another one came before it: browsers do so when a tab is hidden.
// Modelled: which document, when, and that the program does nothing else meanwhile.
// Not modelled: collections of the young generation, whose pages every action touches anyway; a heap that shrinks.
import type { Nanoseconds, Random, Sleeps } from "@swaplab/sim"
import type { Death } from "./address-space.ts"
import type { ProgramMemory } from "./program-memory.ts"
import type { Program } from "./program.ts"

const S = 1e9
/** Mean time from marking to sweeping: of what browsing has touched, 70 % is written after 30 s, and 90 % after 60 s. */
const SWEEP_NS = 25 * S

/** A document that is to be read, or written, once that time has come. */
interface Due {
  readonly at: Nanoseconds
  readonly document: number
  readonly write: boolean
}

/** What is collected. */
export type Garbage = Pick<ProgramMemory, "collect" | "hidden" | "marked" | "opened" | "usedAt">

/** The collections of one program that runs. */
export class Collections {
  readonly #memory: Garbage
  readonly #rules: NonNullable<Program["collections"]>
  readonly #chance: Random
  #due: Array<Due> = []
  #next = 0
  #nextAt: Nanoseconds

  constructor(memory: Garbage, rules: NonNullable<Program["collections"]>, now: Nanoseconds, chance: Random) {
    this.#memory = memory
    this.#rules = rules
    this.#chance = chance
    this.#nextAt = now + this.#untilNext()
  }

  /** Does what is due. */
  *run(now: Nanoseconds): Sleeps<Death | null> {
    const { hidden, marked, opened, usedAt } = this.#memory
    const { afterNs, untilNs } = this.#rules
    const rested = now - usedAt
    for (const document of hidden.splice(0)) {
      this.#plan(document, now + this.#chance.exponential(this.#rules.hiddenNs), false)
    }
    // what one action has marked is swept at once
    const sweepAt = marked.length === 0 ? now : now + this.#chance.exponential(SWEEP_NS)
    for (const document of marked.splice(0)) this.#plan(document, sweepAt, true)
    if (now >= this.#nextAt) {
      if (opened > 0 && rested >= afterNs && rested < untilNs) this.#plan(this.#next++ % opened, now, false)
      this.#nextAt = now + this.#untilNext()
    }
    const due = this.#due.filter(({ at }) => at <= now)
    if (due.length === 0) return null
    this.#due = this.#due.filter(({ at }) => at > now)
    for (const { document, write } of due) {
      const death = yield* this.#memory.collect(document, this.#rules.share, write)
      if (death !== null) return death
      if (!write) this.#plan(document, now + this.#chance.exponential(SWEEP_NS), true)
    }
    return null
  }

  /** What is under way already is not begun again. */
  #plan(document: number, at: Nanoseconds, write: boolean): void {
    if (this.#due.every((due) => due.document !== document)) this.#due.push({ at, document, write })
  }

  /** Each document is collected as often whether one is open or many. */
  #untilNext(): Nanoseconds {
    return this.#chance.exponential(this.#rules.everyNs / Math.max(1, this.#memory.opened))
  }
}
