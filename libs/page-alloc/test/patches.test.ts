// The distinguishing tests of the merged patches that concern the page allocator, one switch at a time.
import {
  ALLOC_NO_WATERMARKS,
  ALLOC_PFMEMALLOC,
  gfpToAllocFlags,
  NO_SWITCHES,
  pfmemallocAllowed
} from "#src/alloc-flags.ts"
import {
  __GFP_MEMALLOC,
  __GFP_NOMEMALLOC,
  ALLOC_HARDER,
  ALLOC_HIGH,
  type Context,
  GFP_ATOMIC,
  GFP_KERNEL,
  NO_PAGE,
  type PageAllocSwitches,
  PF_MEMALLOC
} from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { bringTo, context, machine, softirq } from "./support.ts"

const V36: PageAllocSwitches = {
  ...NO_SWITCHES,
  pfmemallocMark: "no-watermarks",
  gfpMemalloc: true,
  softirqMemalloc: true,
  ignoreMempolicy: true
}
const FEB2012: PageAllocSwitches = { ...NO_SWITCHES, pfmemallocMark: "slowpath" }

const scarce = (free: number, switches: Partial<PageAllocSwitches>) => {
  const { pages } = machine({ switches })
  bringTo(pages, pages.zones[0], 0)
  bringTo(pages, pages.zones[1], free)
  return pages
}

describe("rights to the reserve", () => {
  const task = context()
  const memalloc = context({ flags: PF_MEMALLOC })
  const dying = context({ memdie: true })
  const backlog = context({ flags: PF_MEMALLOC, inInterrupt: true })
  it.each<[string, Context, number, v35: boolean, feb: boolean, v36: boolean, febAllowed: boolean]>([
    ["plain task", task, GFP_KERNEL, false, false, false, false],
    ["PF_MEMALLOC task", memalloc, GFP_KERNEL, true, true, true, true],
    ["TIF_MEMDIE task", dying, GFP_KERNEL, true, true, true, true],
    ["PF_MEMALLOC with NOMEMALLOC", memalloc, GFP_KERNEL | __GFP_NOMEMALLOC, false, false, false, true],
    ["PF_MEMALLOC with bottom halves off", backlog, GFP_ATOMIC, false, false, false, true],
    ["softirq with PF_MEMALLOC", softirq(PF_MEMALLOC), GFP_ATOMIC, false, false, true, true],
    ["softirq", softirq(), GFP_ATOMIC, false, false, false, false],
    ["softirq with __GFP_MEMALLOC", softirq(), GFP_ATOMIC | __GFP_MEMALLOC, false, false, true, false],
    ["softirq with MEMALLOC and NOMEMALLOC", softirq(), __GFP_MEMALLOC | __GFP_NOMEMALLOC, false, false, false, false]
  ])("%s", (_name, ctx, gfp, v35, feb, v36, febAllowed) => {
    const granted = (switches: PageAllocSwitches) => (gfpToAllocFlags(ctx, gfp, switches) & ALLOC_NO_WATERMARKS) !== 0
    expect([granted(NO_SWITCHES), granted(FEB2012), granted(V36)]).toEqual([v35, feb, v36])
    expect(pfmemallocAllowed(ctx, gfp, NO_SWITCHES)).toBe(v35)
    expect(pfmemallocAllowed(ctx, gfp, V36)).toBe(v36)
    expect(pfmemallocAllowed(ctx, gfp, FEB2012)).toBe(febAllowed)
    expect((gfpToAllocFlags(ctx, gfp, FEB2012) & ALLOC_PFMEMALLOC) !== 0).toBe(febAllowed)
  })

  it("the common part: half for HIGH, harder for those who cannot wait", () => {
    const flags = (gfp: number) => gfpToAllocFlags(softirq(), gfp, NO_SWITCHES) & (ALLOC_HIGH | ALLOC_HARDER)
    expect(flags(GFP_ATOMIC)).toBe(ALLOC_HIGH | ALLOC_HARDER)
    expect(flags(0)).toBe(ALLOC_HARDER)
    expect(flags(GFP_ATOMIC | __GFP_NOMEMALLOC)).toBe(ALLOC_HIGH)
    expect(flags(GFP_KERNEL)).toBe(0)
  })
})

describe("patch 3, __GFP_MEMALLOC", () => {
  it("takes the last page in any context; NOMEMALLOC wins", () => {
    const gfp = GFP_ATOMIC | __GFP_MEMALLOC
    expect(scarce(1, {}).tryAlloc(softirq(), gfp, 0)).toBe(NO_PAGE)
    expect(scarce(1, { gfpMemalloc: true }).tryAlloc(softirq(), gfp, 0)).toBeGreaterThanOrEqual(0)
    expect(scarce(1, { gfpMemalloc: true }).tryAlloc(softirq(), gfp | __GFP_NOMEMALLOC, 0)).toBe(NO_PAGE)
  })
})

describe("patch 4, PF_MEMALLOC in softirq", () => {
  it("counts while a softirq is served, not while bottom halves are only disabled", () => {
    const on = { softirqMemalloc: true }
    expect(scarce(100, on).tryAlloc(softirq(), GFP_ATOMIC, 0)).toBe(NO_PAGE)
    expect(scarce(100, on).tryAlloc(softirq(PF_MEMALLOC), GFP_ATOMIC, 0)).toBeGreaterThanOrEqual(0)
    expect(scarce(100, {}).tryAlloc(softirq(PF_MEMALLOC), GFP_ATOMIC, 0)).toBe(NO_PAGE)
    const backlog = context({ flags: PF_MEMALLOC, inInterrupt: true })
    expect(scarce(100, on).tryAlloc(backlog, GFP_ATOMIC, 0)).toBe(NO_PAGE)
  })
})

describe("patches 1 and 5, page->pfmemalloc", () => {
  const memalloc = () => context({ flags: PF_MEMALLOC })
  it.each<[PageAllocSwitches["pfmemallocMark"], fast: boolean, low: boolean, min: boolean]>([
    ["none", false, false, false],
    ["slowpath", false, true, true],
    ["no-watermarks", false, false, true]
  ])("%s: above low %s, between min and low %s, below min %s", (pfmemallocMark, fast, low, min) => {
    for (const [free, marked] of [[1782, fast], [1500, low], [1425, min]] as const) {
      const pages = scarce(free, { pfmemallocMark })
      const page = pages.tryAlloc(memalloc(), GFP_KERNEL, 0)
      expect(pages.pagePfmemalloc(page)).toBe(marked)
      const ordinary = pages.tryAlloc(softirq(), GFP_ATOMIC, 0)
      expect(pages.pagePfmemalloc(ordinary)).toBe(false)
    }
  })

  it("a marked page that is freed comes back without its mark", () => {
    const pages = scarce(1425, { pfmemallocMark: "no-watermarks" })
    const page = pages.tryAlloc(memalloc(), GFP_KERNEL, 0)
    expect(pages.pagePfmemalloc(page)).toBe(true)
    pages.free(context(), page, 0)
    expect(pages.tryAlloc(softirq(), GFP_ATOMIC, 0)).toBe(page)
    expect(pages.pagePfmemalloc(page)).toBe(false)
  })
})

it("other switches count from the moment they are set: rights and marks", () => {
  const pages = scarce(1, {})
  const asked = (): number => pages.tryAlloc(softirq(), GFP_ATOMIC | __GFP_MEMALLOC, 0)
  expect(asked()).toBe(NO_PAGE)
  pages.switches = V36
  const page = asked()
  expect(page).toBeGreaterThanOrEqual(0)
  expect(pages.pagePfmemalloc(page)).toBe(true)
})
