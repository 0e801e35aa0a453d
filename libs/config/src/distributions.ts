// Distributions of times: one row each. The parser, its messages, the JSON Schema, the reference and the tests loop over this
// table, so a new row is all that a new distribution needs.

/** Chance as a distribution draws it. `Random` of libs/sim is one. */
export interface Chance {
  /** Uniform between 0 and 1. */
  unit(): number
  /** Standard normal. */
  normal(): number
  /** Exponential. */
  exponential(mean: number): number
}

/** One parameter: a moment on the axis of time, or a length of time. */
export interface ParameterRow {
  readonly name: string
  readonly kind: "moment" | "length"
}

/** One distribution. Values are nanoseconds, one for each parameter, none negative. */
export interface DistributionRow {
  readonly parameters: ReadonlyArray<ParameterRow>
  /** What is drawn, in a few words. */
  readonly meaning: string
  /** An example for messages and the reference. */
  readonly example: string
  /** Null, or the index of the parameter that does not fit to the others and what it should have been. */
  readonly mistake: (values: ReadonlyArray<number>) => { readonly index: number; readonly expected: string } | null
  /** The mean; of a normal distribution before it is cut off at 0. */
  readonly mean: (values: ReadonlyArray<number>) => number
  /** One value; the caller rounds it. */
  readonly draw: (chance: Chance, values: ReadonlyArray<number>) => number
}

const fits = (): null => null

/** Every distribution by its name. `at` is written as its parameter alone: `10 s`. */
export const DISTRIBUTIONS = {
  at: {
    parameters: [{ name: "time", kind: "moment" }],
    meaning: "always the same",
    example: "10 s",
    mistake: fits,
    mean: ([time]) => time,
    draw: (_chance, [time]) => time
  },
  uniform: {
    parameters: [{ name: "from", kind: "moment" }, { name: "to", kind: "moment" }],
    meaning: "all times between the two are equally likely",
    example: "uniform(0 s, 30 s)",
    mistake: ([from, to]) => to >= from ? null : { index: 1, expected: "a time that is not before from" },
    mean: ([from, to]) => (from + to) / 2,
    draw: (chance, [from, to]) => from + chance.unit() * (to - from)
  },
  normal: {
    parameters: [{ name: "mean", kind: "moment" }, { name: "sd", kind: "length" }],
    meaning:
      "the normal distribution with this mean and standard deviation, cut off at 0: a negative time is drawn again",
    example: "normal(2 min, 90 s)",
    mistake: fits,
    mean: ([mean]) => mean,
    draw: (chance, [mean, sd]) => {
      // the mean is not negative, so every second draw at least is none
      for (;;) {
        const value = mean + sd * chance.normal()
        if (value >= 0) return value
      }
    }
  },
  exponential: {
    parameters: [{ name: "from", kind: "moment" }, { name: "mean", kind: "length" }],
    meaning: "from then on, after an exponential time of this mean",
    example: "exponential(0 s, 30 s)",
    mistake: fits,
    mean: ([from, mean]) => from + mean,
    draw: (chance, [from, mean]) => from + (mean === 0 ? 0 : chance.exponential(mean))
  }
} as const satisfies Record<string, DistributionRow>

/** The name of a distribution. */
export type DistributionName = keyof typeof DISTRIBUTIONS

/** Whether a text is the name of a distribution. */
export const isDistributionName = (name: string): name is DistributionName => Object.hasOwn(DISTRIBUTIONS, name)

/** Names of all distributions, in the order of the table. */
export const DISTRIBUTION_NAMES: ReadonlyArray<DistributionName> = Object.keys(DISTRIBUTIONS).filter(isDistributionName)

/** The row of a name. Its type is the row's, whatever the literal types of one row are. */
export const distributionRow = (name: DistributionName): DistributionRow => DISTRIBUTIONS[name]
