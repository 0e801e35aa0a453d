import { CARDS, NO_SKB, NO_SWITCHES, SKB_ALLOC_FCLONE, SKB_ALLOC_RX } from "@swaplab/net-skb"
import { __GFP_MEMALLOC, __GFP_NOMEMALLOC, GFP_ATOMIC, GFP_KERNEL, PF_MEMALLOC, WOULD_SLEEP } from "@swaplab/page-alloc"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Toy } from "./toy.ts"

describe("alloc_skb", () => {
  it("an ACK is a head and a kmalloc-1024: truesize 1280", () => {
    const toy = new Toy()
    const skb = toy.stack.skbs.tryAllocSkb(toy.ctx, 272, GFP_ATOMIC, 0)
    expect(toy.stack.skbs.truesize[skb]).toBe(1280)
    expect(toy.objects.objects).toBe(2)
    toy.stack.skbs.kfree(toy.ctx, skb)
    expect(toy.objects.objects).toBe(0)
  })

  it("a data segment is a fclone pair and exactly kmalloc-2048", () => {
    const toy = new Toy()
    const skb = toy.stack.skbs.tryAllocSkb(toy.task, 1456 + 272, GFP_KERNEL, SKB_ALLOC_FCLONE)
    expect(toy.stack.skbs.truesize[skb]).toBe(256 + 320 + 1728)
    toy.stack.skbs.kfree(toy.task, skb)
  })

  it("kmalloc_reserve marks only data that came from the reserve", () => {
    const toy = new Toy({ switches: { skbReserve: true } })
    const { skbs } = toy.stack
    const early = skbs.tryAllocSkb(toy.ctx, 272, GFP_ATOMIC | __GFP_MEMALLOC, 0)
    expect(skbs.pfmemalloc[early]).toBe(0)
    toy.exhaust(8)
    const late = skbs.tryAllocSkb(toy.ctx, 272, GFP_ATOMIC | __GFP_MEMALLOC, 0)
    expect(skbs.pfmemalloc[late]).toBe(1)
    expect(skbs.reserveAllocs).toBe(1)
    // NOMEMALLOC wins
    expect(skbs.tryAllocSkb(toy.ctx, 272, GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 0)).toBe(NO_SKB)
  })

  it("without the patch the reserve is used silently by those entitled to it", () => {
    const toy = new Toy()
    const { skbs } = toy.stack
    toy.exhaust(8)
    const entitled = { ...toy.task, flags: PF_MEMALLOC }
    const skb = skbs.tryAllocSkb(entitled, 272, GFP_ATOMIC, 0)
    expect(skb).toBeGreaterThanOrEqual(0)
    expect(skbs.pfmemalloc[skb]).toBe(0)
    expect(skbs.tryAllocSkb(toy.ctx, 272, GFP_ATOMIC, 0)).toBe(NO_SKB)
  })

  it("SKB_ALLOC_RX may use the reserve only when a memalloc socket exists", () => {
    const toy = new Toy({ switches: { skbReserve: true } })
    toy.exhaust(8)
    expect(toy.stack.skbs.tryAllocSkb(toy.ctx, 1586, GFP_ATOMIC, SKB_ALLOC_RX)).toBe(NO_SKB)
    toy.memallocSocks.count = 1
    const skb = toy.stack.skbs.tryAllocSkb(toy.ctx, 1586, GFP_ATOMIC, SKB_ALLOC_RX)
    expect(toy.stack.skbs.pfmemalloc[skb]).toBe(1)
  })

  it("says WOULD_SLEEP for masks that may, and keeps nothing", () => {
    const toy = new Toy({ switches: { skbReserve: true } })
    toy.exhaust()
    expect(toy.stack.skbs.tryAllocSkb(toy.task, 272, GFP_KERNEL, 0)).toBe(WOULD_SLEEP)
    expect(toy.objects.objects).toBe(0)
  })
})

