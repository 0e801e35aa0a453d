import { SERIES } from "#src/ablation.ts"
import { runJobs } from "#src/jobs.ts"
import { STEADY_FIGURES } from "#src/sweep/sweep-metrics.ts"
import { metricsOf, type RunResult, type Scenario } from "@swaplab/cluster"
import {
  ablationCsv,
  ablationJson,
  type AblationOptions,
  type AblationResult,
  cellOf,
  concludeAblation,
  layerInProcess,
  makeAblation,
  type PatchVerdict,
  RunFailure
} from "@swaplab/experiment"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { fakeResult, KERNELS, scenarioWith } from "./fake.ts"

const OPTIONS: AblationOptions = { allocators: [], patches: [], base: "v3.6", vanilla: "v3.5", plus: false }

const plan = (options: Partial<AblationOptions> = {}, changes = {}) =>
  Either.getOrThrowWith(makeAblation(scenarioWith(changes), { ...OPTIONS, ...options }), (error) => error)

/** A simulation that is made up; equal words for equal runs. */
type Rule = (spec: Scenario["kernels"][string], seed: number) => "completed" | "lockup"

const ablate = (rule: Rule, options: Partial<AblationOptions> = {}, seeds = 10): AblationResult => {
  const ablation = plan(options, { seeds })
  const runner = layerInProcess((scenario, kernel, seed): RunResult => {
    const outcome = rule(scenario.kernels[kernel], seed)
    // throttling shifts events and changes nothing else
    const shifted = scenario.kernels[kernel].patches.throttle === false ? " shifted" : ""
    return { ...fakeResult(kernel, seed, outcome), fingerprint: `${outcome} ${seed}${shifted}` }
  })
  const results = Effect.runSync(
    Effect.provide(runJobs(ablation.jobs, { reduce: (job, run) => cellOf(job.loaded.scenario, run) }), runner)
  )
  return concludeAblation(ablation, results)
}

const verdictsOf = (result: AblationResult, side: "without" | "alone"): ReadonlyMap<string, PatchVerdict | undefined> =>
  new Map(result.findings.map((finding) => [`${finding.allocator} ${finding.patch}`, finding[side]?.verdict]))

describe("the plan of an ablation", () => {
  it("has eighteen kernels an allocator: all patches, each of sixteen taken out, vanilla", () => {
    const { allocators, jobs, variants } = plan()
    expect(SERIES).toHaveLength(16)
    expect(allocators).toEqual(["slab", "slub"])
    expect(variants).toHaveLength(2 * 18)
    expect(jobs).toHaveLength(2 * 18 * 5)
    expect(jobs.map(({ id }) => id)).toEqual(jobs.map((_, i) => i))
    expect(variants.filter(({ patch }) => patch === "throttle")).toEqual([
      {
        kernel: "slab-without-throttle",
        allocator: "slab",
        change: "without",
        patch: "throttle",
        number: 15,
        spec: { allocator: "slab", base: "v3.6", patches: { throttle: false } }
      },
      {
        kernel: "slub-without-throttle",
        allocator: "slub",
        change: "without",
        patch: "throttle",
        number: 15,
        spec: { allocator: "slub", base: "v3.6", patches: { throttle: false } }
      }
    ])
  })

  it("has each patch on vanilla too if it is wanted", () => {
    const { variants } = plan({ plus: true, allocators: ["slub"] })
    expect(variants.map(({ kernel }) => kernel).slice(17, 20)).toEqual([
      "slub-vanilla",
      "slub-with-slab-knowledge",
      "slub-with-slub-fast-path"
    ])
    expect(variants).toHaveLength(18 + 16)
    expect(variants[33].spec).toEqual({ allocator: "slub", base: "v3.5", patches: { "throttle-counter": true } })
  })

  it("takes out only what a base has, and puts on only what vanilla has not", () => {
    const { variants } = plan({
      allocators: ["slab"],
      base: "v9",
      vanilla: "v9",
      plus: true,
      patches: ["slub-fast-path", "throttle"]
    })
    expect(variants.map(({ kernel }) => kernel)).toEqual([
      "slab-all",
      "slab-without-throttle",
      "slab-vanilla",
      "slab-with-slub-fast-path"
    ])
  })

  it("leaves the machines and their load as they are", () => {
    const given = scenarioWith({
      clients: [{ ram: "128 MiB", swap: "640 MiB" }],
      compare: { baseline: "slab-vanilla", against: "slab-series" }
    })
    const { loaded } = Either.getOrThrow(makeAblation(given, OPTIONS))
    expect({ ...loaded.scenario, kernels: 0, expect: 0, compare: 0 }).toEqual({
      ...given.scenario,
      kernels: 0,
      expect: 0,
      compare: 0
    })
    expect(loaded.warnings).toEqual([])
  })

  it("keeps the kernels that groups of clients name", () => {
    const { loaded } = plan({}, { clients: [{ name: "a", kernel: "slub-vanilla" }, { name: "b" }] })
    expect(loaded.scenario.kernels["slub-vanilla"]).toMatchObject({ allocator: "slub", base: "v3.5" })
  })

  it.each([
    [{ patches: ["throtle"] }, {}, "--patch throtle: expected one of slab-knowledge, slub-fast-path,"],
    [
      { patches: ["rmem-exemption"], base: "v3.5" },
      {},
      "--patch rmem-exemption: is not in v3.5; --plus puts it on v3.5"
    ],
    [
      { patches: ["throttle", "rmem-exemption"], base: "v3.5", vanilla: "v3.6-P" },
      {},
      "--patch throttle: is not in v3.5, and v3.6-P has it already"
    ],
    [{ base: "v3.7" }, {}, "--base v3.7: expected one of v3.5, feb-2012, v9, v3.6, v3.6-P"],
    [{ vanilla: "3.5" }, {}, "--vanilla 3.5: expected one of v3.5,"],
    [{ allocators: ["slob"] }, {}, "--allocator slob: expected one of slab, slub"],
    [
      {},
      { clients: [{ kernel: "slab-series" }] },
      "fake.yaml: clients: every group names its own kernel, expected one"
    ],
    [
      {},
      {
        kernels: { ...KERNELS, "slab-all": KERNELS["slab-vanilla"] },
        clients: [{ name: "a" }, { name: "b", kernel: "slab-all" }]
      },
      "fake.yaml: kernels.slab-all: ablate uses this name, choose another"
    ]
  ])("is refused for %j %j", (options, changes, message) => {
    const refused = makeAblation(scenarioWith(changes), { ...OPTIONS, ...options })
    expect(Either.isLeft(refused) && refused.left.message).toContain(message)
  })
})

