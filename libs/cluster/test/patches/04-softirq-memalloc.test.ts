import { GFP_ATOMIC, NO_PAGE, PF_MEMALLOC } from "@swaplab/page-alloc"
import { expect, it } from "vitest"
import { boot, leave, pair } from "./rig.ts"

it("patch 4, softirq-memalloc: a softirq on top of kswapd has no right to the reserve, until it takes one of its own", () => {
  const [patched, without] = pair("v3.6", "softirq-memalloc").map((kernel) => boot("slub", kernel))
  const results = [patched, without].map((rig) => {
    const { machine } = rig
    leave(rig, 20)
    const { ctx } = machine.softirqs.perCpu[0]
    expect(machine.kswapd.flags & PF_MEMALLOC).toBe(PF_MEMALLOC)
    ctx.inInterrupt = ctx.servingSoftirq = true
    const before = machine.pages.tryAlloc(ctx, GFP_ATOMIC, 0)
    ctx.flags |= PF_MEMALLOC
    const after = machine.pages.tryAlloc(ctx, GFP_ATOMIC, 0)
    ctx.flags &= ~PF_MEMALLOC
    expect(machine.kswapd.flags & PF_MEMALLOC).toBe(PF_MEMALLOC)
    return [before !== NO_PAGE, after !== NO_PAGE]
  })
  expect(results).toEqual([[false, true], [false, false]])
})
