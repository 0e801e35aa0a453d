// A run that is paused, read and gone on with.
import { busyNs } from "#src/run/server.ts"
import { CLIENT_FIGURES, clientSnapshot, ClusterRun, LiveColumns, runCluster, SERVER_FIGURES } from "@swaplab/cluster"
import { describe, expect, it } from "vitest"
import { loaded } from "./scenario-files.ts"

const { scenario } = loaded(`
name: small
seeds: 1
duration: 300 s
kernels:
  patched: { allocator: slab, base: v3.6 }
  vanilla: { allocator: slub, base: v3.5 }
clients:
  - name: client
    count: 2
    ram: 8 MiB
    cpus: 1
    swap: 64 MiB
    workload: { usemem: { processesPerCpu: 2, size: 1x RAM, passes: 2 } }
faults:
  - { what: down, where: client-2, at: 10 ms, for: 200 ms }
`)

describe("a run in pieces", () => {
  it("is the same as in one go, whatever is read in between", () => {
    const whole = runCluster(scenario, "patched", 1)
    const run = new ClusterRun(scenario, "patched", 1)
    const columns = new LiveColumns(run)
    const clients = new Float32Array(2 * CLIENT_FIGURES.length)
    const servers = new Float64Array(SERVER_FIGURES.length)
    const reasons = new Set<string>()
    for (let to = 0; !reasons.has("ended"); to += 7_300_000) {
      reasons.add(run.advance(to, 500))
      columns.readClients(clients, 0)
      columns.readServers(servers, 0)
      for (const client of run.clients) clientSnapshot(run, client)
    }
    expect(reasons).toEqual(new Set(["until", "events", "ended"]))
    const { cpuSeconds: _cpu, ...pieces } = run.result("timeout", 0)
    const { cpuSeconds: _other, ...inOneGo } = whole
    expect(pieces).toEqual(inOneGo)
  })

  it("ends where the time is up, or where the client that is looked at is done", () => {
    const short = new ClusterRun({ ...scenario, duration: 5e6 }, "patched", 1)
    expect([short.advance(4e6), short.now, short.advance(1e9), short.now]).toEqual(["until", 4e6, "ended", 5e6])
    const only = new ClusterRun(scenario, "patched", 1, { only: "client-1" })
    expect(only.advance(Number.POSITIVE_INFINITY)).toBe("ended")
    expect(only.clients.map(({ done }) => done)).toEqual([true, false])
  })

  it("is read as rows: states, pages, requests, and the latency of page-ins since the row before", () => {
    const run = new ClusterRun(scenario, "patched", 1)
    const columns = new LiveColumns(run)
    const rows = new Float32Array(1 + 2 * CLIENT_FIGURES.length)
    const figure = (client: number, name: (typeof CLIENT_FIGURES)[number]): number =>
      rows[1 + client * CLIENT_FIGURES.length + CLIENT_FIGURES.indexOf(name)]
    columns.readClients(rows, 1)
    expect(rows[0]).toBe(0)
    const { machine } = run.clients[1].client
    expect(figure(1, "free")).toBe(machine.pages.zones.reduce((sum, { free }) => sum + free, 0))
    run.advance(20e6)
    columns.readClients(rows, 1)
    expect(figure(1, "free")).toBe(machine.pages.zones.reduce((sum, { free }) => sum + free, 0))
    expect(figure(1, "requests")).toBe(machine.disk.inFlight())
    run.advance(Number.POSITIVE_INFINITY)
    columns.readClients(rows, 1)
    expect(figure(0, "latency")).toBeGreaterThan(0)
    columns.readClients(rows, 1)
    expect(figure(0, "latency")).toBe(0)
    const servers = new Float64Array(SERVER_FIGURES.length)
    columns.readServers(servers, 0)
    expect(servers[SERVER_FIGURES.indexOf("inBusy")]).toBe(busyNs(run.cluster.servers[0].in))
  })
})

describe("a client at one instant", () => {
  it("is told with its pages, its requests and whom its tasks wait for", () => {
    const run = new ClusterRun(scenario, "patched", 1)
    run.advance(20e6)
    const { machine } = run.clients[0].client
    const snapshot = clientSnapshot(run, run.clients[0])
    expect(snapshot).toMatchObject({ client: "client-1", atNs: 20e6, locked: false })
    expect(snapshot.waiting + snapshot.sent).toBe(machine.disk.inFlight())
    expect(snapshot.pages.free).toBe(machine.pages.zones.reduce((sum, { free }) => sum + free, 0))
    expect(snapshot.report.tasks.map(({ task }) => task)).toContain("client-1 nbd-client")
    expect(snapshot.report.zones.map(({ name }) => name)).toContain("DMA")
  })
})
