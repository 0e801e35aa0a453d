import { ETH_P_LLDP } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { type Allocator, arrive, boot, leave, pair, Probe, wearOut } from "./rig.ts"

/** Of eight packets at the bottom so many are marked: see patch 9. */
const MARKED = [["slab", 8], ["slub", 1]] as const

const worn = (kernel: string, allocator: Allocator) => {
  const rig = boot(allocator, kernel, { driver: "kmalloc", rxRing: 32 })
  const nbd = new Probe(rig)
  nbd.setMemalloc()
  let taps = 0
  rig.machine.net.tap = {
    frame: (_frame, sent) => {
      if (!sent) taps++
    }
  }
  leave(rig, 30)
  wearOut(rig)
  const before = taps
  return { rig, nbd, taps: () => taps - before }
}

describe("patch 12, pfmemalloc-receive", () => {
  it.each(MARKED)(
    "%s: whoever receives a marked packet has PF_MEMALLOC for so long, gets pages, and no tap sees the packet",
    (allocator, marked) => {
      const seen = pair("v3.6", "pfmemalloc-receive").map((kernel) => {
        const { nbd, rig, taps } = worn(kernel, allocator)
        for (let i = 0; i < 8; i++) arrive(rig, nbd.port)
        const after = rig.machine.softirqs.perCpu[0].ctx.flags
        return { got: nbd.got, marked: nbd.marked, lent: nbd.lent, pages: nbd.pages, after, taps: taps() }
      })
      expect(seen).toEqual([
        { got: 8, marked, lent: marked, pages: marked, after: 0, taps: 8 - marked },
        { got: 8, marked, lent: 0, pages: 0, after: 0, taps: 8 }
      ])
    }
  )

  it.each(MARKED)("%s: a marked packet of another protocol is dropped and counted", (allocator, marked) => {
    const seen = pair("v3.6", "pfmemalloc-receive").map((kernel) => {
      const { rig } = worn(kernel, allocator)
      const { nic, net } = rig.machine
      const dropped = nic.rxDroppedTotal
      const others = net.otherProtocols
      for (let i = 0; i < 8; i++) arrive(rig, 0, ETH_P_LLDP)
      return { dropped: nic.rxDroppedTotal - dropped, passed: net.otherProtocols - others }
    })
    expect(seen).toEqual([{ dropped: marked, passed: 8 - marked }, { dropped: 0, passed: 8 }])
  })
})
