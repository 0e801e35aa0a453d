// Thin clients: their programs run on a server that swaps to a disk of its own, pictures and input go over the LAN.
import { decodeScenario, NO_HOOKS, runCluster } from "@swaplab/cluster"
import { field, whole } from "@swaplab/config"
import { Process, type Sleeps } from "@swaplab/sim"
import { equalProcesses, workload, WORKLOADS, writeAll } from "@swaplab/workload"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

const MIB = 2 ** 20
const SHOWS = 3
const KEY_BYTES = 32
const PICTURE_BYTES = 300_001
const PICTURES_IN_A_ROW = 20

/** A person lets a program write its memory, and sees a picture after each walk. */
const shows = workload({
  slot: "workload",
  description: "Walks over memory with a picture after each.",
  options: {
    mib: field(whole(1), 6, "Size.")
  },
  processes: ({ mib }, { half }) => equalProcesses(half === "screen" ? 0 : 1, half === "screen" ? 0 : mib * MIB),
  divides: true,
  start: (host) => {
    const { client, display, done, fork, latency } = host
    fork(0, "shows", function*(task) {
      for (let version = 1; version <= SHOWS; version++) {
        const from = client.sim.now
        if (display !== null) yield* display.input(task, KEY_BYTES)
        const exit = yield* writeAll(client, task, version)
        if (exit !== null) return exit
        if (display !== null) yield* display.picture(task, PICTURE_BYTES)
        yield* task.settle()
        latency(display === null ? "local" : "remote").record(client.sim.now - from)
      }
      done()
      return "completed"
    })
  },
  operations: null,
  metrics: {
    remote: { kind: "latency", unit: null, meaning: "pictures of programs on a server" },
    local: { kind: "latency", unit: null, meaning: "pictures of programs on the client" }
  },
  shrink: [],
  describe: () => []
})

/** A person looks at pictures of the same size, one right after the other, while a program takes all CPU time. */
const glances = workload({
  slot: "workload",
  description: "Pictures in a row beside a program that computes.",
  options: {},
  processes: (_, { half }) => equalProcesses(half === "screen" ? 0 : 1, half === "screen" ? 0 : MIB),
  divides: true,
  start: (host) => {
    const { client: { sim }, display, done, fork, name } = host
    let over = false
    fork(0, "computes", function*(task) {
      while (!over) {
        task.user(1e6)
        yield* task.settle()
      }
      return "completed"
    })
    const person = new Process(sim, `${name} person`)
    person.daemon = true
    const picture = function*(who: Process): Sleeps<void> {
      if (display !== null) yield* display.picture(who, PICTURE_BYTES)
    }
    const looks = function*(): Sleeps<void> {
      for (let seen = 0; seen < PICTURES_IN_A_ROW; seen++) yield* picture(person)
      over = true
      done()
    }
    sim.spawn(person, person.program(looks))
  },
  operations: null,
  metrics: {},
  shrink: [],
  describe: () => []
})

/** The kernel of the thin client kills the process there. */
const dies = workload({
  slot: "workload",
  description: "A process on the thin client that is killed.",
  options: {},
  processes: () => equalProcesses(1, MIB),
  divides: true,
  start: ({ display, done }) => {
    display?.terminal.fork(0, "X", function*() {
      done()
      return "killed"
    })
  },
  operations: null,
  metrics: {},
  shrink: [],
  describe: () => []
})
const workloads = { ...WORKLOADS, shows, glances, dies }

const scenarioOf = (changes: Readonly<Record<string, unknown>>) =>
  decodeScenario(
    "thin.yaml",
    {
      name: "thin",
      kernels: { series: { allocator: "slub", base: "v3.6" } },
      clients: [thin("shows")],
      applications: { ram: "16 MiB", swap: "64 MiB", cpus: 2, disk: "sata-ssd" },
      ...changes
    },
    "thin.yaml",
    workloads
  )

