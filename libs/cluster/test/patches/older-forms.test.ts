// The forms that patches had before they were merged: what each does otherwise.
import { NO_OBJECT } from "@swaplab/kmem"
import { GFP_ATOMIC, GFP_KERNEL, GFP_NOIO } from "@swaplab/page-alloc"
import { expect, it } from "vitest"
import { boot, freshCache, leave, memallocTask, slabOf, softirq, wearOut } from "./rig.ts"

const MS = 1e6

it("throttle-v8: a task without __GFP_FS is throttled without limit", () => {
  const through = ["v3.6", "v3.6 + throttle-v8"].map((kernel) => {
    const rig = boot("slub", kernel)
    leave(rig, 20)
    let done = false
    rig.machine.startProcess(0, "user", function*(self) {
      yield* rig.machine.vmscan.tryToFreePages(self, GFP_NOIO, 0, rig.machine.pages.zonelist(GFP_KERNEL))
      done = true
    })
    rig.cluster.sim.run(rig.cluster.sim.now + 5000 * MS)
    return done
  })
  expect(through).toEqual([true, false])
})

it("slab-skips-first: an unreserved object in the first entry of the array is not found", () => {
  const found = ["v3.6", "v3.6 + slab-skips-first"].map((kernel) => {
    const rig = boot("slab", kernel)
    const slab = slabOf(rig)
    const cache = freshCache(rig)
    const clean = Array.from({ length: 15 }, () => slab.tryAlloc(softirq(), cache, GFP_ATOMIC))
    leave(rig, 20)
    const reserve = Array.from({ length: 15 }, () => slab.tryAlloc(memallocTask(), cache, GFP_ATOMIC))
    slab.free(softirq(), cache, clean[0])
    slab.free(softirq(), cache, reserve[0])
    return slab.tryAlloc(softirq(), cache, GFP_ATOMIC) === clean[0]
  })
  expect(found).toEqual([true, false])
})

it("netdev-kmalloc: a card with fragments posts buffers that are marked when they come from the reserve", () => {
  const marked = ["v3.6", "v3.6-P"].map((kernel) => {
    const rig = boot("slab", kernel, { driver: "e1000", rxRing: 32 })
    leave(rig, 30)
    wearOut(rig)
    const { nic } = rig.machine
    return { deaf: nic.rxMissed > 0, marked: rig.machine.net.skbs.reserveAllocs > 0 }
  })
  // the fragments come from the reserve as well, to the last page, and nobody can tell; then the card is deaf
  expect(marked).toEqual([{ deaf: true, marked: false }, { deaf: false, marked: true }])
})

it("the bases of February and April 2012 keep objects of the reserve too, once the nbd socket has opened the gate", () => {
  for (const kernel of ["feb-2012", "v9"]) {
    const rig = boot("slab", kernel)
    const slab = slabOf(rig)
    const cache = freshCache(rig)
    leave(rig, 20)
    slab.tryAlloc(memallocTask(), cache, GFP_ATOMIC)
    expect(slab.tryAlloc(softirq(), cache, GFP_ATOMIC)).toBe(NO_OBJECT)
  }
})
