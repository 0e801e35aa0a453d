import { __GFP_FS, GFP_KERNEL, GFP_NOIO, PF_KTHREAD, WMARK_MIN } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { type Allocator, ALLOCATORS, boot, type Booted, freePages, leave, pair, task } from "./rig.ts"

const MS = 1e6

const halfReserve = ({ machine }: Booted): number =>
  machine.pages.populatedZones.reduce((sum, zone) => sum + zone.watermark[WMARK_MIN], 0) >> 1

/** Tasks that enter direct reclaim at half of the reserve, and what has become of each after so long. */
const parked = (allocator: Allocator, kernel: string) => {
  const rig = boot(allocator, kernel)
  const { machine } = rig
  const { sim } = rig.cluster
  const held = leave(rig, halfReserve(rig))
  const through: Array<string> = []
  const enter = (name: string, gfp: number, flags = 0) =>
    machine.startProcess(0, name, function*(self) {
      self.flags |= flags
      yield* machine.vmscan.tryToFreePages(self, gfp, 0, machine.pages.zonelist(GFP_KERNEL))
      through.push(name)
    })
  const user = enter("GFP_KERNEL", GFP_KERNEL)
  enter("GFP_NOIO", GFP_NOIO)
  enter("kernel thread", GFP_KERNEL, PF_KTHREAD)
  return { rig, sim, held, through, user, counted: () => machine.pages.vmstat.get("pgscan_direct_throttle") }
}

describe("patch 15, throttle", () => {
  it.each(ALLOCATORS)(
    "%s: parks user tasks at half of min: for a second without __GFP_FS, with it until there is memory",
    (allocator) => {
      expect(GFP_NOIO & __GFP_FS).toBe(0)
      const [patched, without] = pair("v3.6", "throttle").map((kernel) => parked(allocator, kernel))
      for (const { sim } of [patched, without]) sim.run(sim.now + 900 * MS)
      expect(patched.through).toEqual(["kernel thread"])
      expect(without.through.toSorted()).toEqual(["GFP_KERNEL", "GFP_NOIO", "kernel thread"])
      patched.sim.run(patched.sim.now + 200 * MS)
      expect(patched.through).toEqual(["kernel thread", "GFP_NOIO"])
      expect([patched.counted(), without.counted()]).toEqual([2, 0])
      // one page more than half
      patched.rig.machine.pages.free(task(), patched.held[patched.held.length - 1], 0)
      patched.rig.machine.pages.drainAllPages()
      expect(freePages(patched.rig)).toBe(halfReserve(patched.rig) + 1)
      patched.sim.run(patched.sim.now + 200 * MS)
      expect(patched.through).toEqual(["kernel thread", "GFP_NOIO", "GFP_KERNEL"])
    }
  )

  it("a signal that kills releases too", () => {
    const { sim, through, user } = parked("slub", "v3.6")
    sim.run(sim.now + 900 * MS)
    user.kill()
    sim.run(sim.now + 1 * MS)
    expect(through).toEqual(["kernel thread", "GFP_KERNEL"])
  })
})
