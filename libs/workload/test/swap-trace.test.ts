// The requests of a trace as a scenario has them, and what pages of a device hold.
import { DeviceContents, UNKNOWN } from "#src/trace/contents.ts"
import { largest, pagesUsed, readRequests } from "#src/trace/requests.ts"
import { describe, expect, it } from "vitest"

describe("requests", () => {
  it("are lines of time, direction and pages", () => {
    const read = readRequests("# of a client\n0 W 256+31\n\n0.000123 R 300   # one page\n")
    if ("why" in read) throw new Error(read.why)
    expect(read.count).toBe(2)
    expect([...read.atNs.subarray(0, 2)]).toEqual([0, 123_000])
    expect([...read.write.subarray(0, 2)]).toEqual([1, 0])
    expect([...read.page.subarray(0, 2)]).toEqual([256, 300])
    expect([pagesUsed(read), largest(read)]).toEqual([301, 31])
  })

  it("may have no times", () => {
    const read = readRequests("R 1\nW 2\n")
    expect("why" in read ? read : [...read.atNs.subarray(0, 2)]).toEqual([Number.NaN, Number.NaN])
  })

  it.each([
    ["", 1, "expected at least one request"],
    ["0 X 1", 1, "expected SECONDS R|W PAGE+PAGES such as 0.000123 W 256+8"],
    ["1 R 1\n0.5 R 1", 2, "expected a time that is not before that of the line before"],
    ["1 R 1\nR 1", 2, "expected a time on every line, or on none"],
    ["R 1+0", 1, "expected 1 to 1024 pages"],
    ["R 1+1025", 1, "expected 1 to 1024 pages"],
    ["90000 R 1", 1, "expected a time of at most a day"],
    ["R 999999999999", 1, "expected a page below 2^38"]
  ])("%j: line %d: %s", (text, line, why) => {
    expect(readRequests(text)).toEqual({ line, why })
  })
})

describe("contents of a device", () => {
  it("are known from the end of a write on, until the next one begins", () => {
    const contents = new DeviceContents(4)
    expect(contents.of(1)).toBe(UNKNOWN)
    const first = contents.begin(1)
    expect(contents.of(1)).toBe(UNKNOWN)
    contents.end(1, first, false)
    expect(contents.of(1)).toBe(first)
    expect(contents.begin(1)).not.toBe(first)
    expect(contents.of(1)).toBe(UNKNOWN)
  })

  it("are unknown after a write that failed, and after two that met", () => {
    const contents = new DeviceContents(4)
    contents.end(0, contents.begin(0), true)
    expect(contents.of(0)).toBe(UNKNOWN)
    const [a, b] = [contents.begin(2), contents.begin(2)]
    contents.end(2, a, false)
    contents.end(2, b, false)
    expect(contents.of(2)).toBe(UNKNOWN)
    const c = contents.begin(2)
    contents.end(2, c, false)
    expect(contents.of(2)).toBe(c)
  })
})
