import { mmapReadAround, ondemandReadahead, RaState } from "#src/files/readahead.ts"
import { describe, expect, it } from "vitest"

// Expected values are worked out by hand from mm/readahead.c of v3.6, for a limit of 128 KiB.
const MAX = 32
const [NOTHING, WINDOW, REQUEST] = [0, 1, 2]

const fileWith = (...ranges: ReadonlyArray<readonly [from: number, to: number]>) => ({
  isCached: (page: number) => ranges.some(([from, to]) => page >= from && page < to)
})

const stateOf = (start: number, size: number, asyncSize: number, prevPage = -1): RaState =>
  Object.assign(new RaState(MAX), { start, size, asyncSize, prevPage })

/** The window that a state has: first page, page behind it, marked page. */
const windowOf = (ra: RaState) => [ra.start, ra.start + ra.size, ra.start + ra.size - ra.asyncSize]

describe("a miss at the beginning of a file", () => {
  it.each([
    { request: 1, window: [0, 4, 1] },
    { request: 2, window: [0, 4, 2] },
    { request: 3, window: [0, 8, 3] },
    { request: 4, window: [0, 8, 4] },
    { request: 8, window: [0, 16, 8] },
    { request: 9, window: [0, 32, 9] },
    { request: 31, window: [0, 32, 31] },
    // it would meet its own marker: the next window is part of it
    { request: 32, window: [0, 64, 32] },
    { request: 40, window: [0, 64, 32] }
  ])("of $request pages reads $window", ({ request, window }) => {
    const ra = new RaState(MAX)
    expect(ondemandReadahead(ra, fileWith(), false, 0, request, MAX)).toBe(WINDOW)
    expect(windowOf(ra)).toEqual(window)
  })

  it("with a smaller limit", () => {
    const windows = [16, 8, 4, 1].map((max) => {
      const ra = new RaState(max)
      ondemandReadahead(ra, fileWith(), false, 0, 1, max)
      return windowOf(ra)
    })
    expect(windows).toEqual([[0, 2, 1], [0, 2, 1], [0, 2, 1], [0, 2, 1]])
  })

  it("reads nothing where there is no memory", () => {
    const ra = new RaState(MAX)
    ondemandReadahead(ra, fileWith(), false, 0, 1, 0)
    expect(ra.size).toBe(0)
  })
})

it("a sequential read meets markers at 1, 4, 12, 28, 60, … of windows that double up to the limit", () => {
  const ra = new RaState(MAX)
  ondemandReadahead(ra, fileWith(), false, 0, 1, MAX)
  const windows = [1, 4, 12, 28, 60].map((marker) => {
    expect(ra.start + ra.size - ra.asyncSize).toBe(marker)
    expect(ondemandReadahead(ra, fileWith([0, ra.start + ra.size]), true, marker, 1, MAX)).toBe(WINDOW)
    return windowOf(ra)
  })
  expect(windows).toEqual([[4, 12, 4], [12, 28, 12], [28, 60, 28], [60, 92, 60], [92, 124, 92]])
})

