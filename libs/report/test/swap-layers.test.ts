import type { CompressedResult, CryptResult, RunResult, SwapLayersResult } from "@swaplab/cluster"
import { renderReport } from "@swaplab/report"
import { expect, it } from "vitest"
import { fakeExperiment } from "./fake.ts"

const WIDE = { width: 200, colour: false }
const MIB = 2 ** 20
const experiment = fakeExperiment()

/** The report where the first client of each run has these layers. */
const reportOf = (swapLayers: SwapLayersResult | null): string =>
  renderReport({
    ...experiment,
    runs: experiment.runs.map((run): RunResult => ({
      ...run,
      clients: run.clients.map((client, i) => i === 0 ? { ...client, swapLayers } : client)
    }))
  }, WIDE)

/** Rows of the blocks of the section, without the first row of each. */
const tables = (report: string): ReadonlyArray<ReadonlyArray<ReadonlyArray<string>>> => {
  const at = report.indexOf("\nCompressed and encrypted swap")
  if (at < 0) return []
  const rest = report.slice(at + 1)
  const end = rest.search(/\n\n[A-Z]/)
  return rest.slice(0, end).split("\n").slice(1).join("\n").split("\n\n").map((block) =>
    block.split("\n").map((line) => line.trim().split(/ {2,}/))
  )
}

const ZRAM: CompressedResult = {
  kind: "zram",
  storedBytes: 250 * MIB,
  compressedBytes: 100 * MIB,
  ratio: 2.5,
  loadedBytes: 40 * MIB,
  mostHeldBytes: 128 * MIB,
  mostPoolBytes: 52 * MIB,
  refusedPages: 7,
  refusals: { "no memory": 7 },
  writebackBytes: 0,
  cpuNs: 1.5e9
}

const CRYPT: CryptResult = {
  encryptedBytes: 30 * MIB,
  decryptedBytes: 20 * MIB,
  cpuNs: 5e8,
  mostQueued: 99,
  poolWaits: 3,
  poolWaitNs: 1e6
}

it("a report says nothing of layers that no client has", () => {
  expect(tables(reportOf(null))).toEqual([])
})

it("compressed memory is a row for each client that has it, under the groups side by side", () => {
  const [groups, compressed, ...others] = tables(reportOf({ areas: [], compressed: ZRAM, crypt: null }))
  expect(others).toEqual([])
  expect(groups[0]).toEqual([
    "kernel",
    "group",
    "clients",
    "OOM kills",
    "faults",
    "p99",
    "slowest action",
    "network MB",
    "CPU s"
  ])
  expect(groups[1][0]).toBe("slab-vanilla")
  expect(groups[1].at(-1)).toBe("1.50")
  expect(compressed.slice(0, 2)).toEqual([
    ["kernel", "client", "what", "stored", "loaded", "ratio", "held", "pool", "refused", "written", "CPU s"],
    ["slab-vanilla", "client-1", "zram", "250.0", "40.0", "2.50", "128.0", "52.0", "7", "-", "1.50"]
  ])
})

it("zswap also says what it wrote back", () => {
  const zswap: CompressedResult = { ...ZRAM, kind: "zswap", writebackBytes: 12 * MIB }
  const [, compressed] = tables(reportOf({ areas: [], compressed: zswap, crypt: null }))
  expect(compressed[1].slice(2)).toEqual(["zswap", "250.0", "40.0", "2.50", "128.0", "52.0", "7", "12.0", "1.50"])
})

it("encryption has a table of its own; CPU time of groups is that of both", () => {
  const [groups, compressed, crypt] = tables(reportOf({ areas: [], compressed: ZRAM, crypt: CRYPT }))
  expect(groups[1].at(-1)).toBe("2.00")
  expect(compressed[1][2]).toBe("zram")
  expect(crypt.slice(0, 2)).toEqual([
    ["kernel", "client", "encrypted", "decrypted", "queued", "waits", "CPU s"],
    ["slab-vanilla", "client-1", "30.0", "20.0", "99", "3", "0.50"]
  ])
})
