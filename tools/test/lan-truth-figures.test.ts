// What tools/lan-truth reads, counts and compares.
import { describe, expect, it } from "vitest"
import { parseCpuTicks, parseDrops, parseLoad, parseNetstat } from "../src/lan-truth/counters.mjs"
import { figuresOf } from "../src/lan-truth/figures.mjs"
import { chosen, GRID, keyOf } from "../src/lan-truth/grid.mjs"
import { judge, judgeAll, worst } from "../src/lan-truth/judge.mjs"
import { RequestStream } from "../src/lan-truth/requests.mjs"
import { jain, median, quantile, spread } from "../src/statistics.mjs"

describe("counters", () => {
  it("of /proc/net/snmp and netstat have nstat's names", () => {
    const text = "Tcp: RtoMin RetransSegs\nTcp: 200 17\nTcpExt: TCPTimeouts TCPLossProbes\nTcpExt: 3 0\n"
    expect(parseNetstat(text)).toEqual({
      TcpRtoMin: 200,
      TcpRetransSegs: 17,
      TcpExtTCPTimeouts: 3,
      TcpExtTCPLossProbes: 0
    })
  })

  it.each([
    ["a line without its values", "Tcp: RtoMin\n"],
    ["another group", "Tcp: RtoMin\nUdp: 200\n"],
    ["fewer values than names", "Tcp: RtoMin RtoMax\nTcp: 200\n"]
  ])("with %s are refused", (_what, text) => {
    expect(() => parseNetstat(text)).toThrow()
  })

  it("of CPUs: iowait is idle, steal is stolen, guests are part of user", () => {
    expect(parseCpuTicks("cpu  1 2 4 8 16 32 64 128 256 512\ncpu0 1 1 1 1\n")).toEqual({
      total: 255,
      idle: 24,
      stolen: 128
    })
    expect(() => parseCpuTicks("intr 1 2\n")).toThrow()
  })

  it("of the load are those of the last minute", () => {
    expect(parseLoad("0.42 1.00 2.00 1/99 1234\n")).toBe(0.42)
  })

  it("of queues: those of buckets, not of what stands inside", () => {
    const rows = [{ kind: "tbf", drops: 3 }, { kind: "bfifo", drops: 3 }, { kind: "tbf" }, { kind: "tbf", drops: 4 }]
    expect(parseDrops(JSON.stringify(rows))).toBe(7)
  })
})

describe("statistics", () => {
  it("a quantile is the first value above the share", () => {
    expect([0, 0.5, 0.95, 0.99, 1].map((share) => quantile([1, 2, 3, 4], share))).toEqual([1, 3, 4, 4, 4])
    expect(quantile([], 0.5)).toBeNaN()
  })

  it("a median needs no order, a spread is the way to the farthest", () => {
    expect(median([9, 1, 4])).toBe(4)
    expect(median([9, 1, 4, 5])).toBe(4.5)
    expect(spread([9, 1, 4])).toBe(5)
  })

  it("Jain's index: all the same, one alone, none at all", () => {
    expect(jain([3, 3, 3])).toBe(1)
    expect(jain([3, 0, 0])).toBeCloseTo(1 / 3)
    expect(jain([1, 3])).toBeCloseTo(0.8)
    expect(jain([0, 0])).toBe(1)
  })

  it("figures of a run", () => {
    expect(figuresOf({
      seconds: 2,
      bytesPerRequest: 1_448_000,
      completed: [1, 3],
      latenciesMs: [40, 10, 30, 20],
      timeouts: 5,
      retransmitted: 40
    })).toEqual({
      goodputMBs: 2.896,
      p50ms: 30,
      p95ms: 40,
      p99ms: 40,
      timeoutsPerS: 2.5,
      // 40 of 4,000 segments
      retransPercent: 1,
      jain: 0.8
    })
  })
})