describe("what an ablation says about a patch", () => {
  /** SLUB needs nbd-memalloc, and that is enough; SLAB never locks up. */
  const needsNbd: Rule = ({ allocator, base, patches }) =>
    allocator === "slub" && !(patches["nbd-memalloc"] ?? base === "v3.6") ? "lockup" : "completed"

  it("is whether it is necessary, and sufficient", () => {
    const result = ablate(needsNbd, { plus: true })
    const without = verdictsOf(result, "without")
    expect(without.get("slub nbd-memalloc")).toBe("necessary")
    expect(without.get("slub throttle")).toBe("not needed")
    expect(without.get("slab nbd-memalloc")).toBe("no effect")
    expect([...without.values()].filter((verdict) => verdict === "no effect")).toHaveLength(32 - 3)
    const alone = verdictsOf(result, "alone")
    expect(alone.get("slub nbd-memalloc")).toBe("sufficient")
    expect(alone.get("slub throttle")).toBe("no effect")
    expect([...alone.values()].filter((verdict) => verdict === "sufficient")).toHaveLength(1)
  })

  it("carries the intervals, the class and the paired times", () => {
    const result = ablate(needsNbd)
    const nbd = result.findings.find(({ allocator, patch }) => allocator === "slub" && patch === "nbd-memalloc")
      ?.without
    expect(nbd?.reference).toMatchObject({ runs: 10, completed: 10, lockup: 0 })
    expect(nbd?.changed).toMatchObject({ runs: 10, completed: 0, lockup: 10, elapsedNs: null })
    // Wilson's interval of 0 of 10
    expect(nbd?.changed.completedShare.high).toBeCloseTo(0.2775, 4)
    expect(nbd).toMatchObject({ seeds: 10, equal: 0, elapsedDifference: null })
    const throttle = result.findings.find(({ patch }) => patch === "throttle")?.without
    expect(throttle?.elapsedDifference).toEqual({ value: 0, low: 0, high: 0 })
  })

  // 3 seeds: 0 of 3 reaches up to 56 %, 3 of 3 down to 44 %
  it("is nothing firm where intervals overlap", () => {
    expect(verdictsOf(ablate(needsNbd, {}, 3), "without").get("slub nbd-memalloc")).toBe("undecided")
  })

  it("is that it helps, or harms, in between", () => {
    const some: Rule = (spec, seed) =>
      spec.patches["nbd-memalloc"] === false && seed > 2
        ? "lockup"
        : spec.base === "v3.6" || spec.patches["throttle"] === true || seed > 8
        ? "completed"
        : "lockup"
    const result = ablate(some, { plus: true, allocators: ["slub"] })
    expect(verdictsOf(result, "without").get("slub nbd-memalloc")).toBe("helps")
    expect(verdictsOf(result, "alone").get("slub throttle")).toBe("sufficient")
    const harmful: Rule = ({ base, patches }) =>
      base === "v3.6" && patches["gfp-memalloc"] !== false || patches["slab-knowledge"] === true
        ? "lockup"
        : "completed"
    const harm = ablate(harmful, { plus: true, allocators: ["slub"] })
    expect(verdictsOf(harm, "without").get("slub gfp-memalloc")).toBe("harms")
    expect(verdictsOf(harm, "without").get("slub throttle")).toBe("nothing to show")
    expect(verdictsOf(harm, "alone").get("slub slab-knowledge")).toBe("harms")
  })
})

