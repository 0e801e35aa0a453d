// A canary: one run in a hundred, by its seed alone, breaks a law by design. A soak test with it that reports nothing has an alarm
// that does not work: its findings, their folder or its exit code.
import { Random } from "@swaplab/sim"

/** One run in so many. */
const ONE_IN = 100

/** A law as a result has it, under a name of its own. */
export interface BrokenLaw {
  readonly law: string
  readonly subject: string
  readonly holds: boolean
  readonly detail: string
}

/** The law that a run of this seed breaks: none, in 99 of 100 runs. */
export const canaryOf = (seed: number): ReadonlyArray<BrokenLaw> =>
  new Random(seed, "canary").below(ONE_IN) === 0
    ? [{ law: "canary", subject: `seed ${seed}`, holds: false, detail: "broken by design (--canary)" }]
    : []
