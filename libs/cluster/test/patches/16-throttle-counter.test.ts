import { procOf } from "@swaplab/kernel"
import { GFP_KERNEL } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { ALLOCATORS, boot, leave, pair } from "./rig.ts"

describe("patch 16, throttle-counter", () => {
  it.each(ALLOCATORS)("%s: the line is there and grows by one with each throttled call", (allocator) => {
    const lines = pair("v3.6", "throttle-counter").map((kernel) => {
      const rig = boot(allocator, kernel)
      leave(rig, 20)
      for (let process = 0; process < 3; process++) {
        rig.machine.startProcess(0, `user-${process}`, function*(self) {
          yield* rig.machine.vmscan.tryToFreePages(self, GFP_KERNEL, 0, rig.machine.pages.zonelist(GFP_KERNEL))
        })
      }
      rig.cluster.sim.run(rig.cluster.sim.now + 5e6)
      return procOf(rig.machine).vmstat().split("\n").filter((line) => line.startsWith("pgscan_direct_throttle"))
    })
    expect(lines).toEqual([["pgscan_direct_throttle 3"], []])
  })
})
