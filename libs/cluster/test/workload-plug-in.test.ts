// A workload from outside: a row of its own beside those of swaplab, as the README of libs/workload shows it.
import { Watchdog } from "#src/run/watchdog.ts"
import { parseThreshold } from "#src/scenario/threshold.ts"
import {
  buildCluster,
  decodeScenario,
  metricsOf,
  NO_HOOKS,
  pruneScenario,
  runCluster,
  scenarioJsonSchema,
  startLoads
} from "@swaplab/cluster"
import { field, formatQuantity, SIZE, Size, Time } from "@swaplab/config"
import { equalProcesses, workload, WORKLOADS, writeAll } from "@swaplab/workload"
import { Either } from "effect"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

// README: from here
const program = workload({
  slot: "workload",
  description: "A program that writes its memory, is left alone, and is used again.",
  options: {
    size: field(Size, 20 * 2 ** 20, "What it maps."),
    pause: field(Time, 3e9, "How long it is left alone.")
  },
  processes: ({ size }) => equalProcesses(1, size),
  start: (host, { pause }) => {
    host.fork(0, "program", function*(task) {
      const written = yield* writeAll(host.client, task, 1)
      if (written !== null) return written
      host.rest(true)
      yield* task.settle()
      yield* task.hold(pause)
      host.rest(false)
      const used = host.client.sim.now
      const exit = yield* writeAll(host.client, task, 2)
      yield* task.settle()
      host.latency("reopen").record(host.client.sim.now - used)
      host.done()
      return exit ?? "completed"
    })
  },
  operations: null,
  metrics: { reopen: { kind: "latency", unit: null, meaning: "walks through all memory after a pause" } },
  shrink: [],
  describe: ({ size }) => [`${formatQuantity(SIZE, size)} mapped`]
})
const workloads = { ...WORKLOADS, program }
const loaded = Either.getOrThrow(
  decodeScenario(
    "two.yaml",
    {
      name: "two",
      kernels: { series: { allocator: "slub", base: "v3.6" } },
      clients: [{ ram: "16 MiB", swap: "100 MiB", count: 2, workload: { program: { pause: "5 s" } } }],
      thresholds: ["client.program.reopen.max < 1 ms"]
    },
    "two.yaml",
    workloads
  )
)
const result = runCluster(loaded.scenario, "series", 1, NO_HOOKS, null, workloads)
// README: to here

const between = (text: string, from: string, to: string): string => text.slice(text.indexOf(from), text.indexOf(to))

describe("a workload from outside", () => {
  it("is the one of the README", () => {
    const own = readFileSync(import.meta.filename, "utf8")
    const shown = between(own, "const program", "// README: to here").trim()
    expect(readFileSync(`${import.meta.dirname}/../../workload/README.md`, "utf8")).toContain(shown)
  })

  it("runs, and keeps every law", () => {
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    for (const client of result.clients) {
      expect(client.pagesTouched).toBe(2 * 5120)
      expect(client.elapsedNs).toBeGreaterThan(5e9)
    }
  })

  it("has its figures in the result and among the metrics", () => {
    const metrics = metricsOf(workloads)
    const of = (name: string): ReadonlyArray<number> => {
      const metric = metrics[name]
      return metric.scope === "client" ? result.clients.flatMap((client) => metric.of(client) ?? []) : []
    }
    const longest = Math.max(...of("client.program.reopen.max"))
    const [{ workload: first }, { workload: second }] = result.clients
    expect(longest).toBe(Math.max(first.latencies.reopen.maxNs ?? 0, second.latencies.reopen.maxNs ?? 0))
    expect(longest).toBeGreaterThan(1e6)
    expect(of("client.program.reopen.count")).toEqual([1, 1])
    expect(of("client.sysbench.done")).toEqual([])
    expect(metricsOf()["client.program.reopen.max"]).toBe(undefined)
  })

  it("has its figures of all clients of a group together", () => {
    const [{ clients, group, workload: together }] = result.groups
    const [{ workload: first }, { workload: second }] = result.clients
    expect({ clients, group }).toEqual({ clients: 2, group: "client" })
    expect(together.latencies.reopen.count).toBe(2)
    expect(together.latencies.reopen.meanNs)
      .toBeCloseTo(((first.latencies.reopen.meanNs ?? 0) + (second.latencies.reopen.meanNs ?? 0)) / 2, 0)
    const longest = metricsOf(workloads)["group.program.reopen.max"]
    expect(longest.scope === "group" && longest.of(result.groups[0])).toBe(together.latencies.reopen.maxNs)
  })

  it("can be named by a threshold, by nobody who does not have its row", () => {
    expect(parseThreshold("client.program.reopen.p99 < 20 ms", workloads)).toEqual({
      metric: "client.program.reopen.p99",
      comparison: "<",
      value: 20e6
    })
    expect(parseThreshold("client.program.reopen.p99 < 20 ms")).toContain("a metric, one of")
    expect(loaded.scenario.thresholds).toHaveLength(1)
  })

  it("stands in the JSON Schema, and a scenario with it can be made smaller", () => {
    expect(JSON.stringify(scenarioJsonSchema(workloads))).toContain("How long it is left alone.")
    expect(JSON.stringify(scenarioJsonSchema())).not.toContain("How long it is left alone.")
    const pruned = pruneScenario(loaded.given, workloads)
    expect(Either.getOrThrow(decodeScenario("two.yaml", pruned, "two.yaml", workloads)).scenario).toEqual(
      loaded.scenario
    )
  })

  it("is the only one that is measured: two are refused", () => {
    const both = decodeScenario(
      "x.yaml",
      {
        ...loaded.given,
        clients: [{ workload: { program: {}, usemem: {} } }]
      },
      "x.yaml",
      workloads
    )
    expect(Either.isLeft(both) && both.left.message).toContain(
      "expected a mapping with one of usemem, session, swapTrace, program"
    )
  })

  it("is unknown without its row", () => {
    const alone = decodeScenario("x.yaml", loaded.given)
    expect(Either.isLeft(alone) && alone.left.message).toContain("program: unknown key")
  })

  it("stalls nobody while it rests, and would without saying so", () => {
    const stalls = (says: boolean): number => {
      const cluster = buildCluster(loaded.scenario, "series", 1, workloads)
      const [client] = cluster.clients
      const { loads: [measured] } = client
      const resting = { resting: () => says && measured.resting }
      const watchdog = new Watchdog(client.connection, { stallNs: 1e9, hangNs: 120e9, ...resting })
      startLoads(client)
      for (let i = 1; i <= 40; i++) {
        cluster.sim.run(i * 1e8)
        watchdog.look()
      }
      return watchdog.stalls
    }
    expect([stalls(true), stalls(false)]).toEqual([0, 1])
  })
})
