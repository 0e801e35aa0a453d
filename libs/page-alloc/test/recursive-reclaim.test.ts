// Recursive reclaim as the allocator sees it: when it asks, and what it makes of the three answers.
import { __GFP_NOMEMALLOC, GFP_ATOMIC, GFP_NOIO, NO_PAGE, PF_MEMALLOC, WOULD_SLEEP } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { bringTo, context, machine, ScriptedReclaimer, spawn, TestTask } from "./support.ts"

/** No page is free; `give` frees one that was taken before. */
const empty = (recursiveReclaim: boolean) => {
  const { pages, sim } = machine({ switches: { recursiveReclaim } })
  const taken = pages.tryAlloc(context(), GFP_ATOMIC, 0)
  bringTo(pages, pages.zones[0], 0)
  bringTo(pages, pages.zones[1], 0)
  const reclaimer = new ScriptedReclaimer()
  pages.reclaimer = reclaimer
  const asked = () => reclaimer.log.filter((line) => line.startsWith("emergency")).length
  const give = () => {
    pages.free(context(), taken, 0)
    return 32
  }
  return { pages, sim, reclaimer, asked, give, task: new TestTask(sim, "nbd0", PF_MEMALLOC) }
}

describe("recursive reclaim", () => {
  it("asks once the reserve is gone, and tries again with what was dropped", () => {
    const { asked, give, pages, reclaimer, task } = empty(true)
    reclaimer.emergency = give
    expect(pages.tryAlloc(task, GFP_NOIO, 0)).toBeGreaterThanOrEqual(0)
    expect([asked(), pages.counters.reservePages]).toEqual([1, 1])
  })

  it("goes on for as long as pages are dropped, then fails", () => {
    const { asked, pages, reclaimer, task } = empty(true)
    let rounds = 3
    reclaimer.emergency = () => rounds-- > 0 ? 32 : 0
    expect(pages.tryAlloc(task, GFP_NOIO, 0)).toBe(NO_PAGE)
    expect(asked()).toBe(4)
  })

  it("takes the end of all hope for success, as posted: who may sleep tries for ever, who may not fails", () => {
    const { asked, give, pages, reclaimer, sim, task } = empty(true)
    reclaimer.emergency = () => -1
    expect(pages.tryAlloc(task, GFP_ATOMIC, 0)).toBe(NO_PAGE)
    expect(pages.tryAlloc(task, GFP_NOIO, 0)).toBe(WOULD_SLEEP)
    let page = NO_PAGE
    spawn(sim, task, function*() {
      page = yield* pages.alloc(task, GFP_NOIO, 0)
    })
    sim.run(5e9)
    expect([page, asked() > 10, reclaimer.log.some((line) => line.startsWith("reclaim"))]).toEqual([
      NO_PAGE,
      true,
      false
    ])
    give()
    sim.run(6e9)
    expect(page).toBeGreaterThanOrEqual(0)
  })

  it.each([
    ["an interrupt", { inInterrupt: true, servingSoftirq: true }, GFP_ATOMIC],
    ["a task without PF_MEMALLOC", { flags: 0 }, GFP_ATOMIC],
    ["a task that is only dying", { flags: 0, memdie: true }, GFP_ATOMIC],
    ["__GFP_NOMEMALLOC", {}, GFP_ATOMIC | __GFP_NOMEMALLOC]
  ])("is not for %s", (_who, state, gfp) => {
    const { asked, pages, task } = empty(true)
    expect(pages.tryAlloc(Object.assign(task, state), gfp, 0)).toBe(NO_PAGE)
    expect(asked()).toBe(0)
  })

  it("is not for callers that are no task", () => {
    const { asked, pages } = empty(true)
    expect(pages.tryAlloc(context({ flags: PF_MEMALLOC }), GFP_ATOMIC, 0)).toBe(NO_PAGE)
    expect(asked()).toBe(0)
  })

  it("without the switch a PF_MEMALLOC task fails at once", () => {
    const { asked, pages, task } = empty(false)
    expect(pages.tryAlloc(task, GFP_NOIO, 0)).toBe(NO_PAGE)
    expect(asked()).toBe(0)
  })
})
