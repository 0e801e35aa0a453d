import {
  BASES,
  type KernelSpec,
  nbdSwitches,
  netSwitches,
  pageAllocSwitches,
  PATCHES,
  patchesOf,
  type PatchName,
  pfmemallocRevision,
  readaheadPlug,
  vmscanSwitches
} from "@swaplab/kernel"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

/** Everything that the libs are told about a kernel. */
const switchesOf = (spec: KernelSpec): Record<string, unknown> => ({
  pfmemalloc: pfmemallocRevision(spec),
  ...pageAllocSwitches(spec),
  ...vmscanSwitches(spec),
  ...netSwitches(spec),
  ...nbdSwitches(spec),
  readaheadPlug: readaheadPlug(spec)
})

/** Names of the switches that differ when one patch is taken out of v3.6. */
const turnedBy = (allocator: "slab" | "slub", name: PatchName): ReadonlyArray<string> => {
  const all = switchesOf({ allocator, base: "v3.6" })
  const without = switchesOf({ allocator, base: "v3.6", patches: { [name]: false } })
  return Object.keys(all).filter((key) => all[key] !== without[key])
}

/** By the table of section 12.1 of the reference. */
const TURNS: ReadonlyArray<readonly [PatchName, slab: ReadonlyArray<string>, slub: ReadonlyArray<string>]> = [
  ["slab-knowledge", ["pfmemalloc", "pfmemallocMark"], ["pfmemalloc", "pfmemallocMark"]],
  ["slub-fast-path", [], ["pfmemalloc"]],
  ["gfp-memalloc", ["gfpMemalloc"], ["gfpMemalloc"]],
  ["softirq-memalloc", ["softirqMemalloc"], ["softirqMemalloc"]],
  ["pfmemalloc-if-needed", ["pfmemallocMark"], ["pfmemallocMark"]],
  ["ignore-mempolicy", ["ignoreMempolicy"], ["ignoreMempolicy"]],
  ["sk-gfp-atomic", ["gfpSocket"], ["gfpSocket"]],
  ["memalloc-sockets", ["memallocSockets"], ["memallocSockets"]],
  ["skb-reserve", ["skbReserve"], ["skbReserve"]],
  ["page-to-skb", ["pageToSkb"], ["pageToSkb"]],
  ["skb-alloc-page", ["skbAllocPage"], ["skbAllocPage"]],
  ["pfmemalloc-receive", ["pfmemallocReceive"], ["pfmemallocReceive"]],
  ["slab-micro-opt", [], []],
  ["nbd-memalloc", ["memallocXmit"], ["memallocXmit"]],
  ["throttle", ["throttle", "kswapdWakesThrottled"], ["throttle", "kswapdWakesThrottled"]],
  ["throttle-counter", ["throttleCounter"], ["throttleCounter"]],
  ["rmem-exemption", ["rmemExemption"], ["rmemExemption"]],
  ["readahead-plug", ["readaheadPlug"], ["readaheadPlug"]],
  ["writeback-marks-reclaim", ["writebackMarksReclaim"], ["writebackMarksReclaim"]],
  ["frag-recycling", ["netdevFragRecycle"], ["netdevFragRecycle"]],
  ["small-queues", ["tsq"], ["tsq"]],
  ["nbd-append-sent", ["appendSent"], ["appendSent"]]
]

describe("patches", () => {
  it.each(TURNS)("%s turns its switches and no others", (name, slab, slub) => {
    expect(turnedBy("slab", name).toSorted()).toEqual(slab.toSorted())
    expect(turnedBy("slub", name).toSorted()).toEqual(slub.toSorted())
  })

  it("has a row above for every patch, and a documented reason where nothing turns", () => {
    expect(TURNS.map(([name]) => name)).toEqual(PATCHES.map(({ name }) => name))
    for (const [name, slab, slub] of TURNS) {
      if (slab.length + slub.length > 0) continue
      expect(PATCHES.find((patch) => patch.name === name)?.meaning).toMatch(/no (change of behaviour|effect)/)
    }
    // a switch that nothing reads is said too
    expect(PATCHES.find(({ name }) => name === "ignore-mempolicy")?.meaning).toMatch(/no effect/)
  })

  it("numbers the merged series from 1 to 16, once each", () => {
    expect(PATCHES.filter(({ number }) => number > 0).map(({ number }) => number))
      .toEqual(Array.from({ length: 16 }, (_, i) => i + 1))
  })

  it("every switch of every lib is turned by some patch", () => {
    const turned = new Set(TURNS.flatMap(([, slab, slub]) => [...slab, ...slub]))
    expect(Object.keys(switchesOf({ allocator: "slab", base: "v3.5" })).filter((key) => !turned.has(key))).toEqual([])
  })

  it("v3.5 has all switches off", () => {
    for (const allocator of ["slab", "slub"] as const) {
      const { pfmemalloc, pfmemallocMark, ...flags } = switchesOf({ allocator, base: "v3.5" })
      expect([pfmemalloc, pfmemallocMark]).toEqual(["none", "none"])
      expect(Object.values(flags).every((value) => value === false)).toBe(true)
    }
  })

  it.each(
    [
      ["slab", "v3.5", "none", "none"],
      ["slub", "v3.5", "none", "none"],
      ["slab", "feb-2012", "feb-2012", "slowpath"],
      ["slub", "feb-2012", "feb-2012", "slowpath"],
      ["slab", "v9", "feb-2012", "slowpath"],
      ["slub", "v9", "feb-2012", "slowpath"],
      ["slab", "v3.6", "v3.6", "no-watermarks"],
      ["slub", "v3.6", "v3.6", "no-watermarks"],
      ["slab", "v3.6-P", "v3.6", "no-watermarks"]
    ] as const
  )("%s of %s keeps the reserve as in %s and marks pages by %s", (allocator, base, revision, mark) => {
    const spec = { allocator, base }
    expect(pfmemallocRevision(spec)).toBe(revision)
    expect(pageAllocSwitches(spec).pfmemallocMark).toBe(mark)
  })

  it("single patches put in or taken out are exactly what differs from the base", () => {
    const names = PATCHES.map(({ name }) => name)
    fc.assert(
      fc.property(
        fc.constantFrom(...BASES),
        fc.dictionary(fc.constantFrom(...names), fc.boolean()),
        (base, patches) => {
          const plain = patchesOf({ allocator: "slab", base })
          const changed = patchesOf({ allocator: "slab", base, patches })
          for (const name of names) {
            expect(changed.has(name)).toBe((patches as Record<string, boolean>)[name] ?? plain.has(name))
          }
        }
      ),
      { seed: 2012, numRuns: 100 }
    )
  })
})
