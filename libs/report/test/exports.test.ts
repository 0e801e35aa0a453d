// What other tools open: traces, metrics, tests of a build.
import { ClusterRun, decodeScenario, procOf, runCluster } from "@swaplab/cluster"
import type { SavedResult } from "@swaplab/experiment"
import { foldedStacks, grafanaDashboard, junitXml, nodeMetrics, traceJson } from "@swaplab/report"
import { Either } from "effect"
import { describe, expect, it } from "vitest"

const loaded = Either.getOrThrow(decodeScenario("small.yaml", {
  name: "small",
  seeds: 1,
  duration: "300 s",
  kernels: { patched: { allocator: "slab", base: "v3.6" } },
  clients: [{
    name: "client",
    count: 2,
    ram: "8 MiB",
    cpus: 1,
    swap: "64 MiB",
    workload: { usemem: { processesPerCpu: 2, size: "1x RAM", passes: 2 } }
  }],
  faults: [
    { what: "down", where: "client-2", at: "10 ms", for: "5 ms" },
    { what: "slow-disk", where: "server", at: "12 ms", for: "5 ms", factor: 2 }
  ]
}))
const { scenario } = loaded

interface TraceEvent {
  readonly ph: "X" | "C" | "M" | "b" | "e"
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur: number
  readonly cat: string
  readonly id: number
  readonly args: Readonly<Record<string, unknown>>
}

describe("a run as a Chrome trace", () => {
  const run = new ClusterRun(scenario, "patched", 1)
  const { fullAtNs, json } = traceJson(run, Number.POSITIVE_INFINITY)
  const { otherData, traceEvents } = JSON.parse(json) as {
    readonly traceEvents: ReadonlyArray<TraceEvent>
    readonly otherData: unknown
  }
  const slices = traceEvents.filter(({ ph }) => ph === "X")

  it("changes nothing of the run, and says which one it is", () => {
    expect(run.cluster.sim.fingerprint()).toBe(runCluster(scenario, "patched", 1).fingerprint)
    expect(otherData).toEqual({ scenario: "small", kernel: "patched", seed: 1 })
    expect(fullAtNs).toBeNull()
  })

  it("every machine is a process, every task a thread, and no task sleeps twice at once", () => {
    const names = new Map(
      traceEvents.filter(({ name }) => name === "process_name").map(({ args, pid }) => [pid, args["name"]])
    )
    expect([...names.values()].sort()).toEqual(["client-1", "client-2", "cluster", "server"])
    const ends = new Map<string, number>()
    for (const { dur, pid, tid, ts } of slices) {
      const thread = `${pid} ${tid}`
      expect(ts + 1e-6).toBeGreaterThanOrEqual(ends.get(thread) ?? 0)
      expect(dur).toBeGreaterThanOrEqual(0)
      ends.set(thread, ts + dur)
    }
    const threads = traceEvents.filter(({ name }) => name === "thread_name").map(({ args }) => args["name"])
    for (const task of ["nbd0", "nbd-client", "kswapd0", "usemem-1"]) expect(threads).toContain(task)
  })

  it("has what a task waited for, the fault, and counters once a millisecond", () => {
    expect(slices.some(({ args, name }) => name.includes("request slot") || String(args["why"]).startsWith("order:0")))
      .toBe(true)
    // two faults that overlap, as spans
    const faults = traceEvents.filter(({ cat }) => cat === "fault")
    expect(faults.map(({ name, ph, ts }) => [name, ph, ts])).toEqual([
      ["down", "b", 10_000],
      ["down", "e", 15_000],
      ["slow-disk", "b", 12_000],
      ["slow-disk", "e", 17_000]
    ])
    expect(faults[0]).toMatchObject({ pid: 0, args: { where: ["client-2"] } })
    const times = traceEvents.filter(({ name, pid }) =>
      name === "free pages" && pid === run.clients[0].client.machine.group
    )
      .map(({ ts }) => Math.floor(ts / 1000))
    expect(new Set(times).size).toBe(times.length)
    expect(times.length).toBeGreaterThan(5)
  })

  it("has page faults and requests as spans, each with one beginning and one end of its own", () => {
    const begun = traceEvents.filter(({ ph }) => ph === "b")
    const ended = new Map(traceEvents.filter(({ ph }) => ph === "e").map((event) => [event.id, event]))
    expect(new Set(begun.map(({ id }) => id)).size).toBe(begun.length)
    expect(ended.size).toBe(begun.length)
    for (const { cat, id, name, pid, ts } of begun) {
      expect(ended.get(id)).toMatchObject({ cat, name, pid })
      expect(ended.get(id)?.ts).toBeGreaterThanOrEqual(ts)
    }
    expect(begun.filter(({ name }) => name === "page fault").length).toBeGreaterThan(100)
    const { disk, group } = run.clients[0].client.machine
    for (const write of [0, 1]) {
      const spans = begun.filter(({ cat, name, pid }) =>
        cat === "block" && name === ["read", "write"][write] && pid === group
      )
      expect(spans.length).toBeGreaterThan(10)
      expect(spans.reduce((sum, { args }) => sum + Number(args["sectors"]), 0)).toBe(disk.stats.sectors[write])
    }
  })

  it("has allocations as counters", () => {
    const pages = traceEvents.filter(({ name }) => name === "allocations").map(({ args }) => Number(args["pages"]))
    expect(pages.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(2 * 2048)
  })

  it("every event has what Chrome's format asks of its phase", () => {
    const wanted = { X: ["ts", "dur"], C: ["ts", "args"], M: ["args"], b: ["ts", "id", "cat"], e: ["ts", "id", "cat"] }
    for (const event of traceEvents) {
      expect(Object.keys(event)).toEqual(expect.arrayContaining(["ph", "name", "pid", "tid", ...wanted[event.ph]]))
    }
  })

  it("ends at the time that is asked for", () => {
    const early = new ClusterRun(scenario, "patched", 1)
    traceJson(early, 3e6)
    expect(early.now).toBe(3e6)
  })
})

it("clients as Prometheus text: meminfo and vmstat under the names of node_exporter, each name once", () => {
  const run = new ClusterRun(scenario, "patched", 1)
  run.advance(8e6)
  const lines = nodeMetrics(run).trimEnd().split("\n")
  const { machine } = run.clients[1].client
  const [, kib] = /^MemFree: +(\d+) kB$/m.exec(procOf(machine).meminfo()) ?? []
  expect(lines).toContain(`node_memory_MemFree_bytes{instance="client-2"} ${Number(kib) * 1024}`)
  expect(lines).toContain(
    `node_vmstat_pswpout{instance="client-2"} ${/^pswpout (\d+)$/m.exec(procOf(machine).vmstat())?.[1]}`
  )
  expect(lines.some((line) => line.startsWith("node_memory_Active_anon_bytes{"))).toBe(true)
  expect(lines.some((line) => line.startsWith("node_memory_HugePages_Total{"))).toBe(true)
  for (const line of lines) {
    expect(line).toMatch(/^(# TYPE [a-zA-Z_]\w* untyped|[a-zA-Z_]\w*\{instance="[\w-]+"\} \d+)$/)
  }
  const types = lines.filter((line) => line.startsWith("#"))
  expect(new Set(types).size).toBe(types.length)
})

it("folded stacks share out the CPU time of the clients, to the rounding", () => {
  const run = new ClusterRun(scenario, "patched", 1)
  run.advance(8e6)
  const lines = foldedStacks(run).trimEnd().split("\n")
  for (const line of lines) expect(line).toMatch(/^client-[12](;[^; ]+){1,2} \d+$/)
  const us = lines.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0)
  const busy = run.clients.reduce((sum, { client: { machine } }) => sum + machine.cpus.busyNs(), 0) / 1000
  expect(Math.abs(us - busy)).toBeLessThan(lines.length + 20)
})

it("every query of the dashboard names metrics that the Prometheus text has", () => {
  const metrics = nodeMetrics(new ClusterRun(scenario, "patched", 1))
  const { panels } = JSON.parse(grafanaDashboard("small")) as {
    readonly panels: ReadonlyArray<{ readonly targets: ReadonlyArray<{ readonly expr: string }> }>
  }
  const named = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/node_\w+/g) ?? []))
  expect(named.length).toBeGreaterThan(10)
  for (const name of named) expect(metrics).toContain(`\n${name}{`)
})

