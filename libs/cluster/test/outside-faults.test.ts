// Faults of a scenario whose server stands outside: it is told, the gateway sees what came of them, and a replay has the same.
import { beginOutside } from "#src/faults/outside-faults.ts"
import { NO_HOOKS, type RunResult, runTrace } from "@swaplab/cluster"
import type { ServerTraceData } from "@swaplab/server-model"
import { expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"
import { FACTS, OutsideServer, runOutside } from "./outside-server.ts"

const what = scenario(
  [{
    ...SMALL,
    workload: { usemem: { processesPerCpu: 2, size: "24 MiB", passes: 1000 } },
    nbd: { whenLost: "reconnect", deadTimeout: "5 min" }
  }],
  {
    duration: "6 s",
    faults: [
      { what: "restart", where: "server", at: "1 s", for: "500 ms" },
      { what: "errors", where: "server", at: "3 s", for: "1 s", probability: "10 %" }
    ]
  }
)

/** A server that does what it is told by the name restart, and nothing else. */
class ToldServer extends OutsideServer {
  readonly told: Array<unknown> = []

  fault(name: string, options: Readonly<Record<string, unknown>>): () => void {
    this.told.push([name, options])
    if (name === "restart") this.kill(false)
    return () => {
      this.told.push(name)
      this.down = false
    }
  }
}

const server = new ToldServer()
const run: RunResult = runOutside(what, "slab-series", server)

it("tells the server when they begin and end, with their options", () => {
  expect(server.told).toEqual([
    ["restart", { store: "kept" }],
    "restart",
    ["errors", { command: "all", probability: 0.1 }],
    "errors"
  ])
})

it("counts what the gateway saw, and warns of one that did nothing", () => {
  expect(run.faults.map((fault) => [fault.what, fault.effects])).toEqual([
    ["restart", [{ what: "connections killed", count: 1 }]],
    ["errors", [{ what: "requests answered with an error", count: 0 }]]
  ])
  expect(run.warnings.join()).toContain("had no effect: no requests answered with an error")
})

it("gives the same from the trace, without a server that could be told", () => {
  const trace = structuredClone(run.serverTrace as ServerTraceData)
  const again = runTrace(what, "slab-series", 1, NO_HOOKS, trace, { ...FACTS, replayed: true })
  expect([again.fingerprint, again.faults]).toEqual([run.fingerprint, run.faults])
})

it("refuses what no server outside can be told", () => {
  expect(() => beginOutside({} as never, "server-power-off", {}, "hits")).toThrow("is no fault of a server outside")
})
