import { CLIENT_FIGURES, CLIENT_STATES, type Series } from "@swaplab/cluster"
import { type Facts, History, NoColumn, recordedRows } from "@swaplab/live"
import { describe, expect, it } from "vitest"

const facts: Facts = {
  scenario: "made up",
  description: "",
  kernel: "patched",
  kernels: ["patched"],
  seed: 1,
  durationNs: 1e9,
  clients: [{ name: "a", present: 100, min: 1, low: 2, high: 3 }],
  servers: [{ name: "server", switchName: "room", bufferBytes: 1000 }],
  sysctls: [],
  patches: [],
  yaml: ""
}

/** Samples whose values are given, by figure; every other column counts them. */
const seriesOf = (samples: number, given: Readonly<Record<string, ReadonlyArray<number>>> = {}): Series => ({
  timesNs: Float64Array.from({ length: samples }, (_, i) => i * 1e6),
  columns: [
    ...["state", "nr_free_pages", "requests", "pages_touched", "pswpout", "pswpin", "major_faults", "major_fault_ns"]
      .map((figure) => `a.${figure}`),
    ...["resident", "requests", "link_in_busy_ns", "link_out_busy_ns"].map((figure) => `server.${figure}`),
    "room.buffer_bytes"
  ].map((name) => ({ name, values: Float64Array.from({ length: samples }, (_, i) => given[name]?.[i] ?? i) }))
})

const historyOf = (series: Series) => {
  const { batch, every } = recordedRows(facts, series)
  const history = new History(1, 1)
  history.add(batch)
  return { every, history }
}

describe("rows of a recorded run", () => {
  it("are its samples, figure by figure", () => {
    const locked = CLIENT_STATES.indexOf("locked")
    const { every, history } = historyOf(seriesOf(3, { "a.state": [0, 1, locked], "room.buffer_bytes": [7, 8, 9] }))
    expect([every, history.rows, [...history.timesNs]]).toEqual([1, 3, [0, 1e6, 2e6]])
    expect(history.client(2, 0, "state")).toBe(locked)
    expect(history.client(2, 0, "requests")).toBe(2)
    expect(history.server(1, 0, "resident")).toBe(1)
    expect(history.server(2, 0, "switchBuffer")).toBe(9)
  })

  it("have the mean time of the page-ins between two samples, and none where there was none", () => {
    const { history } = historyOf(
      seriesOf(4, { "a.major_faults": [2, 6, 6, 7], "a.major_fault_ns": [10, 50, 50, 90] })
    )
    expect([0, 1, 2, 3].map((row) => history.client(row, 0, "latency"))).toEqual([0, 10, 0, 40])
  })

  it("of a long run are some of its samples, with the last one, and as many as a history keeps", () => {
    const { batch, every } = recordedRows(facts, seriesOf(10_000))
    expect(every).toBe(3)
    expect([...batch.timesNs.slice(0, 3), batch.timesNs.at(-1)]).toEqual([0, 3e6, 6e6, 9999e6])
    expect(batch.clients).toHaveLength(batch.timesNs.length * CLIENT_FIGURES.length)
    expect(batch.timesNs.length).toBeLessThanOrEqual(4096)
  })

  it("cannot be without one of their columns", () => {
    const { columns, timesNs } = seriesOf(2)
    const lacking = { timesNs, columns: columns.filter(({ name }) => name !== "a.state") }
    expect(() => recordedRows(facts, lacking)).toThrow(NoColumn)
    expect(() => recordedRows(facts, lacking)).toThrow("has no column a.state")
  })
})
