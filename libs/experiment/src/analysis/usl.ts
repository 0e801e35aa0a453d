// Gunther's Universal Scalability Law: X(N) = gamma N / (1 + sigma (N - 1) + kappa N (N - 1)). sigma is what is done one after
// the other (contention), kappa what each has to agree on with each other (coherency); throughput peaks at
// N = sqrt((1 - sigma) / kappa).
//
// The least squares of X are found by solving a linear problem again and again: N / X is a straight line in N - 1 and N (N - 1),
// and with the weights (X^2 / N)^2, of the X that was fitted before, its squares are those of X. A coefficient that would be
// negative is left out, since neither contention nor coherency can be. Intervals are those of 200 fits to seeds drawn with
// replacement.
import { plural } from "@swaplab/config"
import { Random } from "@swaplab/sim"
import { mean, quantile } from "simple-statistics"
import type { Estimate } from "../statistics.ts"

/** A measured point: N, and the throughputs of its runs. */
export interface UslPoint {
  readonly n: number
  readonly values: ReadonlyArray<number>
}

/** The coefficients. */
export interface UslCoefficients {
  readonly gamma: number
  readonly sigma: number
  readonly kappa: number
}

/** A fit. */
export interface UslFit extends UslCoefficients {
  /** N at the peak; null: throughput only grows. */
  readonly peak: number | null
  /** Its interval over the seeds; null where there is no peak in some fits, or one seed only. */
  readonly peakInterval: Pick<Estimate, "low" | "high"> | null
  /** Measured over fitted less one, by point. */
  readonly residuals: ReadonlyArray<number>
  /** The largest of them, without its sign. */
  readonly worst: number
  /** Whether the law describes the points: no residual above `MOST_RESIDUAL`. */
  readonly fits: boolean
}

/** Residuals beyond this say that the points follow another law. */
const MOST_RESIDUAL = 0.1
/** Three coefficients need a fourth point before anything can be said about the fit. */
const LEAST_POINTS = 4

const ROUNDS = 30
const RESAMPLES = 200

const valueAt = ({ gamma, kappa, sigma }: UslCoefficients, n: number): number =>
  gamma * n / (1 + sigma * (n - 1) + kappa * n * (n - 1))

/** Solves a small system of linear equations by elimination; null where it has no single solution. */
const solve = (
  matrix: ReadonlyArray<ReadonlyArray<number>>,
  right: ReadonlyArray<number>
): ReadonlyArray<number> | null => {
  const rows = matrix.map((row, i) => [...row, right[i]])
  const n = rows.length
  for (let i = 0; i < n; i++) {
    let pivot = i
    for (let j = i + 1; j < n; j++) if (Math.abs(rows[j][i]) > Math.abs(rows[pivot][i])) pivot = j
    ;[rows[i], rows[pivot]] = [rows[pivot], rows[i]]
    if (Math.abs(rows[i][i]) < 1e-300) return null
    for (let j = 0; j < n; j++) {
      if (j === i) continue
      const factor = rows[j][i] / rows[i][i]
      for (let k = i; k <= n; k++) rows[j][k] -= factor * rows[i][k]
    }
  }
  return rows.map((row, i) => row[n] / row[i])
}

const TERMS: ReadonlyArray<(n: number) => number> = [() => 1, (n) => n - 1, (n) => n * (n - 1)]

/** Weighted least squares of N / X in some of the terms; the others are 0. */
const linear = (
  ns: ReadonlyArray<number>,
  xs: ReadonlyArray<number>,
  weights: ReadonlyArray<number>,
  terms: ReadonlyArray<number>
): ReadonlyArray<number> | null => {
  const sum = (of: (i: number) => number): number => ns.reduce((total, _, i) => total + weights[i] * of(i), 0)
  const matrix = terms.map((a) => terms.map((b) => sum((i) => TERMS[a](ns[i]) * TERMS[b](ns[i]))))
  const solution = solve(matrix, terms.map((a) => sum((i) => TERMS[a](ns[i]) * ns[i] / xs[i])))
  return solution === null ? null : TERMS.map((_, term) => solution[terms.indexOf(term)] ?? 0)
}

/** The coefficients that describe throughputs best; null where there are none. */
const coefficientsOf = (ns: ReadonlyArray<number>, xs: ReadonlyArray<number>): UslCoefficients | null => {
  let terms: ReadonlyArray<number> = [0, 1, 2]
  let fitted = xs
  let found: UslCoefficients | null = null
  for (let round = 0; round < ROUNDS; round++) {
    const weights = fitted.map((x, i) => (x * x / ns[i]) * (x * x / ns[i]))
    const solution = linear(ns, xs, weights, terms)
    if (solution === null || solution[0] <= 0) return found
    const negative = terms.filter((term) => term > 0 && solution[term] < 0)
    if (negative.length > 0) {
      // the one that is furthest below
      const out = negative.reduce((a, b) =>
        solution[b] * TERMS[b](ns.at(-1) ?? 1) < solution[a] * TERMS[a](ns.at(-1) ?? 1) ? b : a
      )
      terms = terms.filter((term) => term !== out)
      continue
    }
    const now = { gamma: 1 / solution[0], sigma: solution[1] / solution[0], kappa: solution[2] / solution[0] }
    found = now
    fitted = ns.map((n) => valueAt(now, n))
  }
  return found
}

const peakOf = ({ kappa, sigma }: UslCoefficients): number | null =>
  kappa > 1e-12 && sigma < 1 ? Math.sqrt((1 - sigma) / kappa) : null

/** Fits the law; a text says why that is not possible. */
export const fitUsl = (points: ReadonlyArray<UslPoint>): UslFit | string => {
  const known = points.filter(({ n, values }) => n >= 1 && values.length > 0 && mean([...values]) > 0)
    .toSorted((a, b) => a.n - b.n)
  if (known.length < LEAST_POINTS) {
    return `${plural(known.length, "point")} with a throughput, ${LEAST_POINTS} are the least for three coefficients`
  }
  const ns = known.map(({ n }) => n)
  const means = known.map(({ values }) => mean([...values]))
  const found = coefficientsOf(ns, means)
  if (found === null) return "no coefficients describe the points"
  const residuals = means.map((x, i) => x / valueAt(found, ns[i]) - 1)
  const worst = Math.max(...residuals.map(Math.abs))
  const random = new Random(known.length, "usl")
  const peaks = Array.from({ length: RESAMPLES }, () => {
    const drawn = known.map(({ values }) => mean(values.map(() => values[random.below(values.length)])))
    const fit = coefficientsOf(ns, drawn)
    return fit === null ? null : peakOf(fit)
  })
  const all = peaks.filter((peak) => peak !== null)
  const several = known.every(({ values }) => values.length > 1)
  return {
    ...found,
    peak: peakOf(found),
    peakInterval: several && all.length === RESAMPLES
      ? { low: quantile(all, 0.025), high: quantile(all, 0.975) }
      : null,
    residuals,
    worst,
    fits: worst <= MOST_RESIDUAL
  }
}

/** Throughput of a fit at N. */
export const uslAt = (fit: UslCoefficients, n: number): number => valueAt(fit, n)
