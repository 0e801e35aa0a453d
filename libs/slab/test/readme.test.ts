import { GFP_ATOMIC, PageAllocator, PF_MEMALLOC } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import { expect, it } from "vitest"

it("does what the README shows", () => {
  const sim = new Sim({ seed: 1 })
  const pages = new PageAllocator(sim, {
    memory: 64 * 1024 * 1024,
    cpus: 1,
    switches: { pfmemallocMark: "no-watermarks" }
  })
  const slab = new SlabAllocator(sim, pages, {
    cpus: 1,
    switches: { reserveSlabs: true, memallocGate: true },
    memallocSocks: { count: 1 }
  })
  const heads = slab.createCache("skbuff_head_cache", 224, { hwAlign: true })

  const softirq = { flags: 0, memdie: false, inInterrupt: true, servingSoftirq: true, cpu: 0, ns: 0 }
  const kswapd = { ...softirq, flags: PF_MEMALLOC, inInterrupt: false, servingSoftirq: false }
  while (pages.tryAlloc(softirq, GFP_ATOMIC, 0) >= 0) { /* eat memory down to the floor of atomic requests */ }

  expect(slab.tryAlloc(kswapd, heads, GFP_ATOMIC)).toBeGreaterThanOrEqual(0) // a new slab from the reserve
  expect(slab.tryAlloc(softirq, heads, GFP_ATOMIC)).toBe(-1) // its other 14 objects are not for everybody
  expect(slab.slabinfoText().split("\n")[2]).toBe(
    "skbuff_head_cache     15     15    256   15    1 : tunables  120   60    0 : slabdata      1      1      0"
  )
})
