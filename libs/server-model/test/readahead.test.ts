import { FileReadahead } from "#src/readahead.ts"
import { describe, expect, it } from "vitest"

/** Reads of one open file on an empty cache: what each read gets from the disk, as [page, pages]. */
const disk = (max: number, reads: ReadonlyArray<readonly [page: number, count: number]>) => {
  const file = new FileReadahead(max)
  const there = new Set<number>()
  return reads.map(([page, count]) => {
    const fetched: Array<readonly [number, number]> = []
    const fetch = (from: number, pages: number): void => {
      fetched.push([from, pages])
      for (let i = from; i < from + pages; i++) there.add(i)
    }
    for (let p = page; p < page + count; p++) {
      if (!there.has(p)) fetch(p, file.miss(p, page + count - p))
      const next = file.hit(p)
      if (next !== null) fetch(next.page, next.count)
    }
    file.ended(page + count - 1)
    return fetched
  })
}

describe("read-ahead of a file", () => {
  it("4 pages at a time from the beginning: windows of 8, 16 and then 32 pages, each started by the mark of the one before", () => {
    const reads = Array.from({ length: 20 }, (_, i) => [i * 4, 4] as const)
    expect(disk(32, reads).flat()).toEqual([[0, 8], [8, 16], [24, 32], [56, 32], [88, 32]])
  })

  it("one page at a time: 4 pages first", () => {
    expect(disk(32, [[0, 1], [1, 1], [2, 1]]).flat()).toEqual([[0, 4], [4, 8]])
  })

  it("at random: what was asked for, and no more", () => {
    expect(disk(32, [[100, 4], [700, 8], [300, 1]]).flat()).toEqual([[100, 4], [700, 8], [300, 1]])
  })

  it("a read that goes on where the last one ended has a window", () => {
    expect(disk(32, [[100, 4], [104, 4]]).flat()).toEqual([[100, 4], [104, 8]])
  })

  it("off: what was asked for, from the beginning too", () => {
    expect(disk(0, [[0, 4], [4, 4], [8, 31]]).flat()).toEqual([[0, 4], [4, 4], [8, 31]])
  })
})
