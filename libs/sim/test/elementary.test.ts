import { exp, log } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number
const LEAST = Number.MIN_VALUE
const LEAST_NORMAL = 2.2250738585072014e-308
const LARGEST = Number.MAX_VALUE

/** How many doubles lie between two of the same sign. */
const ulps = (a: number, b: number): number => {
  const bits = (x: number): bigint => new BigInt64Array(new Float64Array([x]).buffer)[0]
  const difference = bits(a) - bits(b)
  return Number(difference < 0n ? -difference : difference)
}

describe("log and exp are these numbers in every engine", () => {
  it.each([
    [0, NEGATIVE_INFINITY],
    [-0, NEGATIVE_INFINITY],
    [-1, NaN],
    [NaN, NaN],
    [POSITIVE_INFINITY, POSITIVE_INFINITY],
    [NEGATIVE_INFINITY, NaN],
    [LEAST, -744.4400719213812],
    [3e-320, -735.7286286023058],
    [LEAST_NORMAL, -708.3964185322641],
    [LARGEST, 709.782712893384],
    [1, 0],
    [2, 0.6931471805599453],
    [0.5, -0.6931471805599453],
    [10, 2.302585092994046],
    [0.1, -2.3025850929940455],
    [Math.E, 1],
    [1.0000000000000002, 2.2204460492503128e-16],
    [0.9999999999999999, -1.1102230246251565e-16],
    [1.0000009, 8.999995950816341e-7],
    [0.7071067811865475, -0.34657359027997275],
    [1.4142135623730951, 0.3465735902799727],
    [1.38, 0.3220834991691133],
    [1.42, 0.35065687161316933],
    [0.9110711391973546, -0.09313429564105888],
    [1e-300, -690.7755278982137],
    [123456789, 18.63140176616802],
    [4503599627370496, 36.04365338911715]
  ])("log(%d) = %d", (x, value) => expect(log(x)).toBe(value))

  it.each([
    [0, 1],
    [-0, 1],
    [NaN, NaN],
    [POSITIVE_INFINITY, POSITIVE_INFINITY],
    [NEGATIVE_INFINITY, 0],
    [1, 2.718281828459045],
    [-1, 0.36787944117144233],
    [0.5, 1.6487212707001282],
    [-0.5, 0.6065306597126334],
    [0.34, 1.404947590563594],
    [0.35, 1.4190675485932571],
    [1.03, 2.801065834699079],
    [1.04, 2.82921701435156],
    [-1.04, 0.35345468195878016],
    [2.326, 10.236911880921706],
    [10, 22026.465794806718],
    [-10, 0.00004539992976248485],
    [100, 2.6881171418161356e+43],
    [1e-9, 1.000000001],
    [1e-300, 1],
    [LEAST, 1],
    [709.7, 1.6549840276802644e+308],
    [709.782712893384, 1.7976931348622732e+308],
    [709.7827128933841, POSITIVE_INFINITY],
    [-707.5, 5.453232991066742e-308],
    [-708.5, 2.006132305331306e-308],
    [-740, 4.2e-322],
    [-745.1332191019411, LEAST],
    [-745.1332191019412, 0]
  ])("exp(%d) = %d", (x, value) => expect(exp(x)).toBe(value))
})

describe("beside those of the host, which are a few ulp at most from the truth themselves", () => {
  const positive = fc.double({ min: LEAST, max: LARGEST, noNaN: true })

  it("log of any positive number", () => {
    fc.assert(
      fc.property(positive, (x) => {
        const own = log(x)
        if (own === 0) expect(x).toBe(1)
        else expect(ulps(own, Math.log(x))).toBeLessThanOrEqual(2)
      }),
      { numRuns: 20_000 }
    )
  })

  it("log near 1, where the whole value is in f", () => {
    for (let i = -5000; i <= 5000; i++) {
      const x = 1 + i * 2.2e-5
      if (i !== 0) expect(ulps(log(x), Math.log(x))).toBeLessThanOrEqual(2)
    }
  })

  it.each([[-745, 709], [-1, 1], [-1e-8, 1e-8], [-745.2, -700]])("exp on [%d, %d]", (min, max) => {
    fc.assert(
      fc.property(fc.double({ min, max, noNaN: true }), (x) => {
        expect(ulps(exp(x), Math.exp(x))).toBeLessThanOrEqual(2)
      }),
      { numRuns: 10_000 }
    )
  })

  it("one takes back what the other did, and neither ever turns round", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        expect(Math.abs(log(exp(x)) - x)).toBeLessThanOrEqual(2 ** -52 * Math.max(1, Math.abs(x)))
      }),
      { numRuns: 10_000 }
    )
    let before = NEGATIVE_INFINITY
    for (let x = LEAST_NORMAL / 4; x < LARGEST / 2; x *= 1.37) {
      expect(log(x)).toBeGreaterThan(before)
      before = log(x)
    }
  })
})
