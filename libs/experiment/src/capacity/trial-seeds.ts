// How many seeds show what limits a capacity. A resource with which two of five fail cannot let four of five hold, so it is tried
// no further.

/** Seeds that are tried. */
export const SEEDS = 5
/** So many of them have to hold with more of a resource; if each did by the toss of a coin, they would in 3 of 16 cases. */
export const PROVING_SEEDS = 4
/** So many seeds are tried with every resource. */
export const FIRST_SEEDS = SEEDS - PROVING_SEEDS + 1
