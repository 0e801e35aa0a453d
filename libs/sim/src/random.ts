// Named random streams.
// Modelled: independent sequences by name, so that a new client never changes the numbers of another.
// Not modelled: cryptographic quality. xoshiro128** passes the usual batteries and costs four integer operations.
import { exp, log } from "./elementary.ts"

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k))

/** SplitMix32: spreads a 32-bit state into seeds for the generator. */
const splitmix = (state: number): number => {
  let t = (state + 0x9e3779b9) | 0
  t = Math.imul(t ^ (t >>> 16), 0x21f0aaad)
  t = Math.imul(t ^ (t >>> 15), 0x735a2d97)
  return t ^ (t >>> 15)
}

const hash = (text: string, basis: number): number => {
  let h = basis
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  return h
}

/**
 * One stream of pseudo-random numbers (xoshiro128**), named by its path: `new Random(seed, "client-3", "nbd")`.
 *
 * **When to use.** Take one stream for each thing that draws numbers, by `Sim.stream`. Streams of other names never
 * change it, so a further client leaves the numbers of the others as they are.
 *
 * **Details.** `seed` is a whole number up to 2^53; `u32` gives 32 bits, `unit` a number between 0 and 1 (neither of
 * them), `below(n)` a whole number below n ≤ 2^52. `exponential`, `normal` and `lognormal` use the logarithm of this
 * lib, which is the same on every machine.
 *
 * **Gotchas.** The parts of a path are joined by "/": ("a/b") and ("a", "b") are one stream, and two objects of one
 * name give the same numbers. Not for secrets.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number
  #spare = Number.NaN

  constructor(seed: number, ...path: ReadonlyArray<string>) {
    const name = path.join("/")
    const low = hash(name, 0x811c9dc5) ^ seed
    const high = hash(name, 0x1b873593) ^ Math.floor(seed / 4294967296)
    this.#a = splitmix(low)
    this.#b = splitmix(this.#a ^ high)
    this.#c = splitmix(this.#b ^ low)
    this.#d = splitmix(this.#c ^ high) | 1
  }

  /** Uniform integer in 0 … 2^32 − 1. */
  u32(): number {
    const b = this.#b
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9)
    const t = b << 9
    this.#c ^= this.#a
    this.#d ^= b
    this.#b = b ^ this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = rotl(this.#d, 11)
    return result >>> 0
  }

  /** Uniform in the open interval (0, 1), 52 bits: with 53 the half added below would round up to 1. */
  unit(): number {
    return ((this.u32() >>> 6) * 67108864 + (this.u32() >>> 6) + 0.5) / 4503599627370496
  }

  /** Uniform integer in 0 … n − 1, for 0 < n ≤ 2^52. */
  below(n: number): number {
    return Math.floor(this.unit() * n)
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -log(this.unit()) * mean
  }

  /** Standard normal (polar method; the second value of each pair is kept). */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const value = this.#spare
      this.#spare = Number.NaN
      return value
    }
    for (;;) {
      const u = 2 * this.unit() - 1
      const v = 2 * this.unit() - 1
      const s = u * u + v * v
      if (s >= 1 || s === 0) continue
      const m = Math.sqrt((-2 * log(s)) / s)
      this.#spare = v * m
      return u * m
    }
  }

  /** Lognormal with the given median and the standard deviation `sigma` of its logarithm. */
  lognormal(median: number, sigma: number): number {
    return median * exp(sigma * this.normal())
  }
}
