// Where the table of `noEffect` gives a reason, every event of a run is the same with the patch and without it.
import { PATCH_NAMES } from "#src/scenario/kernels.ts"
import { kernelPatches, runCluster, type Scenario } from "@swaplab/cluster"
import { noEffect, type PatchName } from "@swaplab/kernel"
import { CARD_NAMES, type CardName } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { scenario, SMALL } from "../clusters.ts"
import { type Allocator, ALLOCATORS } from "./rig.ts"

/** 400 ms of a client with a small reserve that other packets compete for: whatever can matter has its chance. */
const pressed = (allocator: Allocator, base: string, driver: CardName): Scenario =>
  scenario([{
    ...SMALL,
    minFree: "256 KiB",
    pageCache: "1 %",
    background: { packetsPerSecond: 5000 },
    nic: { driver }
  }], { kernels: { k: { allocator, base } }, duration: "400 ms", costs: { scanPage: "10 us" } })

const fingerprint = (of: Scenario): string => runCluster(of, "k", 1).fingerprint

const cells = ALLOCATORS.flatMap((allocator) => CARD_NAMES.map((driver) => [allocator, driver] as const))

describe("patches without effect", () => {
  // a reason holds all the more when other patches are missing, so they can go together
  it.each(cells)("v3.6 without any of them is v3.6: %s, %s", (allocator, driver) => {
    const merged = pressed(allocator, "v3.6", driver)
    const idle = kernelPatches(merged)[0].patches.filter(({ noEffect: reason }) => reason !== null)
    expect(idle.length).toBeGreaterThan(1)
    const without = ["v3.6", ...idle.map(({ patch }) => `- ${patch}`)].join(" ")
    expect(fingerprint(pressed(allocator, without, driver))).toBe(fingerprint(merged))
  })

  it.each(ALLOCATORS)("v3.5 with each of them is v3.5: %s", (allocator) => {
    const driver = "r8169"
    const facts = { receiveBuffers: "fragment", copiesPackets: true, scatterGather: false } as const
    const spec = { allocator, base: "v3.5" } as const
    const idle = PATCH_NAMES.filter((name: PatchName) => noEffect(spec, facts, name) !== null)
    const vanilla = fingerprint(pressed(allocator, "v3.5", driver))
    const differ = idle.filter((name) => fingerprint(pressed(allocator, `v3.5 + ${name}`, driver)) !== vanilla)
    expect(idle.length).toBeGreaterThan(10)
    expect(differ).toEqual([])
  })

  it("a patch without a reason shows here: nbd-memalloc", () => {
    const differs = (base: string) =>
      fingerprint(pressed("slub", base, "r8169")) !== fingerprint(pressed("slub", "v3.6", "r8169"))
    expect(differs("v3.6 - nbd-memalloc")).toBe(true)
  })
})
