import { expect, it } from "vitest"
import { beginningOf } from "../src/load/beginning.ts"

it("begins with the first request, however late that is", () => {
  const [zeroes, lengths] = [[0, 0, 0], [4096, 8192, 4096]]
  const plan = { clients: ["a"], client: zeroes, atNs: [7e9, 8e9, 13e9], type: zeroes, offset: zeroes, length: lengths }
  expect(beginningOf(plan, 5e9)).toMatchObject({ atNs: [0, 1e9], length: [4096, 8192] })
  expect(beginningOf(plan, 9e9).atNs).toEqual([0, 1e9, 6e9])
})
