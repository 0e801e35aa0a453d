import { ColumnBuffer } from "@swaplab/sim"
import { describe, expect, it } from "vitest"

describe("columns of one buffer", () => {
  it("lie behind each other and do not overlap", () => {
    const columns = new ColumnBuffer(3 * (8 + 4 + 4 + 2 + 1))
    const all = [columns.float64(3), columns.int32(3), columns.uint32(3), columns.uint16(3), columns.uint8(3)]
    for (const [i, column] of all.entries()) column.fill(i + 1)
    expect(all.map((column) => [...column])).toEqual([1, 2, 3, 4, 5].map((i) => [i, i, i]))
    expect(new Set(all.map(({ buffer }) => buffer)).size).toBe(1)
  })

  it("throw where a wide one comes behind a narrow one, or the buffer ends", () => {
    const columns = new ColumnBuffer(16)
    columns.uint8(3)
    expect(() => columns.int32(1)).toThrow(RangeError)
    expect(() => new ColumnBuffer(16).float64(3)).toThrow(RangeError)
  })
})
