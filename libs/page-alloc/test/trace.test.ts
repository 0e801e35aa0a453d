import { GFP_ATOMIC, GFP_HIGHUSER_MOVABLE, GFP_KERNEL, NO_PAGE } from "@swaplab/page-alloc"
import { expect, it } from "vitest"
import { bringTo, context, machine, softirq } from "./support.ts"

it("tracepoints report allocations, frees, refills, steals and drains by their Linux names", () => {
  const { pages, sim } = machine({ group: 0 })
  const hits: Array<string> = []
  sim.trace.sink = (point, _time, _group, values) => {
    expect([point.enabled, values.length]).toEqual([true, point.fields.length])
    hits.push(`${point.name} ${values.join(" ")}`)
  }
  expect(sim.trace.enableOnly([
    "mm_page_alloc",
    "mm_page_free",
    "mm_page_alloc_zone_locked",
    "mm_page_alloc_extfrag",
    "mm_page_pcpu_drain"
  ])).toEqual([])
  const ctx = context()
  const block = pages.tryAlloc(ctx, GFP_KERNEL, 1)
  pages.free(ctx, block, 1)
  expect(hits).toEqual([
    `mm_page_alloc_extfrag ${block} 1 10 0 2 1`,
    `mm_page_alloc_zone_locked ${block} 1 0 0`,
    `mm_page_alloc ${block} 1 0 ${GFP_KERNEL}`,
    `mm_page_free ${block} 1`
  ])
  hits.length = 0
  const page = pages.tryAlloc(ctx, GFP_HIGHUSER_MOVABLE, 0)
  expect(hits.filter((hit) => hit.startsWith("mm_page_alloc_zone_locked")).length).toBe(31)
  expect(hits.at(-1)).toBe(`mm_page_alloc ${page} 0 2 ${GFP_HIGHUSER_MOVABLE}`)
  hits.length = 0
  pages.drainAllPages()
  expect(hits.filter((hit) => hit.startsWith("mm_page_pcpu_drain")).length).toBe(30)
  sim.trace.enableOnly([])
  bringTo(pages, pages.zones[0], 0)
  bringTo(pages, pages.zones[1], 10)
  hits.length = 0
  sim.trace.enableOnly(["mm_page_alloc"])
  pages.tryAlloc(softirq(), GFP_ATOMIC, 0)
  expect(hits).toEqual([`mm_page_alloc ${NO_PAGE} 0 0 ${GFP_ATOMIC}`])
})

it("the slow path reports its allocations as well", () => {
  const { pages, sim } = machine()
  bringTo(pages, pages.zones[0], 0)
  bringTo(pages, pages.zones[1], 1500) // between min and low
  const hits: Array<ReadonlyArray<number>> = []
  sim.trace.sink = (_point, _time, _group, values) => hits.push(values)
  sim.trace.enableOnly(["mm_page_alloc"])
  const page = pages.tryAlloc(context(), GFP_KERNEL, 0)
  expect(pages.counters.slowpath).toBeGreaterThan(0)
  expect(hits).toEqual([[page, 0, 0, GFP_KERNEL]])
})

it("no tracepoint reports while it is off", () => {
  const { pages, sim } = machine()
  let hits = 0
  sim.trace.sink = () => hits++
  pages.free(context(), pages.tryAlloc(context(), GFP_KERNEL, 1), 1) // takes a movable block
  pages.free(context(), pages.tryAlloc(context(), GFP_KERNEL, 0), 0)
  pages.drainAllPages()
  bringTo(pages, pages.zones[0], 0)
  bringTo(pages, pages.zones[1], 1500)
  pages.tryAlloc(context(), GFP_KERNEL, 0) // the slow path
  pages.tryAlloc(softirq(), GFP_ATOMIC, 10) // fails
  expect(pages.counters.failures[10]).toBe(1)
  expect(hits).toBe(0)
})

it("the drain of the per-CPU lists takes more from a list the more empty ones it has passed", () => {
  const { pages, sim } = machine()
  const types: Array<number> = []
  sim.trace.sink = (_point, _time, _group, values) => types.push(values[2])
  const ctx = context()
  const [movable, unmovable] = [[GFP_HIGHUSER_MOVABLE, 4], [GFP_KERNEL, 2]].map(([gfp, n]) =>
    Array.from({ length: n }, () => pages.tryAlloc(ctx, gfp, 0))
  )
  pages.drainAllPages()
  for (const page of [...movable, ...unmovable]) pages.free(ctx, page, 0)
  sim.trace.enableOnly(["mm_page_pcpu_drain"])
  pages.drainAllPages()
  // the list of reclaimable pages is empty: two movable pages for each unmovable one
  expect(types).toEqual([2, 2, 0, 2, 2, 0])
})
