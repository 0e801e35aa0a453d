import { type Replay, runCluster, type RunHooks, type RunResult, type Scenario } from "@swaplab/cluster"
import { beforeAll, describe, expect, it } from "vitest"
import { scenario, SMALL } from "./clusters.ts"

const column = (run: RunResult, name: string): Float64Array => {
  const found = run.closeUp?.columns.find((item) => item.name === name)
  if (found === undefined) throw new Error(`no column ${name}`)
  return found.values
}

describe("a run that is run again", () => {
  // long enough for the host to be asked: every 100,000 events
  const of = scenario([{ ...SMALL, count: 3, background: { packetsPerSecond: 300 } }])
  const again = (replay: Replay): RunResult => runCluster(of, "slub-series", 7, undefined, replay)

  it("is the same when it is only looked at, up to the end of the client that is looked at", () => {
    const first = runCluster(of, "slub-series", 7)
    const last = first.clients.reduce((a, b) => (a.elapsedNs > b.elapsedNs ? a : b))
    const seen = again({ client: last.name, closeUp: { fromNs: 50e6, toNs: 150e6, everyNs: 1e6 } })
    expect(seen.fingerprint).toBe(first.fingerprint)
    expect(seen.clients).toEqual(first.clients)
    expect(seen.closeUp?.timesNs.length).toBe(101)
    expect([...seen.closeUp?.timesNs.subarray(0, 3) ?? []]).toEqual([50e6, 51e6, 52e6])
    const touched = column(seen, "pages_touched_total")
    expect(touched.at(-1)).toBeGreaterThan(touched[0])
    expect(column(seen, "free_DMA").every((pages) => pages > 0)).toBe(true)
  })

  it("asks the host as often as without a close-up", () => {
    const looks = (replay: Replay): number => {
      let asked = 0
      const hooks: RunHooks = { progress: () => asked++, shouldStop: () => false, cpuSeconds: () => 0 }
      runCluster(of, "slub-series", 7, hooks, replay)
      return asked
    }
    const usual = looks({ client: "client-1" })
    expect(usual).toBeGreaterThan(0)
    expect(looks({ client: "client-1", closeUp: { fromNs: 0, toNs: 10e9, everyNs: 1e6 } })).toBe(usual)
  })

  it("refuses a close-up whose samples do not lie apart", () => {
    const closeUp = { fromNs: 50e6, toNs: 150e6, everyNs: 0 }
    expect(() => again({ client: "client-1", closeUp })).toThrow("lie apart")
  })

  it("has no close-up unless it is asked for one, and ends when it is told to", () => {
    const seen = again({ client: "client-2", untilNs: 100e6 })
    expect(seen.closeUp).toBe(undefined)
    expect([seen.outcome, seen.simulatedNs]).toEqual(["timeout", 100e6])
  })
})

describe("a lockup with a patch switched on before it", () => {
  // a dear scan keeps the futile reclaim of the sender cheap for the host
  const of: Scenario = scenario([{
    ...SMALL,
    ram: "32 MiB",
    workload: { usemem: { passes: 1 } },
    swap: "200 MiB"
  }], { costs: { scanPage: "10 us" } })
  let locked: RunResult
  let sinceNs = 0
  let stuckNs = 0
  const changed = (patch: string, atNs: number): RunResult =>
    runCluster(of, "slub-vanilla", 1, undefined, { client: "client-1", change: { atNs, patches: { [patch]: true } } })

  beforeAll(() => {
    locked = runCluster(of, "slub-vanilla", 1)
    const { lockup } = locked.clients[0]
    if (lockup === null) throw new Error("no lockup")
    sinceNs = lockup.sinceNs
    const failure = lockup.firstFailure
    stuckNs = failure?.before?.timeNs ?? failure?.timeNs ?? sinceNs
  })

  it("is avoided by the right of the sender to the reserve, when it comes before the sender is stuck", () => {
    const saved = changed("nbd-memalloc", Math.min(sinceNs, stuckNs) - 100e6)
    expect([saved.outcome, saved.clients[0].integrityErrors]).toEqual(["completed", 0])
    expect(saved.laws.filter(({ holds }) => !holds)).toEqual([])
  })

  it("comes all the same when the patch comes too late", () => {
    expect(changed("nbd-memalloc", sinceNs + 3e9).outcome).toBe("lockup")
  })

  it("is the same to the last event with a patch that changes nothing", () => {
    expect(changed("slab-micro-opt", sinceNs - 100e6).fingerprint).toBe(locked.fingerprint)
  })
})
