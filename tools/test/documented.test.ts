// The experiment of 2012 at sizes and over what nobody wrote down: over canned results, and the recorded ones.
import { expect, it } from "vitest"
import { chosen, commandOf, MAP, SIZES } from "../src/documented/grid.mjs"
import { limitOf, measure, type Measured, type Run, runCommand, runsOf } from "../src/documented/measure.mjs"
import { inWords, judge, outcomeOf, RATIO, seedsHolding } from "../src/documented/outcome.mjs"
import { PAGE, pageOf } from "../src/documented/page.mjs"
import { formatPoints, type Points } from "../src/documented/results.mjs"
import { typed } from "../src/typed.mjs"
import { read } from "../src/workspace.mjs"

const RECORDED = "tools/documented/results.json"
const STALE = "stale: node tools/documented.mjs --fresh"

const run = (outcome: string, elapsedS: number, sysS = 1): Run => ({
  seed: 1,
  outcome,
  why: outcome === "completed" ? null : "tx starvation",
  progressS: outcome === "completed" ? null : elapsedS / 2,
  elapsedS,
  sysS
})
const point = (vanillaS: number, seriesS: number, slub = run("lockup", 2)): Measured => ({
  "slab-series": { command: "", runs: [run("completed", seriesS)] },
  "slab-vanilla": { command: "", runs: [run("completed", vanillaS, vanillaS / 20)] },
  "slub-vanilla": { command: "", runs: [slub] },
  "slub-series": { command: "", runs: [run("completed", seriesS)] }
})
const MARKERS = ["verdict", "sizes", "parameters", "map"].map((name) =>
  `<!-- documented: ${name} -->\n\nold\n\n<!-- end of ${name} -->`
).join("\n\n")

it.each([[100, 54, 4], [100, 98, 3], [100, 22, 3]])(
  "vanilla %d s, series %d s: %d of 4 are as documented",
  (vanilla, series, holds) => {
    expect(judge(point(vanilla, series)).holds).toBe(holds)
  }
)

it("the documented ratios hold, what is far from both does not", () => {
  for (const ratio of [1762.09 / 3240.7, 2953.96 / 4174.37]) {
    expect(judge(point(100, 100 * ratio)).answers.ratioHolds).toBe(true)
  }
  expect(judge(point(100, 100 * (RATIO.most + 0.01))).answers.ratioHolds).toBe(false)
  expect(judge(point(100, 100 * (RATIO.least - 0.01))).answers.ratioHolds).toBe(false)
})

it("keeps of a run why it stands still, and since when", () => {
  const client = { livelock: null, lockup: null, standstill: null }
  const result = (outcome: string, stuck: object) => ({
    runs: [{
      seed: 3,
      outcome,
      elapsedNs: null,
      simulatedNs: 5.5e9,
      sysNs: 2e9,
      clients: [{ ...client, ...stuck }]
    }]
  })
  const lockup = { taxonomy: "tx starvation", sinceNs: 1.25e9 }
  const kept = { seed: 3, elapsedS: 5.5, sysS: 2, why: "tx starvation", progressS: 1.25 }
  expect(runsOf(result("lockup", { lockup }))).toEqual([{ ...kept, outcome: "lockup" }])
  expect(runsOf(result("timeout", { standstill: lockup }))).toEqual([{ ...kept, outcome: "timeout" }])
  // a livelock that it got out of
  expect(runsOf(result("completed", { livelock: lockup })))
    .toEqual([{ ...kept, outcome: "completed", why: null, progressS: null }])
})

it("a kernel that is not done in time neither completes nor locks up", () => {
  const { answers, ratio } = judge({
    ...point(10, 5, run("timeout", 20)),
    "slab-vanilla": { command: "", runs: [run("timeout", 20)] }
  })
  expect(answers).toEqual({ slabCompletes: false, slubLocksUp: false, seriesComplete: true, ratioHolds: false })
  expect(ratio).toBeNull()
})

it("says of several seeds how many ended how", () => {
  const runs = [run("completed", 4), run("lockup", 2), run("completed", 6)]
  expect(inWords(outcomeOf({ command: "", runs }))).toBe("2 of 3 complete, 1 of 3 lock up")
  expect(outcomeOf({ command: "", runs })).toMatchObject({ elapsedS: 5, completed: 2, lockedUp: 1 })
  expect(inWords(outcomeOf({ command: "", runs: [run("lockup", 2)] }))).toBe("locks up after 1.0 s")
})