describe("a miss inside a file", () => {
  it("right behind the window goes on with the next one, if its marker was passed over", () => {
    const ra = stateOf(0, 4, 3)
    expect(ondemandReadahead(ra, fileWith([0, 4]), false, 4, 1, MAX)).toBe(WINDOW)
    // [4, 12), and it begins with its own marker: [12, 28) is part of it
    expect(windowOf(ra)).toEqual([4, 28, 12])
  })

  it.each([
    { size: 1, window: [101, 113, 105] },
    { size: 2, window: [102, 114, 106] },
    { size: 3, window: [103, 121, 109] },
    { size: 15, window: [115, 177, 145] },
    { size: 20, window: [120, 184, 152] }
  ])(
    "behind a window of $size is followed by one of 4 times, then twice the size, and the one after that",
    ({ size, window }) => {
      const ra = stateOf(100, size, 0)
      ondemandReadahead(ra, fileWith(), false, 100 + size, 1, MAX)
      expect(windowOf(ra)).toEqual(window)
    }
  )

  it.each([
    { prevPage: 99, what: WINDOW, window: [100, 104, 101] },
    { prevPage: 100, what: WINDOW, window: [100, 104, 101] },
    { prevPage: 98, what: REQUEST, window: [7, 8, 7] },
    { prevPage: 101, what: REQUEST, window: [7, 8, 7] },
    { prevPage: -1, what: REQUEST, window: [7, 8, 7] }
  ])("behind page $prevPage", ({ prevPage, what, window }) => {
    const ra = stateOf(7, 1, 1, prevPage)
    expect(ondemandReadahead(ra, fileWith(), false, 100, 1, MAX)).toBe(what)
    expect(windowOf(ra)).toEqual(window)
  })

  it.each([
    // history, window: twice the next power of two of history + request, and the next one since it begins with its marker
    { cached: [99, 100], window: [100, 112, 104] },
    { cached: [95, 100], window: [100, 148, 116] },
    { cached: [40, 100], window: [100, 164, 132] },
    { cached: [90, 99], window: [7, 8, 7] }
  ])("with pages $cached in the cache", ({ cached: [from = 0, to = 0], window }) => {
    const ra = stateOf(7, 1, 1)
    ondemandReadahead(ra, fileWith([from, to]), false, 100, 1, MAX)
    expect(windowOf(ra)).toEqual(window)
  })

  it("with everything before it in the cache counts twice", () => {
    const ra = stateOf(500, 1, 1)
    // 4 pages of history alone would make a window of 16 and the next of 32
    ondemandReadahead(ra, fileWith([0, 4]), false, 4, 1, MAX)
    expect(windowOf(ra)).toEqual([4, 68, 36])
  })

  it("of more than the limit reads two windows", () => {
    const ra = stateOf(7, 1, 1)
    expect(ondemandReadahead(ra, fileWith(), false, 200, 33, MAX)).toBe(WINDOW)
    expect(windowOf(ra)).toEqual([200, 264, 232])
  })
})

describe("a marked page of another stream's window", () => {
  it.each([
    { cached: [200, 208], request: 1, window: [208, 226, 208] },
    { cached: [200, 231], request: 1, window: [231, 263, 231] },
    { cached: [200, 201], request: 1, window: [201, 205, 201] }
  ])("in front of $cached", ({ cached: [from = 0, to = 0], request, window }) => {
    const ra = stateOf(7, 1, 1)
    expect(ondemandReadahead(ra, fileWith([from, to]), true, 200, request, MAX)).toBe(WINDOW)
    expect(windowOf(ra)).toEqual(window)
  })

  it("reads nothing when more than the limit is cached already", () => {
    expect(ondemandReadahead(stateOf(7, 1, 1), fileWith([200, 240]), true, 200, 1, MAX)).toBe(NOTHING)
  })
})

describe("a fault that finds no page", () => {
  it.each([
    { offset: 100, window: [84, 116, 108] },
    { offset: 16, window: [0, 32, 24] },
    { offset: 5, window: [0, 32, 24] }
  ])("at $offset reads around it", ({ offset, window }) => {
    const ra = new RaState(MAX)
    expect(mmapReadAround(ra, offset, MAX)).toBe(WINDOW)
    expect(windowOf(ra)).toEqual(window)
  })

  it("reads nothing around it after 100 misses more than hits, and remembers at most 1,000", () => {
    const ra = new RaState(MAX)
    const results = Array.from({ length: 1200 }, () => mmapReadAround(ra, 100, MAX))
    expect(results.lastIndexOf(WINDOW)).toBe(99)
    expect(ra.mmapMiss).toBe(1000)
  })

  it("reads nothing with read-ahead off", () => {
    const ra = new RaState(0)
    expect(mmapReadAround(ra, 100, 0)).toBe(NOTHING)
    expect(ra.mmapMiss).toBe(0)
  })
})
