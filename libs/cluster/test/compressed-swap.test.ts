// Clients with compressed memory and encryption in front of their swap export: rules, figures, laws, lockups.
import { addBoth } from "#src/run/add-figures.ts"
import { metricOf } from "#src/run/metrics.ts"
import { addSwapLayers } from "#src/run/swap-layers.ts"
import { buildCluster, type ClientResult, decodeScenario, runCluster, type RunResult } from "@swaplab/cluster"
import { formatFinding } from "@swaplab/config"
import { Either } from "effect"
import { describe, expect, it } from "vitest"
import { KERNELS, scenario, SMALL } from "./clusters.ts"

const PAGE = 4096

const loaded = (group: object, more: object = {}) =>
  decodeScenario(
    "swap.yaml",
    { name: "swap", kernels: KERNELS, clients: [{ ...SMALL, ...group }], ...more },
    "swap.yaml"
  )

const refusals = (group: object): string => JSON.stringify(Either.getLeft(loaded(group)))

const warnings = (group: object, more: object = {}): ReadonlyArray<string> =>
  Either.getOrThrow(loaded(group, more)).warnings.map(formatFinding)

const run = (groups: ReadonlyArray<object>, kernel = "slub-series", more: object = {}): RunResult =>
  runCluster(scenario(groups.map((group) => ({ ...SMALL, ...group })), { duration: "60 s", ...more }), kernel, 1)

const metric = (client: ClientResult, name: string): number | null => {
  const found = metricOf(name)
  return found?.scope === "client" ? found.of(client) : Number.NaN
}

describe("a scenario", () => {
  it.each([
    { group: { zram: { ratio: 1 } }, text: "expected a number above 1" },
    { group: { zswap: { ratio: 0.5 } }, text: "expected a number above 1" },
    {
      group: { zram: { size: "lots" } },
      text: "a share of RAM from 0 % to 100 %, such as 50 %, or a size such as 256 MiB"
    },
    { group: { zram: { size: "16 KiB", devices: 4 } }, text: "at least 8 KiB for each of 4 devices" },
    { group: { zram: { size: "200 %" } }, text: "a share of RAM from 0 % to 100 %" },
    { group: { zram: {}, zswap: {} }, text: "expected either zram or zswap" },
    { group: { zram: { priority: -1 } }, text: "a whole number from 0 to 32767" },
    { group: { swap: "0 B" }, text: "at least 8 KiB, or zram and 0 B" },
    { group: { swap: "4 KiB", zram: {} }, text: "at least 8 KiB, or 0 B" },
    { group: { swap: "0 B", zswap: {} }, text: "expected a swap export (swap), which zswap writes back to" },
    { group: { swap: "512 GiB", zram: { size: "10 MiB" } }, text: "at most 512 GiB of swap in all" },
    { group: { swap: "600 GiB" }, text: "got 600 GiB, expected at most 512 GiB" },
    // areas begin at multiples of 64 slots: one slot of zram more is one too many
    { group: { ram: "64 MiB", swap: "536870652 KiB", zram: { size: "260 KiB", devices: 1 } }, text: "of swap in all" },
    {
      group: { zram: { size: "4 GiB" } },
      text: "got 4 GiB on 2 devices, set up in 16688 KiB of RAM, expected at most 12 MiB of RAM"
    },
    {
      group: { ram: "8 MiB", pageCache: "30 %", zram: { devices: 32 } },
      text: "got 4 MiB on 32 devices, set up in 4992 KiB"
    },
    {
      group: { ram: "8 MiB", cpus: 64, zswap: {} },
      text: "got compressors for 64 CPUs, set up in 8.5 MiB of RAM, expected at most 6 MiB"
    },
    { group: { minFree: "8 MiB", pageCache: "50 %" }, text: "at most 30 %" },
    { group: { zram: { compress: "2 s" } }, text: "at most 1 s" },
    { group: { sameAs: "client" }, text: "the name of another group of at least 1 client" },
    { group: { sameAs: "nobody" }, text: "the name of another group of at least 1 client" }
  ])("is refused with $group", ({ group, text }) => expect(refusals(group)).toContain(text))

  it("says of a zram that is too large one thing", () => {
    expect(refusals({ zram: { size: "10 TiB" } }).match(/expected/g)).toHaveLength(1)
  })

  it.each([
    { group: { encryptSwap: true, swap: "0 B", zram: {} }, more: {}, text: "has no effect: swap is 0 B" },
    { group: {}, more: { costs: { encryptPage: "10 us" } }, text: "has no effect: no client has encryptSwap" },
    { group: { zram: { size: "64 MiB" } }, more: {}, text: "64 MiB is more than twice RAM" }
  ])("is warned of with $group", ({ group, more, text }) => {
    expect(warnings(group, more).join("\n")).toContain(text)
  })

  it.each([{ zram: { devices: 32 }, ram: "8 MiB", pageCache: "15 %" }, { zram: { size: "2.9 GiB" } }, {
    minFree: "8 MiB",
    pageCache: "30 %"
  }])(
    "boots at the edge of what is refused: %o",
    (group) => expect(() => buildCluster(scenario([{ ...SMALL, ...group }]), "slub-series", 1)).not.toThrow()
  )

  it("with zram has less need of a swap export", () => {
    const small = { swap: "40 MiB" }
    expect(warnings(small).join("\n")).toContain("40 MiB may be too little")
    expect(warnings({ ...small, zram: { size: "32 MiB" } }).join("\n")).not.toContain("may be too little")
  })
})