describe("netdev_alloc_skb", () => {
  it("cuts two buffers from a page and keeps the page until both are free", () => {
    const toy = new Toy()
    const { skbs, netdev } = toy.stack
    const a = netdev.skb(toy.ctx, 1522)
    const b = netdev.skb(toy.ctx, 1522)
    expect(skbs.pages.inUse).toBe(1)
    const c = netdev.skb(toy.ctx, 1522)
    expect(skbs.pages.inUse).toBe(2)
    expect(skbs.truesize[a]).toBe(2176)
    for (const skb of [a, b]) skbs.kfree(toy.ctx, skb)
    expect(skbs.pages.inUse).toBe(1)
    skbs.kfree(toy.ctx, c)
    netdev.drain(toy.ctx)
    expect(skbs.pages.inUse).toBe(0)
  })

  it.each([{ recycle: true, pages: 1 }, { recycle: false, pages: 5 }])(
    "page recycling $recycle: ten packets received and freed one by one take $pages pages",
    ({ recycle, pages }) => {
      const toy = new Toy({ switches: { netdevFragRecycle: recycle } })
      let taken = 0
      const memory = toy.stack.skbs.memory
      const tryPage = memory.tryPage.bind(memory)
      memory.tryPage = (ctx, gfp) => {
        taken++
        return tryPage(ctx, gfp)
      }
      for (let i = 0; i < 10; i++) toy.stack.skbs.kfree(toy.ctx, toy.stack.netdev.skb(toy.ctx, 1522))
      expect(taken).toBe(pages)
    }
  )

  it("family F is never marked, family P is", () => {
    const toy = new Toy({ switches: { skbReserve: true, pageToSkb: true, skbAllocPage: true } })
    toy.memallocSocks.count = 1
    const { skbs, netdev } = toy.stack
    // the head of build_skb is plain GFP_ATOMIC, so it has to come from above the reserve
    const ready = netdev.skb(toy.ctx, 512)
    toy.exhaust(6)
    const page = netdev.pageForSkb(toy.ctx, ready)
    expect(skbs.pfmemalloc[ready]).toBe(1)
    skbs.fillPageDesc(ready, page, 1000)
    const kmalloc = netdev.kmallocSkb(toy.ctx, 1522)
    expect(skbs.pfmemalloc[kmalloc]).toBe(1)
    // a fragment page may come from the reserve, but the head of build_skb does not: no packet at all
    netdev.drain(toy.ctx)
    const before = skbs.pages.inUse
    expect(netdev.skb(toy.ctx, 1522)).toBe(NO_SKB)
    expect(skbs.pages.inUse).toBe(before + 1)
    // with memory for the head the packet exists, and does not show where its data lies
    toy.relent()
    const unmarked = netdev.skb(toy.ctx, 1522)
    expect(skbs.pages.pfmemalloc[netdev.frag(toy.ctx, 16, GFP_ATOMIC)]).toBe(1)
    expect(skbs.pfmemalloc[unmarked]).toBe(0)
  })

  it("a page fragment marks its skb only with switch 10", () => {
    for (const pageToSkb of [false, true]) {
      const toy = new Toy({ switches: { pageToSkb } })
      const skb = toy.stack.skbs.tryAllocSkb(toy.ctx, 272, GFP_ATOMIC, 0)
      toy.exhaust(4)
      const pfn = toy.pages.tryAlloc(toy.ctx, GFP_ATOMIC | __GFP_MEMALLOC, 0)
      toy.stack.skbs.fillPageDesc(skb, toy.stack.skbs.pages.adopt(pfn), 100)
      expect(toy.stack.skbs.pfmemalloc[skb]).toBe(pageToSkb ? 1 : 0)
    }
  })
})

describe("conservation", () => {
  it("whatever is allocated and freed in any order, nothing leaks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ kind: fc.nat(4), pick: fc.nat(1000) }), { maxLength: 120 }),
        fc.boolean(),
        (steps, recycle) => {
          const toy = new Toy({ switches: { netdevFragRecycle: recycle, skbReserve: true }, nic: CARDS.igb })
          const { skbs, netdev } = toy.stack
          const live: Array<number> = []
          for (const { kind, pick } of steps) {
            if (kind === 0) live.push(skbs.tryAllocSkb(toy.ctx, 100 + pick, GFP_ATOMIC, 0))
            else if (kind === 1) live.push(netdev.skb(toy.ctx, 64 + pick))
            else if (kind === 2 && live.length > 0) {
              const skb = live[pick % live.length]
              if (skbs.nrFrags[skb] < 17) {
                const page = netdev.pageForSkb(toy.ctx, skb)
                skbs.fillPageDesc(skb, page, 10)
              }
            } else if (live.length > 0) {
              const [skb] = live.splice(pick % live.length, 1)
              skbs.kfree(toy.ctx, skb)
            }
            skbs.checkInvariants()
            expect(skbs.inUse).toBe(live.length)
          }
          for (const skb of live) skbs.kfree(toy.ctx, skb)
          netdev.drain(toy.ctx)
          expect(toy.objects.objects).toBe(0)
          expect(skbs.pages.inUse).toBe(0)
        }
      ),
      { seed: 1, numRuns: 60 }
    )
  })

  it("has every switch off by default", () => {
    expect(Object.values(NO_SWITCHES).every((on) => !on)).toBe(true)
  })
})
