// Where two runs that should be the same differ first. Both go on side by side, stretch by stretch, each twice as long as the one
// before up to a limit, and their fingerprints are compared at its end. A fingerprint is a hash over all events before it, so
// where two differ all later ones do: within that stretch the first event that differs is found by halving. No run is made
// twice, so a difference by chance, which another pair of runs would have elsewhere, is found, too.
import type { LoggedEvent } from "@swaplab/cluster"
import { Effect } from "effect"

/** How far a side has gone. */
export interface Stretch {
  /** Events before it, and in it. */
  readonly first: number
  readonly count: number
  /** At its end. */
  readonly fingerprint: string
  readonly simulatedNs: number
  /** The run has come to its end. */
  readonly ended: boolean
}

/** One of two runs, somewhere else: in another process, with another Node. `E`: it cannot be reached. */
export interface ComparedRun<E> {
  /** Goes on for so many events, and remembers them until the next call. */
  readonly next: (events: number) => Effect.Effect<Stretch, E>
  /** After the first `count` events of the stretch. */
  readonly fingerprintAfter: (count: number) => Effect.Effect<string, E>
  readonly event: (index: number) => Effect.Effect<LoggedEvent, E>
}

/** The first difference of two runs. */
export interface Divergence {
  /** Events that both have had, the last of them last; at most four. */
  readonly before: ReadonlyArray<LoggedEvent>
  /** What each did next; null: it was at its end. */
  readonly a: LoggedEvent | null
  readonly b: LoggedEvent | null
}

/** Two runs, compared. */
export interface ComparedRuns {
  /** Events that both have had. */
  readonly events: number
  readonly divergence: Divergence | null
}

/** Events that are told of before a difference. */
const BEFORE = 4

const FIRST_STRETCH = 1024

/** The longest stretch: what a side remembers. */
export const LONGEST_STRETCH = 65_536

/** How many events of the stretch both have had. */
const commonEvents = <E>(a: ComparedRun<E>, b: ComparedRun<E>, most: number): Effect.Effect<number, E> =>
  Effect.gen(function*() {
    let low = 0
    let high = most
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const [one, other] = yield* Effect.all([a.fingerprintAfter(middle), b.fingerprintAfter(middle)])
      if (one === other) low = middle
      else high = middle - 1
    }
    return low
  })

/** Goes through both runs to their end, or to the first difference. */
export const compareEvents = <E>(
  a: ComparedRun<E>,
  b: ComparedRun<E>,
  onProgress: (stretch: Stretch) => Effect.Effect<void> = () => Effect.void
): Effect.Effect<ComparedRuns, E> =>
  Effect.gen(function*() {
    for (let length = FIRST_STRETCH;; length = Math.min(2 * length, LONGEST_STRETCH)) {
      const [one, other] = yield* Effect.all([a.next(length), b.next(length)], { concurrency: 2 })
      yield* onProgress(one)
      const same = one.fingerprint === other.fingerprint && one.count === other.count
      if (same && one.ended && other.ended) return { events: one.first + one.count, divergence: null }
      if (same && !one.ended && !other.ended) continue
      const common = yield* commonEvents(a, b, Math.min(one.count, other.count))
      // where one run has ended and the other goes on, what it does next is in its next stretch
      const nextOf = (side: ComparedRun<E>, { count, ended }: Stretch): Effect.Effect<LoggedEvent | null, E> =>
        common < count
          ? side.event(common)
          : ended
          ? Effect.succeed(null)
          : Effect.flatMap(side.next(1), (stretch) => stretch.count > 0 ? side.event(0) : Effect.succeed(null))
      const before = yield* Effect.forEach(
        Array.from({ length: Math.min(BEFORE, common) }, (_, i) => common - Math.min(BEFORE, common) + i),
        a.event
      )
      const next = yield* Effect.all([nextOf(a, one), nextOf(b, other)])
      return { events: one.first + common, divergence: { before, a: next[0], b: next[1] } }
    }
  })
