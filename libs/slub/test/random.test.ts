import { FakePages, NO_OBJECT, onCpu, runNow, taskOn } from "@swaplab/kmem"
import { GFP_ATOMIC, GFP_KERNEL, PF_MEMALLOC, PG_slab, WOULD_SLEEP } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlubAllocator } from "@swaplab/slub"
import fc from "fast-check"
import { expect, it } from "vitest"
import { type Mode, MODES } from "./modes.ts"

const commands = fc.array(
  fc.tuple(
    fc.constantFrom("alloc", "allocMany", "free", "freeMany", "memory", "fragment"),
    fc.nat(2),
    fc.nat(5),
    fc.boolean(),
    fc.nat(10_000)
  ),
  { maxLength: 150 }
)

// The naive model: a set of byte addresses in use and the cache each came from.
it.each<Mode>(["none", "feb-2012", "v3.6"])(
  "random commands, %s: no object twice, objects inside their pages, pages conserved",
  (pfmemalloc) => {
    fc.assert(
      fc.property(commands, (steps) => {
        const sim = new Sim({ seed: 1 })
        const pages = new FakePages(1024, 40)
        const slub = new SlubAllocator(sim, pages, { cpus: 3, switches: MODES[pfmemalloc] })
        const caches = [
          slub.createCache("skbuff_head_cache", 224, { hwAlign: true }),
          slub.createCache("b", 700, { hwAlign: true }),
          slub.createCache("c", 2048, { hwAlign: true }),
          slub.createCache("d", 560, { ctor: true, reclaimAccount: true }),
          slub.createCache("e", 48),
          slub.createCache("f", 3000, { hwAlign: true })
        ]
        const tasks = [0, 1, 2].map((cpu) => taskOn(sim, cpu))
        const held: Array<{ object: number; cache: number; address: number }> = []
        const taken = new Set<number>()
        let withheld = 0
        pages.onSleep = () => {
          if (pages.free_ + withheld < 1024 - slub.slabPages()) pages.free_ += 1
        }
        for (const [command, cpu, which, privileged, n] of steps) {
          const ctx = onCpu(cpu, privileged ? PF_MEMALLOC : 0)
          const allocations = command === "alloc" ? 1 : command === "allocMany" ? n % 150 : 0
          for (let i = 0; i < allocations; i++) {
            const cache = caches[which]
            const object = n % 3 === 0
              ? runNow(slub.alloc(tasks[cpu], cache, GFP_KERNEL))
              : slub.tryAlloc(ctx, cache, n % 3 === 1 ? GFP_ATOMIC : GFP_KERNEL)
            if (object === NO_OBJECT || object === WOULD_SLEEP) break
            const address = slub.objectAddress(cache, object)
            const page = cache.slabs.pageOf(object)
            const order = cache.slabs.order[pages.frames.private[page]]
            expect(taken.has(address)).toBe(false)
            expect(address).toBeGreaterThanOrEqual(page * 4096)
            expect(address + cache.size).toBeLessThanOrEqual((page + (1 << order)) * 4096)
            expect(pages.frames.flags[page] & PG_slab).toBe(PG_slab)
            taken.add(address)
            held.push({ object, cache: which, address })
          }
          const frees = command === "free" ? 1 : command === "freeMany" ? n % 150 : 0
          for (let i = 0; i < frees && held.length > 0; i++) {
            const [one] = held.splice((n * 7919 + i) % held.length, 1)
            slub.free(ctx, caches[one.cache], one.object)
            taken.delete(one.address)
          }
          if (command === "memory") {
            const available = 1024 - slub.slabPages()
            withheld = n % (available + 1)
            pages.free_ = available - withheld
          }
          if (command === "fragment") pages.maxOrder = n % 5
          slub.checkInvariants()
          expect(slub.slabPages()).toBe(pages.used.reduce((sum, used) => sum + used, 0))
          for (const [index, cache] of caches.entries()) {
            const row = slub.slabinfo().find((r) => r.name === cache.name)
            const mine = held.filter((one) => one.cache === index).length
            expect(row?.activeObjects).toBeGreaterThanOrEqual(mine)
            expect(row?.totalObjects).toBe(cache.totalObjects)
          }
        }
        for (const one of held) slub.free(onCpu(0), caches[one.cache], one.object)
        slub.checkInvariants()
        expect(slub.slabinfo().reduce((sum, row) => sum + row.totalObjects, 0)).toBe(
          caches.reduce((sum, cache) => sum + cache.totalObjects, 0)
        )
      }),
      { seed: 7, numRuns: 60 }
    )
  }
)