it("a result as JUnit: a suite a kernel, a case a run, findings as failures and faults of swaplab as errors", () => {
  const result: SavedResult = {
    file: "result.json",
    loaded,
    runs: [
      { kernel: "patched", seed: 1, fingerprint: "a1", clients: [] },
      { kernel: "patched", seed: 2, fingerprint: "a2", clients: [] },
      { kernel: "bare", seed: 1, fingerprint: "b1", clients: [] }
    ],
    findings: [
      { kind: "threshold", kernel: "patched", seed: 2, text: "p99 < 50 ms: client-1 has 61 ms" },
      { kind: "lockup", kernel: "bare", seed: 1, text: "lockup" },
      { kind: "failure", kernel: "bare", seed: 2, text: "a worker died" }
    ],
    lockups: [],
    timeouts: []
  }
  expect(junitXml(result).replaceAll("><", ">\n<").split("\n")).toEqual([
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
    "<testsuites name=\"small\">",
    "<testsuite name=\"small, patched\" tests=\"2\" failures=\"1\" errors=\"0\">",
    "<testcase name=\"seed 1\" classname=\"small.patched\">",
    "<properties>",
    "<property name=\"fingerprint\" value=\"a1\"/>",
    "</properties>",
    "</testcase>",
    "<testcase name=\"seed 2\" classname=\"small.patched\">",
    "<properties>",
    "<property name=\"fingerprint\" value=\"a2\"/>",
    "</properties>",
    "<failure type=\"threshold\" message=\"p99 &lt; 50 ms: client-1 has 61 ms\"/>",
    "</testcase>",
    "</testsuite>",
    "<testsuite name=\"small, bare\" tests=\"2\" failures=\"1\" errors=\"1\">",
    "<testcase name=\"seed 1\" classname=\"small.bare\">",
    "<properties>",
    "<property name=\"fingerprint\" value=\"b1\"/>",
    "</properties>",
    "<failure type=\"lockup\" message=\"lockup\"/>",
    "</testcase>",
    "<testcase name=\"seed 2\" classname=\"small.bare\">",
    "<properties>",
    "<property name=\"fingerprint\" value=\"\"/>",
    "</properties>",
    "<error type=\"failure\" message=\"a worker died\"/>",
    "</testcase>",
    "</testsuite>",
    "</testsuites>",
    ""
  ])
})