const thin = (name: string) => ({
  name: "thin",
  ram: "16 MiB",
  swap: "16 MiB",
  count: 4,
  programs: "server",
  workload: { [name]: {} }
})

const runOf = (name: string) => {
  const { scenario } = Either.getOrThrow(scenarioOf({ duration: "20 s", clients: [thin(name)] }))
  return runCluster(scenario, "series", 1, NO_HOOKS, null, workloads)
}

describe("thin clients", () => {
  const { scenario, warnings } = Either.getOrThrow(scenarioOf({}))
  const result = runCluster(scenario, "series", 1, NO_HOOKS, null, workloads)

  it("run their programs on the server, which swaps to its own disk, and every law holds", () => {
    expect(warnings).toEqual([])
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    const { applications } = result
    expect(applications?.people).toBe(4)
    expect(applications?.swapOutBytes).toBeGreaterThan(8 * MIB)
    expect(applications?.swapInBytes).toBeGreaterThan(0)
    expect(applications?.diskUtilisation).toBeGreaterThan(0)
    expect(result.laws.some(({ law, subject }) => law === "swap tokens" && subject === "applications")).toBe(true)
    for (const client of result.clients) expect(client.pagesTouched).toBe(0)
  })

  it("get each picture over the LAN, and feel it", () => {
    expect(result.applications?.pictureBytes).toBe(4 * SHOWS * PICTURE_BYTES)
    expect(result.applications?.inputBytes).toBe(4 * SHOWS * KEY_BYTES)
    const [{ workload: { latencies } }] = result.groups
    expect(latencies.remote.count).toBe(4 * SHOWS)
    expect(latencies.local.count).toBe(0)
    // 300 kB over a gigabit are 2.4 ms
    expect(latencies.remote.p50Ns).toBeGreaterThan(2.4e6)
    for (const { network } of result.clients) expect(network.rxPackets).toBeGreaterThan(SHOWS * PICTURE_BYTES / 1448)
  })

  it("get a picture that is asked for before the task that sent the last one, of the same size, has run again", () => {
    const { applications, outcome } = runOf("glances")
    expect(outcome).toBe("completed")
    expect(applications?.pictureBytes).toBe(4 * PICTURES_IN_A_ROW * PICTURE_BYTES)
  })

  it("count a process that is killed on the thin client itself", () => {
    expect(runOf("dies").outcome).toBe("oom")
  })

  it("is the same twice", () => {
    expect(runCluster(scenario, "series", 1, NO_HOOKS, null, workloads).fingerprint).toBe(result.fingerprint)
  })
})

describe("mistakes with thin clients", () => {
  const problems = (changes: Readonly<Record<string, unknown>>): ReadonlyArray<string> =>
    Either.match(scenarioOf(changes), {
      onLeft: (error) => error.problems.map(({ path, text }) => `${path.join(".")}: ${text}`),
      onRight: ({ warnings }) => warnings.map(({ path, text }) => `${path.join(".")}: ${text}`)
    })

  it("are said with path, value and what was expected", () => {
    expect(problems({ applications: undefined })).toEqual([
      "clients.0.programs: got server, expected client, or a section applications that says what the programs run on"
    ])
    expect(problems({ clients: [{ programs: "server", workload: { usemem: {} } }] })).toEqual([
      expect.stringMatching(
        /^clients\.0\.programs: got server, expected client, since usemem cannot be divided .*: session, shows/
      )
    ])
    expect(problems({ applications: { kernel: "serie" } })[0]).toMatch(/^applications\.kernel: .*series/)
  })

  it("that can be run are warnings", () => {
    expect(problems({ clients: [{ ram: "16 MiB", workload: { shows: {} } }] })).toEqual([
      expect.stringMatching(/^applications: .* has no effect: no group of clients has programs: server$/)
    ])
    expect(problems({ applications: { ram: "8 MiB", swap: "8 MiB" } })).toEqual([
      expect.stringMatching(/^applications\.swap: 8 MiB may be too little: the programs of 4 people map up to 24 MiB/)
    ])
  })
})
