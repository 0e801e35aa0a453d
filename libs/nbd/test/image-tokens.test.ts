import { getU32, ImageTokens, TOKEN_BYTES } from "@swaplab/nbd"
import { expect, it } from "vitest"

it("page p of an image holds the token (writer, p + 1), whichever pages are read", () => {
  const image = new ImageTokens(1000, 77)
  const into = new Uint8Array(4 * TOKEN_BYTES)
  for (const page of [0, 500, 996]) {
    image.read(page, 4, into)
    const tokens = [0, 1, 2, 3].map((i) => [getU32(into, i * TOKEN_BYTES), getU32(into, i * TOKEN_BYTES + 4)])
    expect(tokens).toEqual([0, 1, 2, 3].map((i) => [77, page + i + 1]))
  }
  expect(() => image.read(997, 4, into)).toThrow(/past the end/)
})
