import { GFP_KERNEL, GFP_NOIO, PF_MEMALLOC, PG_isolated, PG_lru } from "@swaplab/page-alloc"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { context, Toy } from "./toy.ts"

/** What a user of the LRU may do, at random. */
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("anon" as const), n: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("file" as const), n: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("touch" as const), n: fc.nat(10_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("access" as const), n: fc.nat(10_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("unmap" as const), n: fc.nat(10_000) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("reclaim" as const), n: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("run" as const), n: fc.integer({ min: 1, max: 200_000_000 }) })
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("drain" as const), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("requests" as const), n: fc.nat(40) }) }
)

/** Applies the commands; after each one every page must be accounted for. */
const play = (commands: ReadonlyArray<{ kind: string; n: number }>, requests: number): Toy => {
  const toy = new Toy({ memory: { dma: 600, dma32: 1200, normal: 0 }, requests, swapSlots: 3000, writeNs: 3_000_000 })
  const ctx = { ...context(), flags: PF_MEMALLOC }
  const { frames } = toy.pages
  toy.spawnKswapd()
  const mapped = (n: number): number => {
    for (let i = 0; i < frames.count; i++) {
      const pfn = (n * 37 + i) % frames.count
      if (frames.rmap[pfn] >= 0) return pfn
    }
    return -1
  }
  const grow = (n: number, make: (pfn: number) => void): void => {
    for (let i = 0; i < n; i++) {
      const pfn = toy.pages.tryAlloc(context(), 0x20, 0)
      if (pfn >= 0) make(pfn)
    }
  }
  const steps: Record<string, (n: number) => void> = {
    anon: (n) => grow(n, (pfn) => toy.mapAnon(ctx, pfn, n % 2 === 0)),
    file: (n) => grow(n, (pfn) => toy.cacheFile(ctx, pfn, n % 2 === 0)),
    touch: (n) => {
      const pfn = mapped(n)
      if (pfn >= 0) toy.mm.young[pfn] = 1
    },
    access: (n) => {
      const pfn = n % frames.count
      if ((frames.flags[pfn] & PG_lru) !== 0) toy.vmscan.lru.markAccessed(ctx, pfn)
    },
    unmap: (n) => {
      const pfn = mapped(n)
      if (pfn < 0) return
      frames.rmap[pfn] = -1
      toy.vmscan.lru.putPage(ctx, pfn)
    },
    reclaim: (n) => {
      toy.spawn(
        "T",
        (task) => toy.vmscan.tryToFreePages(task, n === 0 ? GFP_NOIO : GFP_KERNEL, 0, toy.pages.zonelist(GFP_KERNEL))
      )
    },
    run: (n) => {
      toy.sim.run(toy.sim.now + n, 20_000)
    },
    drain: () => toy.vmscan.lru.drainAll(ctx),
    requests: (n) => {
      toy.mm.requests = n
      toy.mm.slotFreed.wakeAll()
    }
  }
  for (const { kind, n } of commands) {
    steps[kind](n)
    toy.sim.run(toy.sim.now, 20_000)
    toy.check()
    // each page that anybody refers to is on one list, held by one reclaimer, or in a pagevec on its way to a list
    let used = 0
    let isolated = 0
    for (let pfn = 0; pfn < frames.count; pfn++) {
      if (frames.refCount[pfn] === 0) continue
      used++
      if ((frames.flags[pfn] & PG_isolated) !== 0) isolated++
    }
    const { lru } = toy.vmscan
    expect(isolated).toBe(toy.vmscan.isolatedPages())
    expect(toy.vmscan.lruPages() + lru.pagesInPagevecs() + isolated).toBe(used)
  }
  return toy
}

describe("conservation of pages", () => {
  it("holds after every step of random histories", () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 5, maxLength: 60 }), fc.nat(30), (commands, requests) => {
        play(commands, requests)
      }),
      { seed: 2012, numRuns: 60 }
    )
  })

  it("equal histories end in equal states", () => {
    const commands = fc.sample(fc.array(command, { minLength: 60, maxLength: 60 }), { seed: 7, numRuns: 1 })[0]
    expect(play(commands, 8).sim.fingerprint()).toBe(play(commands, 8).sim.fingerprint())
  })
})
