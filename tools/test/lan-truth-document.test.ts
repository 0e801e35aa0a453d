// docs/validation.md over canned results, and beside the recorded ones.
import { describe, expect, it } from "vitest"
import { documentsOf } from "../src/lan-truth/document.mjs"
import { GRID, keyOf } from "../src/lan-truth/grid.mjs"
import { logAxis } from "../src/lan-truth/plots.mjs"
import { formatResults, noResults } from "../src/lan-truth/results.mjs"
import { withBlocks } from "../src/page-blocks.mjs"
import { read } from "../src/workspace.mjs"

const RECORDED = "tools/lan-truth/results.json"
const MARKERS = ["platform", "settings", "summary", "cells"].map((name) =>
  `<!-- lan-truth: ${name} -->\n\nold\n\n<!-- end of ${name} -->`
).join("\n\nkept\n\n")

const figures = (p99ms: number, timeoutsPerS: number) => ({
  goodputMBs: 11.9,
  p50ms: 200,
  p95ms: 300,
  p99ms,
  timeoutsPerS,
  retransPercent: 2.5,
  jain: 0.95
})
const host = { idlePercent: 50, stolenPercent: 0.5, load: 1, lateMs: 1.5 }

const canned = () => {
  const results = noResults(8)
  results.platform = { kernel: "6.1", hz: 250, nbdkit: "1.2.3", absent: ["net.ipv4.tcp_comp_sack_nr"] }
  for (const cell of GRID) {
    const key = keyOf(cell)
    const far = cell.stack === "cubic" && cell.clients === 30
    results.real[key] = [800, 820, 790].map((p99ms) => ({ figures: figures(p99ms, 20), host, drops: 5 }))
    results.model[key] = [{ figures: figures(far ? 2000 : 850, far ? 70 : 25), drops: 5 }]
  }
  return results
}

describe("over canned results", () => {
  const page = documentsOf(MARKERS, canned())["docs/validation.md"]

  it("counts goals, floors and misses", () => {
    expect(page).toMatch(/\| p99 ms +\| within 15 %[^|]+\| 88 +\| 0 +\| 12 +\|/)
    expect(page).toMatch(/\| time-outs\/s +\|[^|]+\| 88 +\| 0 +\| 12 +\|/)
    expect(page).toMatch(/\| all of a cell \(100 cells\) +\|[^|]+\| 88 +\| 0 +\| 12 +\|/)
  })

  it("marks what is missed, with spread and error", () => {
    expect(page).toMatch(
      /\| 30 +\| 32 +\|.*\| 800 ± 20 +\| 2000 +\| \+150\.0 % ✗ \| 20\.00 ± 0\.00 \| 70\.00 \| ×3\.50 ✗ \|/
    )
    expect(page).toMatch(/\| 20 +\| 32 +\|.*\| 800 ± 20 +\| 850 +\| \+6\.3 % +\|/)
  })

  it("has a table for each stack, operation and size", () => {
    expect([...page.matchAll(/^### (.*)$/gm)].map(([, title]) => title)).toEqual([
      "reno: reads of 32 KiB",
      "reno: writes of 32 KiB",
      "reno: half reads, half writes of 32 KiB",
      "reno: writes of 124 KiB",
      "cubic: reads of 32 KiB",
      "cubic: writes of 32 KiB",
      "cubic: half reads, half writes of 32 KiB",
      "cubic: writes of 124 KiB"
    ])
  })

  it("says what it ran on, and what that lacks", () => {
    expect(page).toContain("Linux 6.1, HZ 250")
    expect(page).toContain("`net.ipv4.tcp_comp_sack_nr`")
    expect(page).toContain("300, of 8 s each")
  })

  it("keeps what stands outside of the markers, and nothing of before inside", () => {
    expect(page.split("kept").length).toBe(4)
    expect(page).not.toContain("old")
  })

  it("draws a point for each cell in each panel", () => {
    const svg = documentsOf(MARKERS, canned())["docs/validation.svg"]
    // a circle for a cell of reno and one of the legend
    expect(svg.split("<circle").length - 1).toBe(4 * 50 + 1)
  })
})

it("a page without a marker is refused", () => {
  expect(() => withBlocks("page.md", "lan-truth", "text", { cells: "x" })).toThrow(
    "page.md lacks <!-- lan-truth: cells -->"
  )
})

it("an axis keeps values inside", () => {
  const { place, ticks } = logAxis(1, 100, 200)
  expect([0, 1, 10, 100, 1000].map((value) => Math.round(place(value)))).toEqual([0, 0, 100, 200, 200])
  expect(ticks).toEqual([1, 2, 5, 10, 20, 50, 100])
  expect(logAxis(0.05, 80, 1).ticks).toEqual([0.1, 1, 10])
})

describe("the recorded results", () => {
  const results = JSON.parse(read(RECORDED))

  it("are written as the command writes them", () => {
    expect(read(RECORDED)).toBe(formatResults(results))
  })

  it.each(["real", "model"])("have three repeats of every cell of the grid on the side %s", (side) => {
    const counts = Object.entries(results[side]).map(([key, repeats]) => [key, (repeats as Array<unknown>).length])
    expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(GRID.map((cell) => [keyOf(cell), 3])))
  })

  it("are those of docs/validation.md and its pictures", () => {
    for (const [path, text] of Object.entries(documentsOf(read("docs/validation.md"), results))) {
      expect(read(path) === text ? path : `${path} is stale: node tools/lan-truth.mjs --only documents`).toBe(path)
    }
  })
})
