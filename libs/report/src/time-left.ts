// How long a list of runs will go on. Runs that are over give the events that one takes; the events a second since the
// beginning give the time for those that are left. Before the first one is over nobody knows what a run takes, only what it
// may take at most: the simulated time that the scenario allows.
import type { ExperimentProgress } from "@swaplab/experiment"

/** Where the runs were when they were looked at first. */
export interface Beginning {
  readonly millis: number
  readonly done: number
  readonly events: number
}

/** Seconds that are left: an estimate, or a bound. */
export interface TimeLeft {
  readonly seconds: number
  readonly words: "about" | "at most"
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)

/** What is left `millis` after the epoch of `beginning`; `limitNs` is the simulated time that a run has at most. */
export const timeLeft = (
  { done, events, running, total }: ExperimentProgress,
  beginning: Beginning,
  millis: number,
  limitNs: number | null
): TimeLeft | null => {
  const seconds = (millis - beginning.millis) / 1000
  const made = events - beginning.events
  if (seconds <= 0 || done >= total) return null
  const waiting = total - done - running.length
  const finished = done - beginning.done
  if (finished > 0) {
    const each = (made - sum(running.map((run) => run.events))) / finished
    // a run that has taken longer than the others did is taken to be halfway at least
    const rest = sum(running.map((run) => Math.max(each - run.events, run.events > each ? run.events / 2 : 0)))
    return made <= 0 || each <= 0 ? null : { seconds: (rest + waiting * each) * seconds / made, words: "about" }
  }
  const simulated = sum(running.map((run) => run.simulatedNs))
  if (limitNs === null || simulated <= 0) return null
  const rest = sum(running.map((run) => Math.max(0, limitNs - run.simulatedNs))) + waiting * limitNs
  return { seconds: rest * seconds / simulated, words: "at most" }
}

/** A time in the words of a person: `5 s`, `40 s`, `4 min`, `2 h 10 min`. Rounded up. */
export const spanText = (seconds: number): string => {
  if (seconds < 55) return `${Math.max(5, Math.ceil(seconds / 5) * 5)} s`
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const tens = Math.ceil(minutes / 10) * 10
  return tens % 60 === 0 ? `${tens / 60} h` : `${Math.floor(tens / 60)} h ${tens % 60} min`
}
