import { netSwitches, readaheadPlug, reserveSwitches, slubRelease, vmscanSwitches } from "#src/patches/switches.ts"
import {
  type Base,
  BASES,
  type KernelSpec,
  nbdSwitches,
  noEffect,
  pageAllocSwitches,
  PATCHES,
  patchesOf,
  type PatchName
} from "@swaplab/kernel"
import type { PageAllocSwitches } from "@swaplab/page-alloc"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

/** Everything that the libs are told about a kernel. */
const switchesOf = (spec: KernelSpec): Record<string, unknown> => ({
  ...reserveSwitches(spec),
  ...(spec.allocator === "slub" ? slubRelease(spec) : {}),
  ...pageAllocSwitches(spec),
  ...vmscanSwitches(spec),
  ...netSwitches(spec),
  ...nbdSwitches(spec),
  readaheadPlug: readaheadPlug(spec)
})

/** Names of the switches that differ when one patch is taken out of v3.6, or out of v3.6 with it. */
const turnedBy = (allocator: "slab" | "slub", name: PatchName): ReadonlyArray<string> => {
  const all = switchesOf({ allocator, base: "v3.6", patches: { [name]: true } })
  const without = switchesOf({ allocator, base: "v3.6", patches: { [name]: false } })
  return Object.keys(all).filter((key) => all[key] !== without[key])
}

/** By the table of section 12.1 of the reference. */
const TURNS: ReadonlyArray<readonly [PatchName, slab: ReadonlyArray<string>, slub: ReadonlyArray<string>]> = [
  ["slab-knowledge", ["reserveSlabs", "pfmemallocMark"], ["reserveSlabs", "pfmemallocMark"]],
  ["slub-fast-path", ["slowPathTest"], ["slowPathTest"]],
  ["gfp-memalloc", ["gfpMemalloc"], ["gfpMemalloc"]],
  ["softirq-memalloc", ["softirqMemalloc"], ["softirqMemalloc"]],
  ["pfmemalloc-if-needed", ["pfmemallocMark"], ["pfmemallocMark"]],
  ["ignore-mempolicy", ["ignoreMempolicy"], ["ignoreMempolicy"]],
  ["sk-gfp-atomic", ["gfpSocket"], ["gfpSocket"]],
  ["memalloc-sockets", ["memallocSockets", "memallocGate"], ["memallocSockets", "memallocGate"]],
  ["skb-reserve", ["skbReserve"], ["skbReserve"]],
  ["page-to-skb", ["pageToSkb"], ["pageToSkb"]],
  ["skb-alloc-page", ["skbAllocPage"], ["skbAllocPage"]],
  ["pfmemalloc-receive", ["pfmemallocReceive"], ["pfmemallocReceive"]],
  ["slab-micro-opt", [], []],
  ["nbd-memalloc", ["memallocXmit"], ["memallocXmit"]],
  [
    "throttle",
    ["throttle", "kswapdWakesThrottled", "throttleBounded"],
    ["throttle", "kswapdWakesThrottled", "throttleBounded"]
  ],
  ["throttle-counter", ["throttleCounter"], ["throttleCounter"]],
  ["rmem-exemption", ["rmemExemption"], ["rmemExemption"]],
  ["readahead-plug", ["readaheadPlug"], ["readaheadPlug"]],
  ["writeback-marks-reclaim", ["writebackMarksReclaim"], ["writebackMarksReclaim"]],
  ["frag-recycling", ["netdevFragRecycle"], ["netdevFragRecycle"]],
  ["small-queues", ["tsq"], ["tsq"]],
  ["challenge-acks", ["challengeAcks"], ["challengeAcks"]],
  ["nbd-append-sent", ["appendSent"], ["appendSent"]],
  ["slub-min-partial", [], ["unfreezeKeepsMinPartial"]],
  ["slab-skips-first", ["skipsFirst"], ["skipsFirst"]],
  ["slab-raw-aliens", ["rawAliens"], ["rawAliens"]],
  ["throttle-v8", ["kswapdWakesThrottled", "throttleBounded"], ["kswapdWakesThrottled", "throttleBounded"]],
  ["netdev-kmalloc", ["netdevKmalloc"], ["netdevKmalloc"]],
  ["recursive-reclaim", ["recursiveReclaim"], ["recursiveReclaim"]],
  ["pageout-list", ["pageoutList"], ["pageoutList"]],
  ["drop-nodemask", ["dropNodemask"], ["dropNodemask"]]
]

const CARD = { receiveBuffers: "kmalloc", copiesPackets: true, scatterGather: false } as const

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
  })

  it.each<PatchName>(["ignore-mempolicy", "drop-nodemask", "slab-raw-aliens"])("%s needs memory nodes", (name) => {
    const reason = (memoryNodes: number) =>
      noEffect({ allocator: "slab", base: "v3.6" }, { ...CARD, memoryNodes, boundToNodes: true }, name)
    expect([reason(1), reason(2)]).toEqual(["the machines have one memory node", null])
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
      const { pfmemallocMark, ...flags } = switchesOf({ allocator, base: "v3.5" })
      expect(pfmemallocMark).toBe("none")
      expect(Object.values(flags).every((value) => value === false)).toBe(true)
    }
  })

  it.each<[Base, PageAllocSwitches["pfmemallocMark"], Partial<Record<string, boolean>>]>([
    ["v3.5", "none", { reserveSlabs: false, throttle: false, netdevKmalloc: false }],
    ["feb-2012", "slowpath", { reserveSlabs: true, slowPathTest: false, skipsFirst: true, throttleBounded: false }],
    ["v9", "slowpath", { reserveSlabs: true, slowPathTest: false, skipsFirst: true, throttleBounded: true }],
    ["v3.6", "no-watermarks", { slowPathTest: true, skipsFirst: false, memallocGate: true, netdevKmalloc: false }],
    ["v3.6-P", "no-watermarks", { slowPathTest: true, skipsFirst: false, memallocGate: true, netdevKmalloc: true }]
  ])("%s marks pages by the rule %s, and %o", (base, mark, flags) => {
    for (const allocator of ["slab", "slub"] as const) {
      const switches = switchesOf({ allocator, base })
      expect(switches["pfmemallocMark"]).toBe(mark)
      expect(switches).toMatchObject(flags)
    }
  })

  it("no two bases are the same kernel", () => {
    const kernels = BASES.map((base) => JSON.stringify(switchesOf({ allocator: "slub", base })))
    expect(new Set(kernels).size).toBe(BASES.length)
  })

  it("a base is nothing but its patches: v3.5 with all of them is that base", () => {
    for (const base of BASES) {
      const patches = Object.fromEntries([...patchesOf({ base })].map((name) => [name, true]))
      for (const allocator of ["slab", "slub"] as const) {
        expect(switchesOf({ allocator, base: "v3.5", patches })).toEqual(switchesOf({ allocator, base }))
      }
    }
  })

  it("single patches put in or taken out are exactly what differs from the base", () => {
    const names = PATCHES.map(({ name }) => name)
    fc.assert(
      fc.property(
        fc.constantFrom(...BASES),
        fc.dictionary(fc.constantFrom(...names), fc.boolean()),
        (base, patches) => {
          const plain = patchesOf({ base })
          const changed = patchesOf({ base, patches })
          for (const name of names) {
            expect(changed.has(name)).toBe((patches as Record<string, boolean>)[name] ?? plain.has(name))
          }
        }
      ),
      { seed: 2012, numRuns: 100 }
    )
  })
})
