// @ts-check
// Figures of a set of values.

/** The value below which a share of the sorted values lies. @type {(sorted: ArrayLike<number>, share: number) => number} */
export const quantile = (sorted, share) =>
  sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]

/** The middle one, or the mean of the two in the middle. @type {(values: ReadonlyArray<number>) => number} */
export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** How far the farthest value lies from the median. @type {(values: ReadonlyArray<number>) => number} */
export const spread = (values) => {
  const middle = median(values)
  return Math.max(...values.map((value) => Math.abs(value - middle)))
}

/**
 * Jain's index of fairness: 1 when all have the same, 1/n when one has everything.
 * @type {(values: ReadonlyArray<number>) => number}
 */
export const jain = (values) => {
  const sum = values.reduce((a, b) => a + b, 0)
  const squares = values.reduce((a, b) => a + b * b, 0)
  return squares === 0 ? 1 : sum * sum / (values.length * squares)
}