describe("the grid", () => {
  it("has every combination once, and writes of 124 KiB", () => {
    expect(GRID.length).toBe(100)
    expect(new Set(GRID.map(keyOf)).size).toBe(100)
    expect(GRID.filter(({ sizeKiB }) => sizeKiB === 124).map(keyOf)).toEqual([
      "reno-write-n20-b64-s124",
      "reno-write-n20-b256-s124",
      "cubic-write-n20-b64-s124",
      "cubic-write-n20-b256-s124"
    ])
  })

  it("a filter takes cells that have all parts of one of its alternatives", () => {
    expect(chosen("").length).toBe(100)
    expect(chosen("reno,write,n20").map(keyOf)).toEqual([
      "reno-write-n20-b32-s32",
      "reno-write-n20-b64-s32",
      "reno-write-n20-b256-s32",
      "reno-write-n20-b1024-s32",
      "reno-write-n20-b64-s124",
      "reno-write-n20-b256-s124"
    ])
    expect(chosen("reno-mixed-n1-b32 cubic,s124,b64").map(keyOf)).toEqual([
      "reno-mixed-n1-b32-s32",
      "cubic-write-n20-b64-s124"
    ])
    // b1024 does not have the part b10
    expect(chosen("b10")).toEqual([])
  })

  it("requests: the same for both sides, half of the mixed ones are writes, each within the export", () => {
    const draw = (client: number, seed: number) => {
      const stream = new RequestStream("mixed", 100, client, seed)
      return Array.from({ length: 4000 }, () => stream.next())
    }
    const [one, again, other, later] = [draw(0, 1), draw(0, 1), draw(1, 1), draw(0, 2)]
    expect(one).toEqual(again)
    expect(one).not.toEqual(other)
    expect(one).not.toEqual(later)
    const writes = one.filter(({ write }) => write).length
    expect(writes).toBeGreaterThan(1800)
    expect(writes).toBeLessThan(2200)
    expect(one.every(({ place }) => place >= 0 && place < 100)).toBe(true)
    expect(new RequestStream("read", 9, 0, 1).next().write).toBe(false)
    expect(new RequestStream("write", 9, 0, 1).next().write).toBe(true)
  })
})

describe("a goal", () => {
  it.each(
    [
      ["goodputMBs", [10, 10, 10], [10.2], "goal", "+2.0 %"],
      ["goodputMBs", [10, 10, 10], [9.65], "floor", "−3.5 %"],
      ["goodputMBs", [10, 12, 10], [10.5], "missed", "+5.0 %"],
      ["p50ms", [100], [103], "goal", "+3.0 %"],
      ["p50ms", [100], [107], "missed", "+7.0 %"],
      ["p99ms", [100], [115], "goal", "+15.0 %"],
      ["p99ms", [100, 80, 100], [140], "goal", "+40.0 %"],
      ["p99ms", [100, 90, 100], [131], "floor", "+31.0 %"],
      ["p99ms", [100, 100, 100], [131], "missed", "+31.0 %"],
      ["timeoutsPerS", [10], [15], "goal", "×1.50"],
      ["timeoutsPerS", [15], [9.9], "floor", "×0.66"],
      ["timeoutsPerS", [10], [31], "missed", "×3.10"],
      ["timeoutsPerS", [0], [0.5], "goal", "-"],
      ["timeoutsPerS", [0], [1], "floor", "-"],
      ["timeoutsPerS", [0], [1.1], "missed", "-"],
      ["timeoutsPerS", [0], [0], "goal", "0"],
      ["timeoutsPerS", [2, 1, 2], [4], "goal", "×2.00"]
    ] as const
  )("%s: real %j, model %j: %s, %s", (figure, real, model, verdict, error) => {
    expect(judge(figure, real, model)).toMatchObject({ verdict, error })
  })

  it("the worst of a cell counts", () => {
    expect(worst(["goal", "floor", "goal"])).toBe("floor")
    expect(worst(["goal", "missed", "floor"])).toBe("missed")
    expect(worst(["goal"])).toBe("goal")
  })

  it("cells that one side lacks are no cells", () => {
    const figures = { goodputMBs: 1, p50ms: 1, p95ms: 1, p99ms: 1, timeoutsPerS: 0, retransPercent: 0, jain: 1 }
    const host = { idlePercent: 0, stolenPercent: 0, load: 0, lateMs: 0 }
    const [first, second] = GRID
    const results = {
      seconds: 1,
      platform: null,
      real: { [keyOf(first)]: [{ figures, host, drops: 0 }], [keyOf(second)]: [{ figures, host, drops: 0 }] },
      model: { [keyOf(second)]: [{ figures: { ...figures, p50ms: 1.05 }, drops: 0 }] }
    }
    const cells = judgeAll(GRID, keyOf, results)
    expect(cells.map(({ key, verdict }) => [key, verdict])).toEqual([[keyOf(second), "floor"]])
    expect(cells[0].of("p50ms")).toEqual({ real: 1, spread: 0, model: 1.05 })
  })
})
