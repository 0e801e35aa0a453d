// log and exp from IEEE 754 arithmetic alone, so that chance is the same in every JavaScript engine: the language leaves the
// last bits of Math.log and Math.exp to the host.
// Used: + − × ÷ of doubles, which IEEE 754 rounds in one way only, and the bits of a double. Both functions are within 1 ulp
// of the true value. V8's own descend from the same source and agree bit for bit.
// Method and coefficients are those of fdlibm: "Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Developed at
// SunPro, a Sun Microsystems, Inc. business. Permission to use, copy, modify, and distribute this software is freely granted,
// provided that this notice is preserved."
// source: fdlibm e_log.c, e_exp.c

const f64 = new Float64Array(1)
const u32 = new Uint32Array(f64.buffer)
/** Which half of `u32` holds sign, exponent and the first 20 bits of the fraction. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

const highWord = (x: number): number => {
  f64[0] = x
  return u32[HIGH] | 0
}

/** 2^k for −1022 ≤ k ≤ 1023. */
const powerOfTwo = (k: number): number => {
  u32[1 - HIGH] = 0
  u32[HIGH] = (k + 1023) << 20
  return f64[0]
}

/** ln 2 in two parts: the first has 21 zero bits at its end, so that k times it is exact. */
const LN2_HI = 6.93147180369123816490e-01
const LN2_LO = 1.90821492927058770002e-10

const TWO_54 = 2 ** 54

/** Coefficients of R(z) ≈ (log((1+s)/(1−s)) − 2s) / s, z = s², error below 2^−58.45. */
const LG1 = 6.666666666666735130e-01
const LG2 = 3.999999999940941908e-01
const LG3 = 2.857142874366239149e-01
const LG4 = 2.222219843214978396e-01
const LG5 = 1.818357216161805012e-01
const LG6 = 1.531383769920937332e-01
const LG7 = 1.479819860511658591e-01

/**
 * Natural logarithm, within 1 ulp. x = 2^k (1 + f) with √2/2 < 1 + f < √2, then log x = k ln 2 + log(1 + f), and the latter
 * from a polynomial in s = f / (2 + f). 0 gives −Infinity, a negative number NaN.
 */
export const log = (x: number): number => {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  let k = 0
  let high = highWord(x)
  if (high < 0x00100000) {
    // subnormal: one bit of the exponent is worth as much as everywhere else after this
    k = -54
    high = highWord(x * TWO_54)
  }
  k += (high >> 20) - 1023
  high &= 0x000fffff
  // fractions from √2 on belong to the next power of two
  const carry = (high + 0x95f64) & 0x100000
  u32[HIGH] = high | (carry ^ 0x3ff00000)
  k += carry >> 20
  const f = f64[0] - 1
  if ((0x000fffff & (2 + high)) < 3) {
    // |f| < 2^−20: two terms of the series do
    if (f === 0) return k === 0 ? 0 : k * LN2_HI + k * LN2_LO
    const r = f * f * (0.5 - 0.3333333333333333 * f)
    return k === 0 ? f - r : k * LN2_HI - ((r - k * LN2_LO) - f)
  }
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const even = w * (LG2 + w * (LG4 + w * LG6))
  const odd = z * (LG1 + w * (LG3 + w * (LG5 + w * LG7)))
  const r = odd + even
  if (((high - 0x6147a) | (0x6b851 - high)) > 0) {
    // f is not small: half of its square is kept apart for the last bits
    const half = 0.5 * f * f
    return k === 0
      ? f - (half - s * (half + r))
      : k * LN2_HI - ((half - (s * (half + r) + k * LN2_LO)) - f)
  }
  return k === 0 ? f - s * (f - r) : k * LN2_HI - ((s * (f - r) - k * LN2_LO) - f)
}

/** Above this exp is Infinity, below the other it is 0. */
const OVERFLOW = 7.09782712893383973096e+02
const UNDERFLOW = -7.45133219101941108420e+02
const INV_LN2 = 1.44269504088896338700e+00

/** Coefficients of x − (x (e^x + 1) / (e^x − 1) − 2) on [0, ln 2 / 2], error below 2^−59. */
const P1 = 1.66666666666666019037e-01
const P2 = -2.77777777770155933842e-03
const P3 = 6.61375632143793436117e-05
const P4 = -1.65339022054652515390e-06
const P5 = 4.13813679705723846039e-08

/**
 * e^x, within 1 ulp. x = k ln 2 + r with |r| ≤ ln 2 / 2, then e^x = 2^k e^r, and e^r from a rational function of r.
 * Underflows to 0 by way of the subnormal numbers, overflows to Infinity.
 */
export const exp = (x: number): number => {
  if (Number.isNaN(x)) return x
  if (x > OVERFLOW) return Number.POSITIVE_INFINITY
  if (x < UNDERFLOW) return 0
  const magnitude = highWord(x) & 0x7fffffff
  let k = 0
  let high = 0
  let low = 0
  let r = x
  if (magnitude > 0x3fd62e42) {
    if (magnitude < 0x3ff0a2b2) {
      if (x === 1) return Math.E
      k = x > 0 ? 1 : -1
    } else {
      k = Math.trunc(INV_LN2 * x + (x > 0 ? 0.5 : -0.5))
    }
    high = x - k * LN2_HI
    low = k * LN2_LO
    r = high - low
  } else if (magnitude < 0x3e300000) {
    return 1 + x
  }
  const t = r * r
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))))
  if (k === 0) return 1 - ((r * c) / (c - 2) - r)
  const y = 1 - ((low - (r * c) / (2 - c)) - high)
  // in two steps where 2^k alone is no normal number
  if (k === 1024) return y * 2 * powerOfTwo(1023)
  return k >= -1021 ? y * powerOfTwo(k) : y * powerOfTwo(k + 1000) * powerOfTwo(-1000)
}
