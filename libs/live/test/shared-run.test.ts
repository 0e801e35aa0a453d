import { CLIENT_FIGURES } from "@swaplab/cluster"
import { type Answer, type Facts, type Seen, SharedRun, unpackBatch, type Update } from "@swaplab/live"
import { describe, expect, it } from "vitest"

const facts: Facts = {
  scenario: "made up",
  description: "",
  kernel: "patched",
  kernels: ["patched"],
  seed: 1,
  durationNs: 1e9,
  clients: ["a", "b"].map((name) => ({ name, present: 100, min: 1, low: 2, high: 3 })),
  servers: [],
  sysctls: [],
  patches: [],
  yaml: ""
}

const rows = (from: number, count: number, ended = false): Answer => ({
  kind: "rows",
  nowNs: from + count - 1,
  batch: {
    timesNs: Float64Array.from({ length: count }, (_, i) => from + i),
    clients: new Float32Array(count * 2 * CLIENT_FIGURES.length).fill(from),
    servers: new Float64Array(0)
  },
  snapshots: [],
  faults: null,
  ended: ended ? { outcome: "completed", fingerprint: "f", events: 1 } : null,
  still: ended
})

const nothing: Seen = { run: "", afterNs: -1, client: null }

const timesOf = (update: Update | null): ReadonlyArray<number> =>
  update === null ? [] : [...unpackBatch(update.batch).timesNs]

const shown = () => {
  const looks: Array<ReadonlyArray<string>> = []
  const run = new SharedRun("one", [], (clients) => looks.push(clients))
  return { run, looks }
}

describe("a run that several look at", () => {
  it("tells who comes late all of it, and who has seen some of it the rest", () => {
    const { run } = shown()
    expect(run.update(nothing)).toBeNull()
    run.hear({ kind: "loaded", facts })
    run.hear(rows(0, 3))
    const first = run.update(nothing)
    expect(first).toMatchObject({ facts: { scenario: "made up" }, nowNs: 2, ended: null })
    expect(timesOf(first)).toEqual([0, 1, 2])
    run.hear(rows(3, 2, true))
    const next = run.update({ run: first?.run ?? "", afterNs: 2, client: null })
    expect(next).toMatchObject({ facts: null, ended: { outcome: "completed" }, still: true })
    expect(timesOf(next)).toEqual([3, 4])
    expect(timesOf(run.update(nothing))).toEqual([0, 1, 2, 3, 4])
  })

  it("another run, or the run of another command, begins anew for everybody", () => {
    const { run } = shown()
    run.hear({ kind: "loaded", facts })
    run.hear(rows(0, 3))
    const before = run.update(nothing)?.run ?? ""
    run.hear({ kind: "loaded", facts })
    run.hear(rows(0, 1))
    expect(run.update({ run: before, afterNs: 2, client: null })?.facts).not.toBeNull()
    expect(timesOf(run.update({ run: before, afterNs: 2, client: null }))).toEqual([0])
    expect(timesOf(run.update({ run: "another.1", afterNs: 2, client: null }))).toEqual([0])
  })

  it("calls its viewers at each change, and has looked at what they look at, each client once", () => {
    const { looks, run } = shown()
    let calls = 0
    run.hear({ kind: "loaded", facts })
    const leave = run.join(() => calls++, "b")
    const other = run.join(() => undefined, "b")
    run.join(() => undefined, null)
    expect(run.viewers).toBe(3)
    expect(looks.at(-1)).toEqual(["b", "a"])
    run.hear(rows(0, 1))
    expect(calls).toBe(1)
    leave()
    other()
    run.hear(rows(1, 1))
    expect(calls).toBe(1)
    expect(looks.at(-1)).toEqual(["a"])
  })

  it("columns are the same after they have been bytes at any place", () => {
    const { run } = shown()
    run.hear({ kind: "loaded", facts })
    run.hear(rows(7, 2))
    const update = run.update(nothing)
    if (update === null) throw new Error("there is an update")
    const moved = (bytes: Uint8Array): Uint8Array => {
      const wider = new Uint8Array(bytes.length + 3)
      wider.set(bytes, 3)
      return wider.subarray(3)
    }
    const { clients, servers, timesNs } = update.batch
    const batch = unpackBatch({ timesNs: moved(timesNs), clients: moved(clients), servers: moved(servers) })
    expect([...batch.timesNs]).toEqual([7, 8])
    expect(new Set(batch.clients)).toEqual(new Set([7]))
  })
})
