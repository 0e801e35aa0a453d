// Every row of the table of workloads keeps what the interface promises.
import { type ClientFacts, type Workload, WORKLOADS } from "@swaplab/workload"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"

const CLIENT: ClientFacts = {
  cpus: 2,
  ramBytes: 64 * 2 ** 20,
  swapBytes: 320 * 2 ** 20,
  pageCacheBytes: 2 ** 20,
  rootBytes: 0,
  half: "all"
}

const rows: ReadonlyArray<readonly [string, Workload]> = Object.entries(WORKLOADS)

/** The options of a row with every default, and with its switch on. */
const optionsOf = (row: Workload): Readonly<Record<string, unknown>> => {
  const schema = Schema.Struct(row.options) as unknown as Schema.Schema<Readonly<Record<string, unknown>>>
  const usual = Schema.decodeUnknownSync(schema)({})
  return row.switch === undefined ? usual : { ...usual, [row.switch]: 3 * 4096 }
}

describe.each(rows)("%s", (name, row) => {
  const options = optionsOf(row)

  it("is off unless somebody switches it on, or is measured", () => {
    if (row.slot === "workload") return expect(row.switch).toBe(undefined)
    const schema = Schema.Struct(row.options) as unknown as Schema.Schema<Readonly<Record<string, unknown>>>
    expect(Schema.decodeUnknownSync(schema)({})[row.switch ?? ""]).toBe(0)
  })

  it("plans whole pages, and no less than a page for a process", () => {
    const { anonymousBytes, filePages, processes } = row.processes(options, CLIENT)
    for (const pages of processes) expect(Number.isInteger(pages) && pages >= 1).toBe(true)
    expect(Number.isInteger(filePages) && filePages >= 0).toBe(true)
    // a process maps whole pages only
    const mapped = processes.reduce((sum, pages) => sum + pages * 4096, 0)
    if (name !== "kernelBuild" && name !== "sysbench") expect(mapped).toBeLessThanOrEqual(anonymousBytes)
  })

  it("names options that it has in switch, rules, advice and shrink", () => {
    const named = [...(row.rules ?? []), ...(row.advice ?? []), ...(row.idle ?? []), ...row.shrink]
    for (const { path } of named) expect(Object.keys(row.options)).toContain(path[0])
    if (row.switch !== undefined) expect(Object.keys(row.options)).toContain(row.switch)
  })

  it("says what its options are", () => {
    const phrases = row.describe(options)
    expect(phrases.length).toBeGreaterThan(0)
    for (const phrase of phrases) expect(phrase).toMatch(/^[^,]+$/)
  })
})

it("no two rows have an option at the same place", () => {
  const places = rows.flatMap(([name, row]) =>
    Object.keys(row.options).map((key) => [row.slot, ...(row.at ?? [name]), key].join("."))
  )
  expect(new Set(places).size).toBe(places.length)
})
