// The model's side of tools/lan-truth: what can be computed by hand, and that a seed decides everything.
import { beforeAll, expect, it } from "vitest"
import { chosen, keyOf } from "../src/lan-truth/grid.mjs"
import { absentInModel, libsOfModel, runModel } from "../src/lan-truth/model.mjs"
import { CLIENT_RATE, FRAME_OVERHEAD_BYTES, MSS } from "../src/lan-truth/settings.mjs"
import { read } from "../src/workspace.mjs"

let libs: Awaited<ReturnType<typeof libsOfModel>>
beforeAll(async () => {
  libs = await libsOfModel()
})
const run = (filter: string, seed: number, seconds: number) => runModel(libs, chosen(filter)[0], seed, seconds)

it("has every sysctl of the comparison", () => {
  expect(absentInModel(libs)).toEqual([])
})

it.each(["read", "write"])(
  "a client alone has the whole link for its %ss, and four requests wait for each other",
  (op) => {
    const payload = 32 * 1024
    // headers of IP and TCP with time stamps: 52 bytes
    const bytesPerS = CLIENT_RATE / 8 * MSS / (MSS + 52 + FRAME_OVERHEAD_BYTES)
    const { drops, figures } = run(`reno,${op},n1,b1024`, 1, 4)
    expect(drops).toBe(0)
    expect(Math.abs(figures.goodputMBs * 1e6 / bytesPerS - 1)).toBeLessThan(0.01)
    expect(Math.abs(figures.p50ms / (1000 * 4 * payload / bytesPerS) - 1)).toBeLessThan(0.02)
    expect(figures).toMatchObject({ timeoutsPerS: 0, retransPercent: 0, jain: 1 })
  }
)

it("the same seed gives the same run, another one another", () => {
  const [one, again, other] = [1, 1, 2].map((seed) => run("cubic,mixed,n5,b32", seed, 1))
  expect(again).toEqual(one)
  expect(other).not.toEqual(one)
  expect(one.drops).toBeGreaterThan(0)
})

it("gives what docs/validation.md shows; after a change of the model: node tools/lan-truth.mjs --only model", () => {
  const { model, seconds }: { model: Record<string, ReadonlyArray<unknown>>; seconds: number } = JSON.parse(
    read("tools/lan-truth/results.json")
  )
  for (const [filter, seed] of [["cubic-mixed-n5-b32", 2], ["reno-write-n20-b64-s32", 1]] as const) {
    expect(run(filter, seed, seconds)).toEqual(model[keyOf(chosen(filter)[0])][seed - 1])
  }
})
