// People at clients: the profiles that ship can be run, thin clients draw what programs on a server do, mistakes are told.
import { type LoadedScenario, loadScenario, NO_HOOKS, runCluster, type RunResult } from "@swaplab/cluster"
import { Effect, Either } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { filesInMemory } from "./scenario-files.ts"

const folder = new URL("../../../scenarios/profiles/", import.meta.url)
const PROFILES = readdirSync(folder)

/** A scenario that includes a profile, and the lines that it adds. */
const load = (profile: string, lines = "") =>
  Effect.runSync(Effect.either(
    loadScenario("here.yaml").pipe(
      Effect.provide(filesInMemory({
        "here.yaml":
          `name: here\ninclude: [profiles/${profile}]\nkernels: { k: { allocator: slub, base: v3.6 } }\n${lines}`,
        [`profiles/${profile}`]: readFileSync(new URL(profile, folder), "utf8")
      }))
    )
  ))

const run = ({ scenario }: LoadedScenario): RunResult => runCluster(scenario, "k", 1, NO_HOOKS)

/** What a mistake, or a warning, says; its path first. */
const said = (lines: string): ReadonlyArray<string> =>
  Either.match(load("ltsp5-fat-2012.yaml", lines), {
    onLeft: (error) => error.problems,
    onRight: ({ warnings }) => warnings
  }).map(({ path, text }) => `${path.join(".")}: ${text}`)

/** People have booted after 25 s. A blade swaps from its start; what it does goes by sizes in proportion. */
const PEOPLE = "duration: 25 s"
const LINES: Readonly<Record<string, string>> = {
  "blade-sparse.yaml": "duration: 1 s\nclients: [{ name: blade, ram: 64 MiB, swap: 64 MiB }]"
}

describe("profiles", () => {
  it.each(PROFILES)("%s is valid without a warning, and runs", (profile) => {
    const loaded = Either.getOrThrow(load(profile, LINES[profile] ?? PEOPLE))
    expect(loaded.warnings).toEqual([])
    const result = run(loaded)
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    const [{ outcome, pagesTouched }] = result.clients
    expect(["timeout", "completed"]).toContain(outcome)
    expect(pagesTouched).toBeGreaterThan(5000)
  })
})

describe("people at thin clients", () => {
  const result = run(Either.getOrThrow(load(
    "ltsp5-thin-2012.yaml",
    `duration: 2 min
clients:
  - name: client
    count: 3
    workload: { session: { mix: { browse: 0, office: 0, idle: 0, terminal: 1 } } }
`
  )))
  const [{ workload }] = result.groups

  it("have their X server in front of them, and the rest on the server", () => {
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    for (const client of result.clients) expect(client.pagesTouched).toBeGreaterThan(5000)
    expect(result.applications?.people).toBe(3)
    expect(workload.figures).toEqual({ frozen: 0, lost: 0, restarted: 0, slow: 0 })
  })

  it("send keys, and get pictures of what they do", () => {
    expect(workload.done).toBeGreaterThan(20)
    expect(workload.latencies.key.count).toBeGreaterThan(20)
    const { key, programStart } = workload.latencies
    // two events of 32 bytes each
    expect(result.applications?.inputBytes).toBe(64 * (workload.done - programStart.count))
    // a hundredth of 1.5 MiB a key
    expect(result.applications?.pictureBytes).toBeGreaterThan(15_000 * key.count)
  })
})

describe("mistakes with sessions", () => {
  const session = (options: string, more = ""): string =>
    `clients: [{ name: client, ${more} workload: { session: { ${options} } } }]\n`

  it("are told with path, value and what was expected", () => {
    const at = "clients.0.workload.session."
    expect(said(session("mix: { games: 3 }"))[0]).toMatch(new RegExp(`^${at}mix.games: .*idle, browse`))
    expect(said(session("think: -1 s"))[0]).toMatch(new RegExp(`^${at}think: got "?-1 s"?, expected`))
    expect(said(session("mix: { browse: 0, office: 0, idle: 0, terminal: 0 }"))[0])
      .toMatch(new RegExp(`^${at}mix: got all weights 0, expected a weight above 0`))
    expect(said("clients: [{ name: client, start: \"normal(9 s, -90 s)\" }]")[0]).toMatch(/^clients\.0\.start: .*-90 s/)
  })

  it("that can be run are warnings: more memory than RAM and swap", () => {
    expect(said(session("tabs: 100", "ram: 256 MiB, swap: 64 MiB,"))).toEqual([
      expect.stringMatching(/^clients\.0\.swap: 64 MiB may be too little: session maps .* RAM and swap must hold that/)
    ])
  })
})