describe("the files of an ablation", () => {
  const result = ablate(({ base }) => base === "v3.5" ? "lockup" : "completed", { patches: ["throttle"] }, 2)

  it("hold every run, and nothing of the host", () => {
    const json = JSON.parse(JSON.stringify(ablationJson(result))) as { runs: ReadonlyArray<object>; kernels: unknown }
    expect(json.runs).toHaveLength(12)
    expect(JSON.stringify(json)).not.toContain("cpuSeconds")
    expect(json).toMatchObject({ format: 1, base: "v3.6", vanilla: "v3.5", seeds: [1, 2], interrupted: false })
    expect(json).toMatchObject({
      patches: [
        { allocator: "slab", patch: "throttle", number: 15, alone: null, without: { verdict: "not needed" } },
        {}
      ]
    })
  })

  it("name the runs that were lost", () => {
    const lost = new RunFailure({ kernel: "slab-all", seed: 2, reason: "a page was freed twice", stack: "at host" })
    expect(ablationJson({ ...result, failures: [lost] })).toMatchObject({
      failures: [{ kernel: "slab-all", seed: 2, reason: "a page was freed twice" }]
    })
    expect(JSON.stringify(ablationJson({ ...result, failures: [lost] }))).not.toContain("at host")
    expect(ablationJson(result)).toMatchObject({ failures: [] })
  })

  it("have a line a run as CSV, all of as many fields", () => {
    const [header, ...lines] = ablationCsv(result).trimEnd().split("\n")
    expect(header).toMatch(/^allocator,change,patch,seed,outcome,lockup_class,/)
    expect(lines).toHaveLength(12)
    expect(lines[2]).toMatch(/^slab,without,throttle,1,completed,,/)
    expect(lines.every((line) => line.split(",").length === header.split(",").length)).toBe(true)
  })

  it("have every metric of the table, and then the steady state, in columns of the CSV", () => {
    const [header, first] = ablationCsv(result).trimEnd().split("\n").map((line) => line.split(","))
    const columns = Object.entries(metricsOf()).flatMap(([name, { scope }]) =>
      scope === "run" ? [name] : [`${name}.min`, `${name}.mean`, `${name}.max`]
    )
    const rest = header.slice(header.indexOf(columns[0]))
    expect(rest.filter((name) => !name.startsWith("steady."))).toEqual(columns)
    expect(rest.slice(columns.length)).toEqual(["steady.warmUp", ...STEADY_FIGURES.map((figure) => `steady.${figure}`)])
    // as the run itself says
    const run = result.runs[0].metrics["client.faultLatency.p99"]
    expect(run).toMatchObject({ minClient: "client-1", maxClient: "client-1" })
    expect(first[header.indexOf("client.faultLatency.p99.max")]).toBe(String(typeof run === "object" && run.max))
    expect(first[header.indexOf("elapsed")]).toBe(String(result.runs[0].elapsedNs))
  })

  it("expect of each kernel what the scenario expects by default, or of a kernel of that name", () => {
    const expectOf = (expect: object): unknown =>
      Either.getOrThrow(makeAblation(scenarioWith({ expect }), OPTIONS)).loaded.scenario.expect
    expect(expectOf({ default: "any" })).toEqual({ default: "any" })
    expect(expectOf({ "slab-vanilla": "lockup", "slab-series": "any" })).toEqual({ "slab-vanilla": "lockup" })
    expect(expectOf({})).toEqual({})
  })
})
