import { MAX_TCP_HEADER } from "@swaplab/net-skb"
import { __GFP_FS, __GFP_IO, GFP_NOIO } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { ALLOCATORS, boot, exhaustSkbs, freePages, leave, pair, task } from "./rig.ts"

describe("patch 14, nbd-memalloc", () => {
  it.each(ALLOCATORS)(
    "%s: below min the sender takes from the reserve and never reclaims; before, it stays in reclaim with GFP_NOIO",
    (allocator) => {
      const seen = pair("v3.6", "nbd-memalloc").map((kernel) => {
        const rig = boot(allocator, kernel)
        const { cluster: { sim }, machine } = rig
        const page = machine.pages.tryAlloc(task(), GFP_NOIO, 0)
        leave(rig, 8)
        exhaustSkbs(rig, MAX_TCP_HEADER)
        exhaustSkbs(rig, 1456 + MAX_TCP_HEADER)
        let noio = 0
        sim.trace.enableOnly(["mm_vmscan_direct_reclaim_begin"])
        sim.trace.sink = (_point, _time, _group, [, , gfp]) => {
          if ((gfp & (__GFP_IO | __GFP_FS)) === 0) noio++
        }
        let written = 0
        machine.disk.onBioEnd = () => written++
        // the writer has bios and requests from their mempools; the sender finds no object and no page above min
        machine.startProcess(0, "writer", (self) => machine.disk.submitPage(self, true, 8, page, false))
        sim.run(sim.now + 50_000_000)
        return { written, reclaimed: noio > 0, usedReserve: freePages(rig) < 8 }
      })
      expect(seen).toEqual([
        { written: 1, reclaimed: false, usedReserve: true },
        { written: 0, reclaimed: true, usedReserve: false }
      ])
    }
  )
})
