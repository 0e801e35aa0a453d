import {
  Command,
  Disk,
  type DiskKind,
  diskShapes,
  getU32,
  NBD_SERVER_COSTS,
  PageCache,
  putU32,
  requestCpuNs,
  ServerCores,
  SwapServer,
  TOKEN_BYTES,
  TokenStore
} from "@swaplab/nbd"
import { Sim } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { start, ToyClient } from "./rig.ts"

describe("CPU", () => {
  // measured on nbd-server 3.24: 22 µs + 0.3 µs/KiB, 42 µs + 0.55 µs/KiB
  it.each([
    { type: Command.Read, kib: 4, ns: 23_200 },
    { type: Command.Read, kib: 32, ns: 31_600 },
    { type: Command.Read, kib: 124, ns: 59_200 },
    { type: Command.Write, kib: 4, ns: 44_200 },
    { type: Command.Write, kib: 32, ns: 59_600 },
    { type: Command.Write, kib: 124, ns: 110_200 }
  ])(
    "request $type of $kib KiB: $ns ns",
    ({ type, kib, ns }) => expect(requestCpuNs(NBD_SERVER_COSTS, type, kib * 1024)).toBeCloseTo(ns, 6)
  )

  it("serves jobs in order on the cores that there are", () => {
    const sim = new Sim({ seed: 1 })
    const cores = new ServerCores(sim, 2)
    const done: Array<readonly [number, number]> = []
    for (let i = 0; i < 5; i++) {
      start(sim, `job ${i}`, function*(self) {
        yield* cores.use(self, 1000)
        done.push([i, sim.now])
      })
    }
    sim.run()
    expect(done).toEqual([[0, 1000], [1, 1000], [2, 2000], [3, 2000], [4, 3000]])
    expect(cores.stations.waitNs).toBe(0 + 0 + 1000 + 1000 + 2000)
    expect(cores.stations.utilisation).toBeCloseTo(5000 / 6000, 9)
  })
})

/** Latencies of `count` requests, so many at a time, at random or consecutive places. */
const measure = (kind: DiskKind, count: number, atOnce: number, bytes: number, sequential: boolean) => {
  const sim = new Sim({ seed: 9 })
  const capacity = 1e11
  const disk = new Disk(sim, "disk", diskShapes[kind], capacity)
  const random = sim.stream("places")
  const latencies: Array<number> = []
  let left = count
  let place = 0
  for (let i = 0; i < atOnce; i++) {
    start(sim, `job ${i}`, function*(self) {
      while (left-- > 0) {
        const before = sim.now
        const position = sequential ? place : random.below(capacity)
        place += bytes
        yield* disk.io(self, position, bytes, false)
        latencies.push(sim.now - before)
      }
    })
  }
  sim.run()
  latencies.sort((a, b) => a - b)
  return {
    medianNs: latencies[Math.floor(count / 2)],
    p99Ns: latencies[Math.floor(count * 0.99)],
    meanNs: latencies.reduce((sum, ns) => sum + ns, 0) / count,
    perSecond: count / (sim.now / 1e9)
  }
}

describe("disks", () => {
  it("a hard disk: some 9 ms at random, the transfer rate in sequence", () => {
    const random = measure("hdd", 3000, 1, 4096, false)
    expect(random.meanNs).toBeGreaterThan(8e6)
    expect(random.meanNs).toBeLessThan(9.5e6)
    // flat up to 256 KiB
    expect(measure("hdd", 3000, 1, 262_144, false).meanNs / random.meanNs).toBeLessThan(1.25)
    const sequential = measure("hdd", 1000, 1, 1 << 20, true)
    expect(sequential.perSecond * (1 << 20)).toBeGreaterThan(0.99 * 150e6)
    expect(sequential.perSecond * (1 << 20)).toBeLessThanOrEqual(150e6 * 1.001)
  })

  it("a SATA SSD: median 100 µs, 99 % within 1 ms, 40,000 to 60,000 pages a second", () => {
    const single = measure("sata-ssd", 20_000, 1, 4096, false)
    expect(Math.abs(single.medianNs - 108_000)).toBeLessThan(6000)
    expect(Math.abs(single.p99Ns - 1_008_000)).toBeLessThan(120_000)
    const busy = measure("sata-ssd", 20_000, 64, 4096, false)
    expect(busy.perSecond).toBeGreaterThan(40_000)
    expect(busy.perSecond).toBeLessThan(60_000)
    const large = measure("sata-ssd", 5000, 32, 262_144, false).perSecond * 262_144
    expect(large).toBeGreaterThan(450e6)
    expect(large).toBeLessThanOrEqual(501e6)
  })

  it("NVMe: median 80 µs, 99 % within 250 µs, more than 300,000 pages a second", () => {
    const single = measure("nvme", 20_000, 1, 4096, false)
    expect(Math.abs(single.medianNs - 81_400)).toBeLessThan(3000)
    expect(Math.abs(single.p99Ns - 251_400)).toBeLessThan(20_000)
    expect(measure("nvme", 40_000, 128, 4096, false).perSecond).toBeGreaterThan(300_000)
  })

  it("memory takes no time", () => expect(measure("memory", 10, 1, 4096, false).meanNs).toBe(0))
})

