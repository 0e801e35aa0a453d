// The whole-number arithmetic of CUBIC against integers of any size and against the formula of RFC 8312.
import { cubed, cubeRoot, cubicScales } from "#src/cubic-curve.ts"
import { Random } from "@swaplab/sim"
import { describe, expect, it } from "vitest"

describe("the cube root", () => {
  it.each([[0, 0], [1, 1], [7, 1], [8, 2], [26, 2], [27, 3], [63, 3], [64, 4], [999, 9], [1000, 10], [2 ** 32, 1625]])(
    "of %i is %i",
    (a, root) => expect(cubeRoot(a)).toBe(root)
  )

  it("is exact at every cube and beside it, up to 2^53", () => {
    for (let root = 2; root <= 208_063; root += root < 3000 ? 1 : 997) {
      const cube = root ** 3
      expect([cubeRoot(cube - 1), cubeRoot(cube), cubeRoot(cube + 1)]).toEqual([root - 1, root, root])
    }
    expect(cubeRoot(Number.MAX_SAFE_INTEGER)).toBe(208_063)
  })
})

describe("the cube of a time", () => {
  it("is that of 64-bit integers, which wrap", () => {
    const random = new Random(1, "cubed")
    for (let i = 0; i < 20_000; i++) {
      const distance = random.below(2 ** (1 + random.below(28)))
      const scale = 1 + random.below(2 ** (1 + random.below(19)))
      const exact = BigInt.asUintN(64, BigInt(scale) * BigInt(distance) ** 3n) >> 40n
      expect(cubed(scale, distance)).toBe(Number(exact))
    }
    expect(cubed(410, 2 ** 28 - 1)).toBe(Number(BigInt.asUintN(64, 410n * (2n ** 28n - 1n) ** 3n) >> 40n))
  })

  it.each([[0, 0], [1024, 0], [1390, 1], [2048, 3], [5120, 50], [10_240, 400]])(
    "%i/1024 s: %i segments",
    (t, w) => expect(cubed(410, t)).toBe(w)
  )
})

describe("scales", () => {
  it("of the default parameters", () =>
    expect(cubicScales(41, 717)).toEqual({ cubeRttScale: 410, cubeFactor: 2_681_735_677, betaScale: 15 }))

  it("K is that of RFC 8312 for C = 410/1024, to 1/1024 s", () => {
    const { cubeFactor } = cubicScales(41, 717)
    for (let below = 1; below < 5000; below++) {
      const k = Math.cbrt(below / (410 / 1024)) * 1024
      expect(Math.abs(cubeRoot(cubeFactor * below) - k)).toBeLessThanOrEqual(1)
    }
  })
})
