/** Whole numbers below a bound, from a seed (not 0): the same on every machine. */
export const seeded = (seed: number): (below: number) => number => {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