describe("token store", () => {
  it("allocates chunks on first write, and is what a map would be", () => {
    const operation = fc.record({
      what: fc.constantFrom("read", "write", "zero"),
      page: fc.nat(2999),
      count: fc.integer({ min: 1, max: 600 }),
      version: fc.nat(1000)
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const store = new TokenStore(3000)
        const model = new Map<number, number>()
        const tokens = new Uint8Array(600 * TOKEN_BYTES)
        for (const { what, page, count: wanted, version } of operations) {
          const count = Math.min(wanted, 3000 - page)
          for (let i = 0; i < count; i++) {
            putU32(tokens, i * TOKEN_BYTES, 1)
            putU32(tokens, i * TOKEN_BYTES + 4, version)
          }
          if (what === "write") {
            store.write(page, count, tokens)
            for (let i = 0; i < count; i++) model.set(page + i, version)
          } else if (what === "zero") {
            store.zero(page, count)
            for (let i = 0; i < count; i++) model.delete(page + i)
          } else {
            store.read(page, count, tokens)
            for (let i = 0; i < count; i++) {
              expect(getU32(tokens, i * TOKEN_BYTES + 4)).toBe(model.get(page + i) ?? 0)
              if (model.has(page + i)) expect(store.isHole(page + i)).toBe(false)
            }
          }
          expect(store.allocatedPages % 512).toBe(0)
        }
      }),
      { seed: 20120731, numRuns: 60 }
    )
  })

  it("a thousand exports of 512 MiB cost next to nothing before they are written", () => {
    const sim = new Sim({ seed: 1 })
    const server = new SwapServer(sim, new ServerCores(sim, 1), null)
    for (let i = 0; i < 1000; i++) server.addExport(`swap ${i}`, 512 << 20)
    expect(server.allocatedPages).toBe(0)
  })
})

describe("page cache", () => {
  const cached = (capacityPages: number, kind: DiskKind = "nvme") => {
    const sim = new Sim({ seed: 2 })
    const disk = new Disk(sim, "disk", diskShapes[kind], 1e9)
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

describe("the server", () => {
  it("answers from memory what is cached, from the disk what is not, and holes for nothing", () => {
    const sim = new Sim({ seed: 4 })
    const disk = new Disk(sim, "sda", diskShapes.hdd, 1e9)
    const cache = new PageCache(sim, "server", disk, { capacityBytes: 64 * 4096 })
    start(sim, "flusher", (self) => cache.flusher(self)).process.daemon = true
    const server = new SwapServer(sim, new ServerCores(sim, 1), cache)
    const client = new ToyClient(sim, "nbd0", 4096)
    client.connect(server.addExport("swap", 4 << 20), 0)
    const timed = (write: boolean, slot: number, count: number): number => {
      const before = sim.now
      client.submit(write, slot, Array.from({ length: count }, (_, i) => slot + i))
      sim.run(sim.now + 60e9)
      return client.device.lastCompletionNs - before
    }
    expect(timed(false, 600, 4)).toBe(22_000 + 16 * 300)
    expect(timed(true, 0, 8)).toBe(42_000 + 32 * 550)
    expect(timed(false, 0, 8)).toBe(22_000 + 32 * 300)
    expect([cache.hits, cache.misses, disk.reads]).toEqual([8, 0, 0])
    // push it out
    for (let slot = 8; slot < 200; slot += 8) timed(true, slot, 8)
    expect(cache.has(0, 0)).toBe(false)
    const reads = disk.reads
    expect(timed(false, 0, 8)).toBeGreaterThan(500_000)
    expect([cache.misses, disk.reads - reads]).toEqual([8, 1])
    cache.checkInvariants()
  })
})