describe("a run", () => {
  const result = run([
    { name: "plain" },
    { name: "zram", zram: { size: "50 %", zeroPages: "10 %" } },
    { name: "zswap", zswap: {} },
    { name: "crypt", encryptSwap: true }
  ])
  const [crypt, plain, zram, zswap] = result.clients

  it("keeps every law, and has figures only where there is a layer", () => {
    expect(result.outcome).toBe("completed")
    expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
    // one for each area
    expect(result.laws.filter(({ law }) => law === "swap slots").map(({ subject }) => subject)).toEqual([
      "crypt-1, /dev/dm-0",
      "plain-1, /dev/nbd0",
      "zram-1, /dev/nbd0",
      "zram-1, /dev/zram0",
      "zram-1, /dev/zram1",
      "zswap-1, /dev/nbd0"
    ])
    expect(plain.swapLayers).toBeNull()
    expect([metric(plain, "client.compressed.stored"), metric(plain, "client.encrypted.written")]).toEqual([null, null])
  })

  it("the memory of a layer is a column of the series", () => {
    const names = result.series.columns.map(({ name }) => name).filter((name) => name.endsWith("swap_layer_pages"))
    expect(names).toEqual(["crypt-1", "zram-1", "zswap-1"].map((name) => `${name}.swap_layer_pages`))
    const { values } = result.series.columns.find(({ name }) => name === "zram-1.swap_layer_pages") ?? { values: [] }
    // what two devices take when they are set up, and then what they hold
    expect(values[0]).toBe(2 * (38 + Math.ceil(1024 * 16 / PAGE)))
    expect(Math.max(...values)).toBeGreaterThan(values[0] + 500)
  })

  it("zram takes pages first, in turn, and the export gets the rest", () => {
    const { areas = [], compressed = null } = zram.swapLayers ?? {}
    expect(areas.map(({ bytes, path, priority }) => [path, priority, bytes])).toEqual([
      ["/dev/nbd0", -1, 100 * 2 ** 20 - PAGE],
      ["/dev/zram0", 5, 4 * 2 ** 20 - PAGE],
      ["/dev/zram1", 5, 4 * 2 ** 20 - PAGE]
    ])
    expect(compressed?.kind).toBe("zram")
    const { compressedBytes = 0, mostHeldBytes = 0, mostPoolBytes = 0, ratio = 0, storedBytes = 0 } = compressed ?? {}
    expect(mostHeldBytes).toBe(8 * 2 ** 20 - 2 * PAGE)
    expect(storedBytes).toBeGreaterThanOrEqual(mostHeldBytes)
    expect(ratio).toBeCloseTo(storedBytes / compressedBytes, 10)
    // 2.75, and a tenth of the pages are free of charge
    expect(ratio).toBeGreaterThan(2.75)
    // zspages that are not full cost memory, too: there are some 200 classes
    expect(mostPoolBytes).toBeGreaterThan(compressedBytes / storedBytes * mostHeldBytes)
    expect(mostPoolBytes).toBeLessThan(0.7 * mostHeldBytes)
    expect(zram.swapOutBytes).toBeGreaterThan(storedBytes)
  })

  it("zswap keeps to its limit and writes the rest back", () => {
    const { compressed } = zswap.swapLayers ?? {}
    // 20 % of the pages of 16 MiB, and the one that passes the limit
    expect(compressed?.mostPoolBytes).toBeLessThanOrEqual(0.2 * 16 * 2 ** 20 + PAGE)
    expect(compressed?.writebackBytes).toBeGreaterThan(0)
    expect(compressed?.writebackBytes).toBe(metric(zswap, "client.compressed.writeback"))
    expect(compressed?.refusedPages).toBe(
      Object.values(compressed?.refusals ?? {}).reduce((sum, n) => sum + n, 0)
    )
    // what went to the server is what was written back and what was refused
    expect(zswap.swapOutBytes).toBeGreaterThanOrEqual(compressed?.writebackBytes ?? 0)
  })

  it("every page of an encrypted client is encrypted", () => {
    const { crypt: figures } = crypt.swapLayers ?? {}
    expect(figures?.encryptedBytes).toBe(crypt.swapOutBytes)
    expect(figures?.decryptedBytes).toBe(crypt.swapInBytes)
    expect(figures?.cpuNs).toBe((crypt.swapInBytes + crypt.swapOutBytes) / PAGE * 40_000)
    expect(metric(crypt, "client.encrypted.cpu")).toBe(figures?.cpuNs)
  })

  it("takes costs from the scenario", () => {
    const costs = { encryptPage: "10 us", decryptPage: "0 ns" }
    const { clients: [client] } = run([{ encryptSwap: true }], "slub-series", { costs })
    expect(client.swapLayers?.crypt?.cpuNs).toBe(client.swapOutBytes / PAGE * 10_000)
  })
})

