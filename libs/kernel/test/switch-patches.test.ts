import { netSwitches, readaheadPlug, vmscanSwitches } from "#src/patches/switches.ts"
import { nbdSwitches, pageAllocSwitches, PATCHES, switchPatches } from "@swaplab/kernel"
import { describe, expect, it } from "vitest"
import { boot } from "./rig.ts"

describe("patches switched on a running machine", () => {
  it.each(PATCHES.map(({ name }) => name))("%s: every lib gets what a machine booted with it has", (name) => {
    const { machine } = boot({ kernel: { allocator: "slub", base: "v3.5" } })
    const kernel = { allocator: "slub", base: "v3.5", patches: { [name]: true } } as const
    switchPatches(machine, { [name]: true })
    expect(machine.pages.switches).toEqual(pageAllocSwitches(kernel))
    expect(machine.vmscan.pgdat.switches).toEqual(vmscanSwitches(kernel))
    expect(machine.net.switches).toEqual(netSwitches(kernel))
    expect(machine.net.skbs.switches).toBe(machine.net.switches)
    expect(machine.swap.readahead.plug).toBe(readaheadPlug(kernel))
    machine.checkInvariants()
  })

  it("adds to what was switched before, and takes it back", () => {
    const { machine } = boot({ kernel: { allocator: "slab", base: "v3.5", patches: { throttle: true } } })
    switchPatches(machine, { "gfp-memalloc": true })
    switchPatches(machine, { "skb-reserve": true, "gfp-memalloc": false })
    expect(machine.kernel.patches).toEqual({ throttle: true, "gfp-memalloc": false, "skb-reserve": true })
    expect([machine.pages.switches.gfpMemalloc, machine.net.switches.skbReserve]).toEqual([false, true])
    expect(machine.spec.kernel.patches).toEqual({ throttle: true })
  })

  it("tells a device that is there", () => {
    const { machine } = boot()
    const told: Array<unknown> = []
    Object.assign(machine, { nbd: { setSwitches: (switches: unknown) => told.push(switches) } })
    switchPatches(machine, { "nbd-memalloc": true })
    expect(told).toEqual([nbdSwitches(machine.kernel)])
  })
})
