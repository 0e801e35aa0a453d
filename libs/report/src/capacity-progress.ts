// The line about a search that goes on: how many runs there are and will be, the time that is left, what is known.
// The time is that of the search and of all that follows it. Events that are foreseen are divided by the events a second since the
// first one. From the first run on the most that it may take is told, an estimate once the first seed has ended.
import { plural } from "@swaplab/config"
import type { CapacitySearch, Progress, Situation } from "@swaplab/experiment"
import { Clock, Effect, Ref } from "effect"
import { unitOf, valueOf } from "./capacity-words.ts"
import { makeTicker, type ProgressOutput } from "./ticker.ts"
import { spanText } from "./time-left.ts"

const PHASES: Readonly<Record<Exclude<Progress["phase"], "search">, string>> = {
  limits: "what limits it",
  advice: "what twice of that gives"
}

/** What is known of the answer of a search. */
type Known = Pick<CapacitySearch, "low" | "high" | "seeds">

/** Text of the line; without a time where none is known. */
const capacityProgress = (
  situation: Situation,
  { atMost, phase, runs, total }: Progress,
  search: Known | null,
  secondsLeft: number | null
): string => {
  const left = secondsLeft === null ? "" : `, ${atMost === true ? "at most" : "about"} ${spanText(secondsLeft)} left`
  if (phase !== "search" || search === null) {
    return `${runs} of about ${plural(total, "run")}${left}: ${phase === "search" ? "" : PHASES[phase]}`
  }
  return `${runs} of about ${plural(total, "run")}${left}, ${plural(search.seeds.length, "seed")}, ${
    unitOf(situation)
  }: ${valueOf(situation, search.low)} to ${valueOf(situation, search.high - 1)}`
}

/** A line about a search and what follows it. */
export interface CapacityLine {
  readonly show: (progress: Progress, search: Known | null) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
}

interface State {
  /** When the first event was seen; null: not yet. */
  readonly since: number | null
  readonly phase: Progress["phase"]
  /** Events of the phases before, and those of this one at the last look. */
  readonly before: number
  readonly events: number
}

const BEGINNING: State = { since: null, phase: "search", before: 0, events: 0 }

const next = (state: State, { events, phase }: Progress, millis: number): State => ({
  since: state.since ?? (events > 0 ? millis : null),
  phase,
  before: phase === state.phase ? state.before : state.before + state.events,
  events
})

/** A progress line on an output. */
export const makeCapacityLine = (output: ProgressOutput, situation: Situation): Effect.Effect<CapacityLine> =>
  Effect.gen(function*() {
    const ticker = yield* makeTicker(output)
    const state = yield* Ref.make(BEGINNING)
    return {
      show: (progress, search) =>
        Effect.gen(function*() {
          const now = yield* Clock.currentTimeMillis
          const { before, events, since } = yield* Ref.updateAndGet(state, (last) => next(last, progress, now))
          const made = before + events
          const { eventsLeft } = progress
          const seconds = eventsLeft === null || since === null || now <= since || made === 0
            ? null
            : eventsLeft * (now - since) / 1000 / made
          yield* ticker.show(capacityProgress(situation, progress, search, seconds))
        }),
      end: ticker.end
    }
  })
