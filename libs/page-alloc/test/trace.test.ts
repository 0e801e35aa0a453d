import { GFP_ATOMIC, GFP_HIGHUSER_MOVABLE, GFP_KERNEL } from "@swaplab/page-alloc"
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
  expect(hits).toEqual([`mm_page_alloc 0 0 0 ${GFP_ATOMIC}`])
})
