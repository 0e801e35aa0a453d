import { Disk, type DiskName, diskNamed, PageCache } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { start } from "./rig.ts"

describe("page cache", () => {
  const cached = (capacityPages: number, kind: DiskName = "nvme") => {
    const sim = new Sim({ seed: 2 })
    const disk = new Disk(sim, "disk", { ...diskNamed(kind), capacityBytes: 1e9 })
    const cache = new PageCache(sim, "server", disk, { capacityBytes: capacityPages * 4096 })
    const flusher = start(sim, "flusher", (self) => cache.flusher(self))
    flusher.process.daemon = true
    return { sim, disk, cache }
  }

  it("hits what was used last, evicts what was not", () => {
    const { sim, disk, cache } = cached(16)
    const owner = cache.addExport(1000, 0)
    start(sim, "reader", function*(self) {
      yield* cache.fill(self, owner, 0, 16)
      expect(cache.lookup(owner, 0)).toBe(true)
      yield* cache.fill(self, owner, 100, 1)
      // page 1 was the least recently used
      expect(cache.has(owner, 1)).toBe(false)
      expect(cache.has(owner, 0)).toBe(true)
      expect(cache.lookup(owner, 1)).toBe(false)
    })
    sim.run()
    cache.checkInvariants()
    expect([cache.hits, cache.misses, cache.evictions, disk.reads]).toEqual([1, 1, 1, 2])
  })

  it("writes old pages back after 30 s, in runs", () => {
    const { sim, disk, cache } = cached(1000)
    const owner = cache.addExport(1000, 0)
    start(sim, "writer", function*(self) {
      yield* cache.write(self, owner, 10, 40)
      yield* cache.write(self, owner, 500, 3)
    })
    sim.run(29e9)
    expect([cache.dirtyPages, disk.writes]).toEqual([43, 0])
    sim.run(31e9)
    cache.checkInvariants()
    expect([cache.dirtyPages, disk.writes, disk.writtenBytes]).toEqual([0, 2, 43 * 4096])
    expect(cache.cachedPages).toBe(43)
  })

  it("starts at a tenth, and makes writers wait at a fifth", () => {
    const { sim, cache } = cached(1000, "hdd")
    const owner = cache.addExport(100_000, 0)
    let done = 0
    start(sim, "writer", function*(self) {
      for (let i = 0; i < 400; i++) {
        yield* cache.write(self, owner, i * 200, 2)
        expect(cache.dirtyPages).toBeLessThanOrEqual(200)
      }
      done = sim.now
    })
    sim.run(60e9)
    cache.checkInvariants()
    expect(cache.throttledWriters).toBeGreaterThan(100)
    // at least 600 pages had to reach the disk in runs of two: 300 times half a turn and a short seek
    expect(done).toBeGreaterThan(1.3e9)
    expect(cache.writtenBack).toBeGreaterThanOrEqual(600)
  })

  it("keeps a page that is written again while it is on its way", () => {
    const { sim, disk, cache } = cached(1000, "hdd")
    const owner = cache.addExport(1000, 0)
    start(sim, "writer", function*(self) {
      yield* cache.write(self, owner, 0, 1)
      yield* self.process.hold(30e9 + 1000)
      expect(cache.writeback).toBe(1)
      yield* cache.write(self, owner, 0, 1)
    })
    sim.run(35e9)
    cache.checkInvariants()
    expect([cache.dirtyPages, disk.writes]).toEqual([1, 1])
    sim.run(70e9)
    expect([cache.dirtyPages, disk.writes]).toEqual([0, 2])
  })

  it("sync returns when everything of the export is on the disk", () => {
    const { sim, cache } = cached(1000, "hdd")
    const [mine, other] = [cache.addExport(1000, 0), cache.addExport(1000, 1e8)]
    let synced = -1
    start(sim, "writer", function*(self) {
      for (let i = 0; i < 20; i++) yield* cache.write(self, mine, i * 10, 1)
      yield* cache.write(self, other, 0, 1)
      yield* cache.sync(self, mine)
      synced = cache.dirtyPages
    })
    sim.run(20e9)
    expect(synced).toBe(1)
  })

  it("invariants hold under random use", () => {
    const operation = fc.record({
      what: fc.constantFrom("read", "write", "sync", "drop", "wait"),
      owner: fc.nat(1),
      page: fc.nat(199),
      count: fc.integer({ min: 1, max: 20 })
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80 }), fc.integer({ min: 16, max: 200 }), (operations, pages) => {
        const { sim, cache } = cached(pages, "sata-ssd")
        const owners = [cache.addExport(400, 0), cache.addExport(400, 1e8)]
        let finished = 0
        for (let worker = 0; worker < 3; worker++) {
          start(sim, `worker ${worker}`, function*(self) {
            for (const { what, owner: which, page, count } of operations.filter((_, i) => i % 3 === worker)) {
              const owner = owners[which]
              if (what === "read") {
                for (let i = 0; i < count; i++) {
                  if (!cache.lookup(owner, page + i)) yield* cache.fill(self, owner, page + i, 1)
                }
              } else if (what === "write") yield* cache.write(self, owner, page, count)
              else if (what === "sync") yield* cache.sync(self, owner)
              else if (what === "drop") cache.drop(owner, page, count)
              else yield* self.process.hold(count * 100_000)
              cache.checkInvariants()
            }
            finished++
          })
        }
        sim.run(600e9)
        cache.checkInvariants()
        expect(finished).toBe(3)
        expect(cache.dirtyPages).toBe(0)
      }),
      { seed: 20120731, numRuns: 80 }
    )
  })
})
