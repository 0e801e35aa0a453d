import { Random, Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"

const take = <A>(n: number, next: () => A): Array<A> => Array.from({ length: n }, next)

describe("named streams", () => {
  it("begin with these numbers, on every machine and in every release", () => {
    const sim = new Sim({ seed: 1 })
    const think = sim.stream("client-17", "think")
    expect(take(4, () => think.u32())).toEqual([4242059454, 1186452985, 1854503495, 1961420493])
    const units = sim.stream("client-17", "unit")
    expect(take(2, () => units.unit())).toEqual([0.9110711391973546, 0.28148236598183407])
    const big = new Random(2 ** 40 + 5, "lan", "loss")
    expect(take(2, () => big.u32())).toEqual([1626742292, 284717692])
  })

  it("do not change when others are made or drawn from", () => {
    const alone = new Sim({ seed: 7 })
    const expected = take(100, ((stream) => () => stream.u32())(alone.stream("client-1", "think")))
    const crowd = new Sim({ seed: 7 })
    const other = crowd.stream("client-0", "think")
    other.u32()
    const mine = crowd.stream("client-1", "think")
    const mixed = take(100, () => {
      other.u32()
      crowd.stream("client-2", "think").u32()
      return mine.u32()
    })
    expect(mixed).toEqual(expected)
  })

  it("differ by name, by seed and by the high half of the seed", () => {
    const first = new Set<number>()
    for (const seed of [1, 2, 2 ** 32 + 1, 2 ** 33 + 1]) {
      for (let client = 0; client < 500; client++) {
        for (const use of ["think", "nbd", "loss"]) first.add(new Random(seed, `client-${client}`, use).u32())
      }
    }
    // of 6,000 random 32-bit numbers 0.004 pairs are equal
    expect(first.size).toBe(6000)
  })
})

describe("quality", () => {
  it.each(["think", "nbd", "client-2"])("stream %s fills 64 bins evenly", (name) => {
    const stream = new Random(42, name)
    const bins = new Float64Array(64)
    const draws = 64_000
    for (let i = 0; i < draws; i++) bins[stream.below(64)]++
    let chiSquare = 0
    for (const count of bins) chiSquare += (count - 1000) ** 2 / 1000
    // 63 degrees of freedom: 99.99 % lie below 113, 0.01 % below 30
    expect(chiSquare).toBeLessThan(113)
    expect(chiSquare).toBeGreaterThan(30)
  })

  it("the first numbers of many streams are even, too, and neighbours are not correlated", () => {
    const n = 20_000
    const firsts = Array.from({ length: n }, (_, i) => new Random(1, `client-${i}`, "think").unit())
    const mean = firsts.reduce((sum, x) => sum + x, 0) / n
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n))
    let covariance = 0
    for (let i = 1; i < n; i++) covariance += (firsts[i] - 0.5) * (firsts[i - 1] - 0.5)
    expect(Math.abs(covariance / n * 12)).toBeLessThan(4 / Math.sqrt(n))
  })

  it("each of the 32 bits is set half of the time", () => {
    const stream = new Random(3, "bits")
    const ones = new Int32Array(32)
    for (let i = 0; i < 10_000; i++) {
      const value = stream.u32()
      for (let bit = 0; bit < 32; bit++) ones[bit] += (value >>> bit) & 1
    }
    for (const count of ones) expect(Math.abs(count - 5000)).toBeLessThan(4 * 50)
  })
})

describe("distributions", () => {
  const n = 50_000
  const meanOf = (values: ReadonlyArray<number>) => values.reduce((sum, x) => sum + x, 0) / values.length

  it("unit lies in the open interval, even at its ends", () => {
    const stream = new Random(9, "unit")
    for (let i = 0; i < n; i++) {
      const x = stream.unit()
      expect(x > 0 && x < 1).toBe(true)
    }
    const all = (bits: number) => {
      const stuck = new Random(1, "stuck")
      stuck.u32 = () => bits
      return stuck
    }
    expect(all(0).unit()).toBeGreaterThan(0)
    expect(all(0xffffffff).unit()).toBeLessThan(1)
    expect(all(0xffffffff).below(10)).toBe(9)
    expect(all(0xffffffff).below(2 ** 52)).toBe(2 ** 52 - 1)
    expect(all(0).below(10)).toBe(0)
    expect(all(0).exponential(1)).toBeLessThan(40)
  })

  it("exponential has the given mean and the memory of none", () => {
    const stream = new Random(10, "exp")
    const values = take(n, () => stream.exponential(250))
    expect(Math.abs(meanOf(values) - 250)).toBeLessThan(4 * 250 / Math.sqrt(n))
    const above = values.filter((x) => x > 250).length / n
    expect(Math.abs(above - Math.exp(-1))).toBeLessThan(0.01)
  })

  it("normal has mean 0 and variance 1; lognormal the given median", () => {
    const stream = new Random(11, "normal")
    const values = take(n, () => stream.normal())
    expect(Math.abs(meanOf(values))).toBeLessThan(4 / Math.sqrt(n))
    expect(Math.abs(meanOf(values.map((x) => x * x)) - 1)).toBeLessThan(4 * Math.SQRT2 / Math.sqrt(n))
    const below = take(n, () => stream.lognormal(40, 1.2)).filter((x) => x < 40).length / n
    expect(Math.abs(below - 0.5)).toBeLessThan(4 * 0.5 / Math.sqrt(n))
  })
})
