// Patch 15 in a whole machine: who is parked, and what it takes to get there.
import { FAULT_DONE, type KernelSpec } from "@swaplab/kernel"
import { bootContext, GFP_ATOMIC, GFP_HIGHUSER_MOVABLE, PF_MEMALLOC, WMARK_MIN } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { boot, type Rig, SERIES, VANILLA } from "./rig.ts"

const freePages = ({ machine }: Rig): number => machine.pages.zones.reduce((sum, zone) => sum + zone.free, 0)

const halfReserve = ({ machine }: Rig): number =>
  machine.pages.zones.reduce((sum, zone) => sum + zone.watermark[WMARK_MIN], 0) >> 1

/** A machine whose reserve is eaten down to `left` free pages, by someone who may, before a process faults. */
const starved = (kernel: KernelSpec, left: (rig: Rig) => number) => {
  const rig = boot({ kernel, pageCachePages: 0, ramBytes: 32 * 1024 * 1024 })
  const { pages, mm } = rig.machine
  const ctx = { ...bootContext(), flags: PF_MEMALLOC }
  // a page table, so that the fault's only allocation is the page itself
  const table = pages.tryAlloc(ctx, GFP_ATOMIC, 0)
  mm.tables.tablePages[mm.tables.table(mm.tables.base(0))] = table
  // order 1 goes past the per-CPU lists, so that free memory is exact
  const held: Array<number> = []
  while (freePages(rig) > left(rig) + 1) held.push(pages.tryAlloc(ctx, GFP_ATOMIC, 1))
  const seen = { result: -1 }
  rig.start(0, function*(self) {
    // what the per-CPU list still holds
    while (pages.tryAlloc(self, GFP_ATOMIC, 0) >= 0);
    seen.result = yield* mm.fault(self, mm.tables.base(0), true)
  })
  const release = (): void => {
    for (const page of held.splice(0)) pages.free(bootContext(), page, 1)
  }
  const stat = (name: string) => (): number => pages.vmstat.get(name)
  return { ...rig, seen, release, throttled: stat("pgscan_direct_throttle"), reclaims: stat("allocstall") }
}

describe("throttling in a machine", () => {
  it("parks a process that would reclaim while half of the reserve is gone, until it is there again", () => {
    const { sim, seen, release, throttled, reclaims } = starved(SERIES, (rig) => halfReserve(rig) - 40)
    sim.run(5_000_000)
    expect(throttled()).toBe(1)
    expect(reclaims()).toBe(0)
    expect(seen.result).toBe(-1)
    release()
    sim.run(1_000_000_000)
    expect(seen.result).toBe(FAULT_DONE)
    expect(throttled()).toBe(1)
  })

  it.each([
    ["without the patch", { ...SERIES, patches: { throttle: false } }],
    ["on a vanilla kernel", VANILLA]
  ])("lets it reclaim %s", (_, kernel) => {
    const { sim, throttled, reclaims } = starved(kernel, (rig) => halfReserve(rig) - 40)
    sim.run(5_000_000)
    expect(throttled()).toBe(0)
    expect(reclaims()).toBeGreaterThan(0)
  })

  it("is out of reach of ordinary allocations: they stop above the min marks and DMA's lowmem reserve", () => {
    const rig = boot({ kernel: SERIES, pageCachePages: 0, ramBytes: 64 * 1024 * 1024 })
    const { pages } = rig.machine
    while (pages.tryAlloc(bootContext(), GFP_HIGHUSER_MOVABLE, 0) >= 0);
    const floors = pages.populatedZones.reduce((sum, zone) => sum + zone.watermark[WMARK_MIN], 0)
    const protection = pages.zones[0].lowmemReserve[1]
    // what has to come out of the reserve before anybody is parked
    expect(freePages(rig)).toBe(floors + protection)
    expect(freePages(rig) - halfReserve(rig)).toBe(173)
  })
})