it("tells with which seeds all of it holds", () => {
  const second = (it: Run): Run => ({ ...it, seed: 2 })
  const both = Object.entries(point(100, 54)).map(([name, { command, runs: [first] }]) => [
    name,
    { command, runs: [first, second(name === "slab-vanilla" ? run("lockup", 3) : first)] }
  ])
  const measured: Measured = Object.fromEntries(both)
  expect(judge(measured).answers.slabCompletes).toBe(false)
  expect(seedsHolding(measured)).toEqual([1])
})

it("the others get as many times as long as SLAB with the series as the point says, or what the scenario gives", () => {
  expect(limitOf(5, [run("completed", 2.1)])).toBe(11)
  expect(limitOf(5, [run("lockup", 2.1)])).toBeNull()
  expect(limitOf(null, [run("completed", 2.1)])).toBeNull()
})

it("goes on where it was stopped, and does again what has another command", () => {
  const [at] = MAP
  const asked: Array<string> = []
  const fake = (command: ReadonlyArray<string>) => {
    asked.push(command[command.indexOf("--kernel") + 1])
    return [run("completed", 10)]
  }
  let kept: Measured = {}
  const all = measure(at, {}, (so) => {
    kept = so
  }, fake)
  expect(kept).toEqual(all)
  expect(asked).toEqual(["slab-series", "slab-vanilla", "slub-vanilla", "slub-series"])
  const { "slub-series": last, ...first } = all
  measure(at, first, () => {}, fake)
  expect(asked.slice(4)).toEqual(["slub-series"])
  measure(at, { ...all, "slub-series": { ...last, command: "another" } }, () => {}, fake)
  expect(asked.slice(5)).toEqual(["slub-series"])
})

it("a point is one setting, the same for all kernels, and has a name of its own", () => {
  const points = [...SIZES, ...MAP]
  expect(new Set(points.map(({ name }) => name)).size).toBe(points.length)
  expect(new Set(points.map((it) => typed(commandOf(it, "K", "--seeds 1", null)))).size).toBe(points.length)
  expect(chosen("hdd,e1000e").every(({ sets }) => sets.includes("server.disk=hdd"))).toBe(true)
  expect(chosen("").length).toBe(points.length)
})

it("says where all holds, or that it holds nowhere and what is nearest", () => {
  const [{ name: first }, { name: second }] = MAP
  const holding = pageOf(MARKERS, { [first]: point(100, 54), [second]: point(100, 98) })
  expect(holding).toContain("At 1 of 2 points all four are as documented")
  expect(holding).toContain(`- ${first}: ratio 0.54`)
  expect(holding).not.toContain("old")
  const nowhere = pageOf(MARKERS, { [first]: point(100, 98), [second]: point(100, 85) })
  expect(nowhere).toContain("At none of the 2 points")
  expect(nowhere.indexOf(`- ${second}: ratio 0.85`)).toBeLessThan(nowhere.indexOf(`- ${first}: ratio 0.98`))
})

const recorded: Points = JSON.parse(read(RECORDED))

it("the recorded results are whole, and written as the command writes them", () => {
  expect(read(RECORDED)).toBe(formatPoints(recorded))
  const refuse = (command: ReadonlyArray<string>): never => {
    throw new Error(`not recorded: ${typed(command)}`)
  }
  for (const it of [...SIZES, ...MAP]) measure(it, recorded[it.name] ?? {}, () => {}, refuse)
})

it("are those of the page", () => {
  expect(
    read(PAGE) === pageOf(read(PAGE), recorded) ? "" : `${PAGE} is ${STALE.replace("--fresh", "--only documents")}`
  ).toBe("")
})

it.each([
  [SIZES[0], "slub-vanilla"],
  [MAP.find(({ name }) => name.startsWith("e1000e"))!, "slub-vanilla"]
])("are what the model gives today: $name, %s", (at, kernel) => {
  const [ours] = recorded[at.name][kernel].runs
  const [now] = runCommand(commandOf(at, kernel, "--seed 1", null))
  expect(now, STALE).toEqual(ours)
})
