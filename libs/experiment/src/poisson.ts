// The exact interval of a Poisson mean from one count (Garwood, 1936): the means at which so many events or more, and so many or
// fewer, have a probability of half of what is left over. Sums of probabilities of counts are taken, not the quantiles of a
// chi-square distribution, which are the same thing.
import { assert, exp, log } from "@swaplab/sim"

/** Halvings until a double no longer changes. */
const HALVINGS = 80

/** Probability of `count` events or fewer, of a mean above 0: each term from the one before, as logarithms. */
const atMost = (count: number, mean: number): number => {
  let sum = 0
  let logOf = -mean
  for (let k = 0; k <= count; k++) {
    sum += exp(logOf)
    logOf += log(mean / (k + 1))
  }
  return Math.min(1, sum)
}

/** Where a falling function of the mean has this value. */
const meanWhere = (of: (mean: number) => number, value: number): number => {
  let low = 0
  let high = 1
  while (of(high) > value) high *= 2
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (of(middle) > value) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Lower and upper end for the mean of a Poisson distribution of which one count is known. */
export const poissonInterval = (count: number, confidence = 0.95): readonly [low: number, high: number] => {
  assert(Number.isSafeInteger(count) && count >= 0, "a count is a whole number, 0 or more")
  const tail = (1 - confidence) / 2
  return [
    count === 0 ? 0 : meanWhere((mean) => atMost(count - 1, mean), 1 - tail),
    meanWhere((mean) => atMost(count, mean), tail)
  ]
}
