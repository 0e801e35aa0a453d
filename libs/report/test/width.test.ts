// No line of any report is wider than what it is drawn on: for the scenarios that ship, and for results drawn by chance.
import {
  baseInfo,
  kernelPatches,
  type LoadedScenario,
  loadScenario,
  type LockupReport,
  madeUpLockup,
  type Outcome,
  PATCHES
} from "@swaplab/cluster"
import { Files } from "@swaplab/config"
import { layerInProcess, makePlan, runExperiment } from "@swaplab/experiment"
import {
  baseTable,
  drawText,
  effectLines,
  patchTables,
  renderAblation,
  renderMap,
  renderReport,
  renderWhy,
  type Sheet
} from "@swaplab/report"
import { Effect, Either } from "effect"
import fc from "fast-check"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { ablationOf, mapOfCodes } from "./cells.ts"
import { fakeExperiment, fakeRun } from "./fake.ts"

const ESCAPE = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g")
const WIDTHS = [80, 100, 200]

/** Lines that are too wide on a sheet, escape codes not counted. */
const tooWide = (render: (sheet: Sheet) => string, width: number): ReadonlyArray<string> =>
  render({ width, colour: true }).replaceAll(ESCAPE, "").split("\n").filter((line) => line.length > width)

/** Figures of a text. */
const figuresOf = (text: string): ReadonlyArray<string> => text.match(/\d+(?:\.\d+)?/g) ?? []

const scenarios = fileURLToPath(new URL("../../../scenarios/", import.meta.url))

const load = (file: string): LoadedScenario =>
  Effect.runSync(Effect.provideService(loadScenario(join(scenarios, file)), Files, {
    look: (path) => Effect.sync(() => ({ kind: "file" as const, bytes: readFileSync(path).length })),
    read: (path) => Effect.sync(() => readFileSync(path)),
    resolve: (from, relative) => (relative === "" ? from : join(dirname(from), relative))
  }))

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,70}$/)
const words = fc.array(fc.string({ maxLength: 60 }), { maxLength: 30 }).map((parts) => parts.join(" "))
const width = fc.integer({ min: 40, max: 220 })
const outcome = fc.constantFrom<Outcome>("completed", "lockup", "oom", "timeout", "stopped", "corruption", "sigbus")

describe("the report of every scenario that ships", () => {
  const files = readdirSync(scenarios).filter((file) => file.endsWith(".yaml"))

  it.each(files)("%s", (file) => {
    const loaded = load(file)
    const runner = layerInProcess(fakeRun((kernel, seed) => ({
      outcome: kernel.includes("vanilla") ? "lockup" : "completed",
      elapsedNs: (3000 + seed) * 1e9
    })))
    const plan = Either.getOrThrow(makePlan(loaded))
    const result = Effect.runSync(Effect.provide(runExperiment(plan), runner))
    for (const columns of WIDTHS) {
      expect(tooWide((sheet) => renderReport(result, sheet), columns)).toEqual([])
      expect(tooWide((sheet) => drawText(effectLines(kernelPatches(loaded.scenario)), sheet), columns)).toEqual([])
    }
  })
})

it("the patches and the bases", () => {
  const document = [...patchTables(PATCHES), ...baseTable([baseInfo("v3.6"), baseInfo("feb-2012")], PATCHES)]
  for (const columns of WIDTHS) expect(tooWide((sheet) => drawText(document, sheet), columns)).toEqual([])
})

it("an experiment with names, figures and words drawn by chance", () => {
  const experiment = fc.record({
    kernels: fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
    client: name,
    count: fc.integer({ min: 1, max: 4 }),
    description: words,
    text: words,
    outcome,
    elapsedNs: fc.double({ min: 0, max: 1e17, noNaN: true })
  })
  fc.assert(
    fc.property(experiment, width, (drawn, columns) => {
      const result = fakeExperiment({
        kernels: Object.fromEntries(drawn.kernels.map((kernel) => [kernel, { allocator: "slab", base: "v3.6" }])),
        clients: [{ name: drawn.client, count: drawn.count }],
        description: drawn.description,
        expect: { default: "any" },
        seeds: 2
      }, () => ({ ...drawn, lockup: madeUpLockup({ text: `deadlock\n  ${drawn.text}\n` }) }))
      expect(tooWide((sheet) => renderReport(result, sheet), columns)).toEqual([])
    }),
    { seed: 20120416, numRuns: 60 }
  )
})

it("a narrow report has all figures of a wide one, each in one piece", () => {
  const letters = fc.stringMatching(/^[a-z][a-z_-]{0,60}$/)
  fc.assert(
    fc.property(
      fc.uniqueArray(letters, { minLength: 1, maxLength: 6 }),
      letters,
      width,
      fc.integer({ min: 1, max: 1e9 }),
      (kernels, client, columns, seconds) => {
        const result = fakeExperiment({
          kernels: Object.fromEntries(kernels.map((kernel) => [kernel, { allocator: "slab", base: "v3.6" }])),
          clients: [{ name: client, count: 2 }],
          expect: { default: "any" }
        }, (_, seed) => ({ outcome: "completed", elapsedNs: seconds * 1e9 + seed * 1e7 }))
        const wide = renderReport(result, { width: 10_000, colour: false })
        const narrow = new Set(figuresOf(renderReport(result, { width: columns, colour: false })))
        expect(figuresOf(wide).filter((figure) => !narrow.has(figure))).toEqual([])
      }
    ),
    { seed: 20120416, numRuns: 60 }
  )
})

it("maps and ablations drawn by chance", () => {
  const code = fc.constantFrom("c", "o", "t", "s", "tx starvation", "rx starvation", "request slots")
  const field = fc.array(code, { maxLength: 12 })
  const value = fc.string({ maxLength: 50 })
  const axes = fc.record({
    xs: fc.array(value, { minLength: 1, maxLength: 12 }),
    ys: fc.array(value, { minLength: 1, maxLength: 3 })
  })
  const loaded = load("quick.yaml")
  fc.assert(
    fc.property(axes, field, name, width, ({ xs, ys }, codes, kernel, columns) => {
      const map = mapOfCodes(ys.map(() => xs.map(() => codes)), { xs, ys, kernel })
      expect(tooWide((sheet) => renderMap(loaded, map, [], true, sheet), columns)).toEqual([])
    }),
    { seed: 20120416, numRuns: 60 }
  )
  fc.assert(
    fc.property(fc.array(code, { minLength: 1, maxLength: 9 }), width, (codes, columns) => {
      const result = ablationOf((kernel, seed) => codes[(kernel.length + seed) % codes.length], { plus: true })
      expect(tooWide((sheet) => renderAblation(result, sheet), columns)).toEqual([])
    }),
    { seed: 20120416, numRuns: 15 }
  )
})

it("an explanation drawn by chance", () => {
  fc.assert(
    fc.property(words, words, name, width, (text, reason, kernel, columns) => {
      const report: LockupReport = madeUpLockup({ text: `deadlock\n${text}` })
      const one = { patches: ["nbd-memalloc" as const], fate: "not tried" as const, ns: null, reason, unchanged: false }
      const explanation = {
        lockup: { ...report, kernel, seed: 1 },
        report,
        closeUp: { timesNs: new Float64Array(0), columns: [] },
        momentNs: 2e8,
        switchNs: 1e8,
        single: [one],
        together: one,
        enough: one.patches
      }
      expect(tooWide((sheet) => renderWhy(explanation, sheet), columns)).toEqual([])
    }),
    { seed: 20120416, numRuns: 100 }
  )
})
