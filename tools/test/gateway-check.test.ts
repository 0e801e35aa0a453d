// The table of tools/gateway-check.mjs over canned results, and the side of the model.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { CELLS, PAIRS } from "../src/gateway-check/cells.mjs"
import { formatResults, pageWith, tableText } from "../src/gateway-check/document.mjs"
import { runModel } from "../src/gateway-check/runs.mjs"
import { root } from "../src/workspace.mjs"

/** What `--write` kept; null: nothing yet. */
const kept = (): { readonly text: string; readonly results: ReturnType<typeof canned> } | null => {
  const file = join(root, "tools/gateway-check/results.json")
  if (!existsSync(file)) return null
  const text = readFileSync(file, "utf8")
  return { text, results: JSON.parse(text) }
}

const canned = (medianMs: number) => ({
  host: "a host",
  model: Object.fromEntries(CELLS.map(({ name }) => [name, { MBs: 50, medianMs: 5 }])),
  real: Object.fromEntries(PAIRS.map(({ key }) => [
    key,
    [47, 48, 52].map((MBs, i) => ({
      MBs,
      medianMs,
      serverMs: 5.25,
      lateMs: [0.1, i] as const,
      heldPercent: 1,
      cpuWaitPercent: 2
    }))
  ]))
})

it("has the median of the runs, how far they lie from it, and the error of the model", () => {
  const text = tableText(canned(5))
  expect(text).toMatch(
    /\| nbdkit +\| 48\.00 ± 4\.00 \| 50\.00 \| \+4\.2 % \| 5\.00 ± 0\.00 \| 5\.00 +\| \+0\.0 % \| 5\.25 /
  )
  expect([text.includes("0.10, 1.00"), text.includes("✗")]).toEqual([true, false])
})

it("marks what misses its goal", () => {
  expect(tableText(canned(5.6))).toMatch(/\| 5\.60 ± 0\.00 \| 5\.00 +\| −10\.7 % ✗ \|/)
})

it("the model keeps to the delay and to the limit", async () => {
  for (const cell of CELLS) {
    const { MBs, medianMs } = await runModel(cell)
    // a tenth of a second may come at once, in 10 s
    if (cell.name !== "delay") expect(Math.abs(MBs / 50 - 1)).toBeLessThan(0.03)
    if (cell.median) expect(medianMs ?? 0).toBeGreaterThan(5)
    if (cell.name === "delay") expect(medianMs ?? 0).toBeLessThan(5.6)
    // else: node tools/gateway-check.mjs --write
    const recorded = kept()?.results.model[cell.name]
    if (recorded !== undefined) expect([cell.name, { MBs, medianMs }]).toEqual([cell.name, recorded])
  }
})

it("docs/validation.md has the table of what is kept; else: node tools/gateway-check.mjs --write", () => {
  const page = readFileSync(join(root, "docs/validation.md"), "utf8")
  const found = kept()
  expect(page).toBe(pageWith(page, found?.results ?? null))
  if (found === null) return
  expect(found.text).toBe(formatResults(found.results))
  // what the page says about the rows
  const missed = tableText(found.results).split("\n").filter((row) => row.includes("✗"))
  expect(missed.length).toBeGreaterThan(0)
  for (const row of missed) expect(row).toContain("the delay decides")
})

it("what is kept is read back as it was", () => {
  const results = canned(5)
  expect(JSON.parse(formatResults(results))).toEqual(results)
  const page = "a\n<!-- gateway-check: servers -->\n\nold\n\n<!-- end of servers -->\n"
  expect(pageWith(page, results)).toContain("| nbdkit")
  expect(pageWith(page, null)).toContain("Nothing is recorded")
})
