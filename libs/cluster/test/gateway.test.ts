// A server outside of the simulation behind a gateway: what it answers reaches the clients, its lies and its death are noticed,
// and the trace of it makes the same run again.
import { fellBehind, madeUpLatencies, NO_HOOKS, type RunResult, runTrace, type Scenario } from "@swaplab/cluster"
import type { ServerTraceData } from "@swaplab/server-model"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"
import { FACTS, OutsideServer, runOutside } from "./outside-server.ts"

const MS = 1e6

const of = (whenLost: "exit" | "reboot" | "reconnect", more: object = {}): Scenario =>
  scenario(
    [{
      ...SMALL,
      workload: { usemem: { processesPerCpu: 2, size: "24 MiB", passes: 2 } },
      nbd: { whenLost, rebootTime: "1 s" }
    }],
    { duration: "60 s", ...more }
  )

/** A trace that has been written to a file and read again has no more than its data. */
const traceOf = (run: RunResult): ServerTraceData => structuredClone(run.serverTrace as ServerTraceData)

const again = (run: RunResult, what: Scenario): RunResult =>
  runTrace(what, "slab-series", 1, NO_HOOKS, traceOf(run), { ...FACTS, replayed: true })

const brokenLaws = (run: RunResult) => run.laws.filter(({ holds }) => !holds)

describe("a server outside that works", () => {
  const what = of("exit")
  const run = runOutside(what, "slab-series", new OutsideServer())

  it("serves the swap of a run to its end, and every law holds", () => {
    expect(run.outcome).toBe("completed")
    expect(brokenLaws(run)).toEqual([])
    expect(run.gateway).toMatchObject({ connectionsOpened: 1, connectionsLost: 0, errors: 0, lies: {}, lostPages: 0 })
    const { readLatency, reads, writes } = run.gateway ?? expect.fail()
    expect([reads > 100, writes > 100, (readLatency.p50Ns ?? 0) > 190_000]).toEqual([true, true, true])
    expect(run.servers[0]?.requests).toBe(reads + writes)
  })

  it("gives the same run again from its trace", () => {
    const replayed = again(run, what)
    expect(replayed.fingerprint).toBe(run.fingerprint)
    expect({ ...replayed.gateway, replayed: false }).toEqual(run.gateway)
    expect(replayed.clients).toEqual(run.clients)
  })

  it("gives another run from a trace that says something else", () => {
    const trace = traceOf(run)
    trace.atNs[50] = (trace.atNs[50] ?? 0) + 1
    const replayed = runTrace(what, "slab-series", 1, NO_HOOKS, trace, FACTS)
    expect(replayed.fingerprint).not.toBe(run.fingerprint)
  })

  it("is no server of a scenario that asks for something else", () => {
    expect(() => again(run, scenario([{ ...SMALL, ram: "24 MiB" }]))).toThrow("answer")
  })
})

it("a server that performs what a run had left off when it ended tells no lie", () => {
  const server = new OutsideServer()
  server.leavesOff = (write) => write > 1500
  let unsure = 0
  let wrong = 0
  const long = { ...SMALL, workload: { usemem: { processesPerCpu: 2, size: "24 MiB", passes: 20 } } }
  runOutside(scenario([long], { duration: "4 s" }), "slab-series", server, [], {}, ({ gateway }) => {
    gateway.leftOff()
    for (const { check } of gateway.exports) {
      const expected = new Uint8Array(8)
      for (let page = 0; page < check.now.pages; page++) {
        const held = server.held(check.client, page)
        check.expected(page, 1, expected)
        if (held === null) continue
        if (expected.some((byte) => byte !== 0) && Buffer.compare(held, expected) !== 0) unsure++
        wrong += check.look(page, held, [], new Uint8Array(8)).lies.length
      }
    }
  })
  expect([unsure > 0, wrong]).toEqual([true, 0])
})

