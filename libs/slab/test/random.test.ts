import { FakePages, NO_OBJECT, onCpu, runNow, taskOn } from "@swaplab/kmem"
import { GFP_ATOMIC, GFP_KERNEL, PF_MEMALLOC, PG_slab, WOULD_SLEEP } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { SlabAllocator } from "@swaplab/slab"
import fc from "fast-check"
import { expect, it } from "vitest"
import { type Mode, MODES } from "./modes.ts"

const commands = fc.array(
  fc.tuple(
    fc.constantFrom("alloc", "allocMany", "free", "freeMany", "reap", "time", "memory", "gate"),
    fc.nat(2),
    fc.nat(5),
    fc.boolean(),
    fc.nat(10_000)
  ),
  { maxLength: 150 }
)

// The naive model: a map from byte address to the cache that the object was taken from.
it.each<Mode>(["none", "feb-2012", "v3.6"])(
  "random commands, %s: no object twice, objects inside their pages, pages conserved",
  (pfmemalloc) => {
    fc.assert(
      fc.property(commands, (steps) => {
        const sim = new Sim({ seed: 1 })
        const pages = new FakePages(600, 40)
        const memallocSocks = { count: 0 }
        const slab = new SlabAllocator(sim, pages, {
          cpus: 3,
          switches: MODES[pfmemalloc],
          memallocSocks,
          slabMaxOrder: 1
        })
        const caches = [
          slab.createCache("a", 224, { hwAlign: true }),
          slab.createCache("b", 700, { hwAlign: true }),
          slab.createCache("c", 2048, { hwAlign: true }),
          slab.createCache("d", 560, { reclaimAccount: true }),
          slab.createCache("e", 48),
          slab.createCache("f", 3000, { hwAlign: true })
        ]
        const tasks = [0, 1, 2].map((cpu) => taskOn(sim, cpu))
        const held: Array<{ object: number; cache: number; address: number }> = []
        const taken = new Map<number, number>()
        let withheld = 0
        pages.onSleep = () => {
          if (pages.free_ + withheld < 600 - slab.slabPages()) pages.free_ += 1
        }
        for (const [command, cpu, which, privileged, n] of steps) {
          const ctx = onCpu(cpu, privileged ? PF_MEMALLOC : 0)
          const allocations = command === "alloc" ? 1 : command === "allocMany" ? n % 150 : 0
          for (let i = 0; i < allocations; i++) {
            const cache = caches[which]
            const before = slab.slabPages()
            const object = n % 3 === 0
              ? runNow(slab.alloc(tasks[cpu], cache, GFP_KERNEL))
              : slab.tryAlloc(ctx, cache, n % 3 === 1 ? GFP_ATOMIC : GFP_KERNEL)
            if (object === NO_OBJECT || object === WOULD_SLEEP) {
              if (object === WOULD_SLEEP) expect(slab.slabPages()).toBeGreaterThanOrEqual(before)
              break
            }
            const address = slab.objectAddress(cache, object)
            const page = cache.slabs.pageOf(object)
            expect(taken.has(address)).toBe(false)
            expect(address).toBeGreaterThanOrEqual(page * 4096)
            expect(address + cache.size).toBeLessThanOrEqual((page + (1 << cache.order)) * 4096)
            expect(pages.frames.flags[page] & PG_slab).toBe(PG_slab)
            taken.set(address, which)
            held.push({ object, cache: which, address })
          }
          const frees = command === "free" ? 1 : command === "freeMany" ? n % 150 : 0
          for (let i = 0; i < frees && held.length > 0; i++) {
            const [one] = held.splice((n * 7919 + i) % held.length, 1)
            slab.free(ctx, caches[one.cache], one.object)
            taken.delete(one.address)
          }
          if (command === "reap") slab.reap(ctx)
          if (command === "time") sim.queue.now += n * 1_000_000
          if (command === "memory") {
            const available = 600 - slab.slabPages()
            withheld = n % (available + 1)
            pages.free_ = available - withheld
          }
          if (command === "gate") memallocSocks.count = privileged ? 1 : 0
          slab.checkInvariants()
          expect(slab.slabPages()).toBe(pages.used.reduce((sum, used) => sum + used, 0))
          expect(pages.free_ + withheld).toBe(600 - slab.slabPages())
          for (const [index, cache] of caches.entries()) {
            const row = slab.slabinfo().find((r) => r.name === cache.name)
            const mine = held.filter((one) => one.cache === index).length
            expect(row?.activeObjects).toBe(mine + cache.inArrays)
            expect(row?.totalObjects).toBe(cache.slabs.rows * cache.objsPerSlab)
          }
        }
      }),
      { seed: 7, numRuns: 60 }
    )
  }
)
