// The arithmetic of the cubic function: times in units of 1/1024 s, the factor in 1/1024, so that all of it is whole numbers.
//
//   W(t) = Wmax + C·(t − K)³,   K = ∛((Wmax − cwnd) / C),   C = 10 · bic_scale / 1024 = 0.4 segments/s³ by default
//
// Modelled: the products modulo 2^64 and the shifts of the kernel, bit for bit, from limbs of 24 bits, because a double holds 53.
// Not modelled: the rounding of the kernel's cube root, a table of 64 hand-made entries and one Newton step. The root here is
//   exact and rounded down. The kernel's is up to 0.15 % off, 0.03 % on average (Wmax − cwnd of 1 to 20,000): what it costs is
//   less than 8 ms where K is 5 s, two ticks at 250 HZ.
// source: net/ipv4/tcp_cubic.c:cubic_root, bictcp_update, cubictcp_register

/** Bits of a second of the cubic function (BICTCP_HZ). */
export const BICTCP_HZ = 10
const LIMB = 2 ** 24

/** ∛a of a whole number below 2^53, rounded down: Newton's steps in whole numbers, from above. */
export const cubeRoot = (a: number): number => {
  if (a === 0) return 0
  const bits = a < 2 ** 32 ? 32 - Math.clz32(a) : 64 - Math.clz32(Math.floor(a / 2 ** 32))
  let root = 2 ** Math.ceil(bits / 3)
  for (;;) {
    const next = Math.floor((2 * root + Math.floor(a / (root * root))) / 3)
    if (next >= root) return root
    root = next
  }
}

/** (scale · distance³ mod 2^64) >> 40, for a distance below 2^28 and a scale below 2^20. */
export const cubed = (scale: number, distance: number): number => {
  let low = distance % LIMB
  let middle = Math.floor(distance / LIMB)
  let high = 0
  for (let i = 0; i < 3; i++) {
    const by = i < 2 ? distance : scale
    const a = low * by
    low = a % LIMB
    const b = middle * by + Math.floor(a / LIMB)
    middle = b % LIMB
    high = (high * by + Math.floor(b / LIMB)) % LIMB
  }
  // bits 40 to 63: the upper 8 of the middle limb, the lower 16 of the high one
  return Math.floor(middle / 65_536) + (high % 65_536) * 256
}

/** What follows from the parameters of the module when it is loaded. */
export interface CubicScales {
  /** C in 1/1024: the kernel counts growth for a round trip of 0.1 s. */
  readonly cubeRttScale: number
  /** 1/C, with times in 1/1024 s: 2^40 over 10 · bic_scale. */
  readonly cubeFactor: number
  /** Segments acknowledged for each that Reno would add, in eighths of the window. */
  readonly betaScale: number
}

/** `cubictcp_register`. */
export const cubicScales = (bicScale: number, beta: number): CubicScales => ({
  cubeRttScale: bicScale * 10,
  cubeFactor: Math.floor(2 ** (10 + 3 * BICTCP_HZ) / (bicScale * 10)),
  betaScale: Math.floor(Math.floor((8 * (1024 + beta)) / 3) / (1024 - beta))
})