describe("a server that lies", () => {
  it("and forgets a write is caught when the page is read", () => {
    const server = new OutsideServer()
    server.forgets = (write) => write === 300
    const what = of("exit")
    const run = runOutside(what, "slab-series", server)
    expect(run.outcome).toBe("corruption")
    expect(run.gateway?.lies["forgotten write"] ?? 0).toBeGreaterThan(0)
    expect(run.gateway?.firstLies[0]).toMatchObject({ kind: "forgotten write", client: "client-1" })
    expect(run.clients[0]?.integrityErrors ?? 0).toBeGreaterThan(0)
    // what it said wrong is in the trace
    expect(again(run, what)).toMatchObject({ fingerprint: run.fingerprint, outcome: "corruption" })
  })

  it("and damages a page is caught at once", () => {
    const server = new OutsideServer()
    server.damages = (read) => read === 200
    const run = runOutside(of("exit"), "slab-series", server)
    expect(run.gateway?.lies).toEqual({ damaged: 1 })
    expect(run.outcome).toBe("corruption")
  })
})

describe("a server that is killed", () => {
  const killed = (server: OutsideServer, memory: boolean, backNs: number) =>
    [[300 * MS, () => server.kill(memory)], [backNs, () => (server.down = false)]] as const

  it("ends its clients' connections; one that exits loses its programs", () => {
    const server = new OutsideServer()
    const what = of("exit")
    const run = runOutside(what, "slab-series", server, killed(server, false, 800 * MS))
    expect(run.outcome).toBe("sigbus")
    expect(run.gateway).toMatchObject({ connectionsLost: 1, lies: {} })
    expect(brokenLaws(run)).toEqual([])
    expect(again(run, what).fingerprint).toBe(run.fingerprint)
  })

  it("has everything again for a client that reconnects", () => {
    const server = new OutsideServer()
    const what = of("reconnect")
    const run = runOutside(what, "slab-series", server, killed(server, false, 3000 * MS))
    expect(run.outcome).toBe("completed")
    expect(run.gateway).toMatchObject({ connectionsOpened: 2, connectionsLost: 1, lies: {}, lostPages: 0 })
    expect(run.gateway?.connectionsRefused ?? 0).toBeGreaterThan(0)
    expect(run.gateway?.losses.map(({ why }) => why)).toEqual(["killed", "nobody listens there"])
    expect(again(run, what).fingerprint).toBe(run.fingerprint)
  })

  it("and kept its exports in memory has lost them, which is no lie", () => {
    const server = new OutsideServer()
    const run = runOutside(of("reconnect"), "slab-series", server, killed(server, true, 1000 * MS))
    expect(run.outcome).toBe("lost-swap")
    expect(run.gateway?.lies).toEqual({})
    expect(run.gateway?.lostPages ?? 0).toBeGreaterThan(0)
    expect(run.clients[0]?.connection?.lostSwap[0]?.event).toBe("connection of client-1 lost: killed")
  })

  it("makes a client boot that reboots", () => {
    const server = new OutsideServer()
    const what = of("reboot")
    const run = runOutside(what, "slab-series", server, killed(server, true, 500 * MS))
    expect(run.clients[0]?.boots).toBe(2)
    expect(run.gateway?.connectionsOpened).toBe(2)
    expect(brokenLaws(run)).toEqual([])
    expect(again(run, what).fingerprint).toBe(run.fingerprint)
  })
})

it("a run whose requests left late is not judged", () => {
  const short = of("exit", { duration: "100 ms" })
  const { gateway } = runOutside(short, "slab-series", new OutsideServer())
  if (gateway === undefined) expect.fail()
  expect(fellBehind({ gateway })).toBeNull()
  expect(gateway.pace.cpuWaitShare).toBe(0.25)
  expect(fellBehind({ gateway: { ...gateway, pace: { ...gateway.pace, behindMaxNs: 501 * MS } } })).toContain(
    "501.0 ms"
  )
  expect(fellBehind({ gateway: { ...gateway, pace: { ...gateway.pace, heldShare: 0.051 } } })).toContain("5.1 %")
  const lateness = madeUpLatencies({ p999Ns: 11 * MS })
  expect(fellBehind({ gateway: { ...gateway, pace: { ...gateway.pace, lateness } } })).toContain("11.0 ms late")
  expect(fellBehind({ gateway: { ...gateway, pace: { ...gateway.pace, heldShare: 0.051, lateness } } })).toMatch(
    /11\.0 ms late .*; the clock was held for 5\.1 %/
  )
})