it("without a swap export everything stays on the client, until there is no room", () => {
  const result = run([{ swap: "0 B", zram: { size: "100 %" } }])
  const [client] = result.clients
  expect(client.outcome).toBe("oom")
  expect(client.swapLayers?.areas.map(({ path }) => path)).toEqual(["/dev/zram0", "/dev/zram1"])
  expect(result.servers[0].requests).toBe(0)
  expect(result.laws.filter(({ holds }) => !holds)).toEqual([])
})

it("a lockup through dm-crypt shows its threads: pages wait for kcryptd, and kcryptd for a page of its pool", () => {
  const result = run([{ ram: "32 MiB", encryptSwap: true }], "slub-vanilla")
  const [{ lockup }] = result.clients
  expect(lockup?.kind).toBe("deadlock")
  const text = lockup?.text ?? ""
  expect(text).toMatch(/pages? with kcryptd/)
  expect(text).toMatch(/kcryptd\/\d \(D, on mempool [a-z_ ]+\)\s+→/)
  expect(lockup?.graph.edges.some(({ from, to }) => from === "memory" && to === "kcryptd work")).toBe(true)
  expect(lockup?.graph.edges.some(({ from, to }) => from === "kcryptd work" && to.startsWith("kcryptd/"))).toBe(true)
  expect(lockup?.graph.edges.some(({ from, to }) => from.startsWith("kcryptd/") && to.startsWith("mempool"))).toBe(true)
})

it("the people of another group do the same at other machines", () => {
  const start = "uniform(0 s, 10 s)"
  const clients = (sameAs?: string): ReadonlyArray<number | null> =>
    run([
      { name: "a", count: 2, start },
      { name: "b", count: 2, start, ...(sameAs !== undefined && { sameAs }) }
    ]).clients.map(({ startedNs }) => startedNs)
  const [a1, a2, b1, b2] = clients("a")
  expect([b1, b2]).toEqual([a1, a2])
  const others = clients()
  expect(others.slice(0, 2)).toEqual([a1, a2])
  expect(others.slice(2)).not.toEqual([a1, a2])
})

it("figures add up over boots: what is in use is that of the last one", () => {
  const area = { path: "/dev/zram0", priority: 5, bytes: 8192, usedBytes: 4096, failedWrites: 2, failedReads: 1 }
  const compressed = {
    kind: "zram",
    storedBytes: 8192,
    compressedBytes: 4096,
    ratio: 2,
    loadedBytes: 4096,
    mostHeldBytes: 8192,
    mostPoolBytes: 4096,
    refusedPages: 2,
    refusals: { "no memory": 2 },
    writebackBytes: 0,
    cpuNs: 100
  } as const
  const crypt = { encryptedBytes: 4096, decryptedBytes: 0, cpuNs: 7, mostQueued: 9, poolWaits: 1, poolWaitNs: 5 }
  const first = { areas: [area], compressed, crypt }
  const second = {
    areas: [{ ...area, usedBytes: 0 }],
    compressed: { ...compressed, compressedBytes: 1365, mostHeldBytes: 4096, mostPoolBytes: 8192 },
    crypt: { ...crypt, mostQueued: 3 }
  }
  expect(addSwapLayers(first, second)).toEqual({
    areas: [{ ...area, usedBytes: 0, failedWrites: 4, failedReads: 2 }],
    compressed: {
      ...compressed,
      storedBytes: 16_384,
      compressedBytes: 5461,
      ratio: 16_384 / 5461,
      loadedBytes: 8192,
      mostPoolBytes: 8192,
      refusedPages: 4,
      refusals: { "no memory": 4 },
      cpuNs: 200
    },
    crypt: { encryptedBytes: 8192, decryptedBytes: 0, cpuNs: 14, mostQueued: 9, poolWaits: 2, poolWaitNs: 10 }
  })
  expect([addBoth(null, first, addSwapLayers), addBoth(first, null, addSwapLayers)]).toEqual([first, first])
})
