import { ServerCores } from "#src/stations.ts"
import { Command, CommandFlag, NbdError, TOKEN_BLOCK } from "@swaplab/nbd"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { Disk, DISKS, PageCache, SwapServer } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { start, ToyClient } from "./rig.ts"

const { Flush, Read, Trim, Write, WriteZeroes } = Command

/** A server with a page cache before a hard disk. */
const cached = (cachePages: number) => {
  const sim = new Sim({ seed: 4 })
  const disk = new Disk(sim, "sda", { ...DISKS.hdd, capacityBytes: 1e9 })
  const cache = new PageCache(sim, "server", disk, { capacityBytes: cachePages * PAGE_SIZE })
  start(sim, "flusher", (self) => cache.flusher(self)).process.daemon = true
  return { sim, disk, cache, server: new SwapServer(sim, new ServerCores(sim, 1), cache) }
}

it("a token stands for a page", () => expect(TOKEN_BLOCK).toBe(PAGE_SIZE))

describe("the server", () => {
  it("answers from memory what is cached, from the disk what is not, and holes for nothing", () => {
    const { cache, disk, server, sim } = cached(64)
    const client = new ToyClient(sim, "nbd0", server.addExport("swap", 4 << 20))
    const timed = (write: boolean, page: number, count: number): number => {
      let ns = 0
      start(sim, "user", function*(self) {
        ns = (yield* client.ask(self, write ? Write : Read, page, count, write ? { token: [1, page] } : {})).ns
      })
      sim.run(sim.now + 60e9)
      return ns
    }
    expect(timed(false, 600, 4)).toBe(22_000 + 16 * 300)
    expect(timed(true, 0, 8)).toBe(42_000 + 32 * 550)
    expect(timed(false, 0, 8)).toBe(22_000 + 32 * 300)
    expect([cache.hits, cache.misses, disk.reads]).toEqual([8, 0, 0])
    // push it out
    for (let page = 8; page < 200; page += 8) timed(true, page, 8)
    expect(cache.has(0, 0)).toBe(false)
    const reads = disk.reads
    expect(timed(false, 0, 8)).toBeGreaterThan(500_000)
    expect([cache.misses, disk.reads - reads]).toEqual([8, 1])
    cache.checkInvariants()
  })

  it.each([
    { name: "WRITE", type: Write, flags: 0, durable: false },
    { name: "WRITE with FUA", type: Write, flags: CommandFlag.Fua, durable: true },
    { name: "WRITE_ZEROES", type: WriteZeroes, flags: 0, durable: false },
    { name: "WRITE_ZEROES with FUA", type: WriteZeroes, flags: CommandFlag.Fua, durable: true },
    { name: "FLUSH", type: Flush, flags: 0, durable: true }
  ])("$name: what was written is on the disk when it is answered: $durable", ({ durable, flags, type }) => {
    const { cache, disk, server, sim } = cached(1000)
    const mine = new ToyClient(sim, "nbd0", server.addExport("mine", 1 << 20))
    const other = new ToyClient(sim, "nbd1", server.addExport("other", 1 << 20))
    let answered = false
    start(sim, "user", function*(self) {
      yield* other.ask(self, Write, 0, 3, { token: [2, 2] })
      yield* mine.ask(self, Write, 100, 2, { token: [1, 1] })
      expect(cache.dirtyPages).toBe(5)
      const { error, ns } = yield* mine.ask(
        self,
        type,
        type === Flush ? 0 : 8,
        type === Flush ? 0 : 4,
        type === Write ? { flags, token: [1, 2] } : { flags }
      )
      expect(error).toBe(NbdError.Ok)
      const written = type === Flush ? 2 : 6
      // fsync is about one file: pages of other exports stay dirty
      expect([cache.dirtyPages, disk.writtenBytes]).toEqual(
        durable ? [3, written * PAGE_SIZE] : [3 + written, 0]
      )
      // a hard disk needs milliseconds, the rest of the server microseconds
      expect(ns > 500_000).toBe(durable)
      answered = true
    })
    sim.run(20e9)
    expect(answered).toBe(true)
  })

  it("that is full refuses what needs room, overwrites in place, and takes more when pages were trimmed", () => {
    const sim = new Sim({ seed: 1 })
    const server = new SwapServer(sim, new ServerCores(sim, 1), null, undefined, 8 * PAGE_SIZE + 4000)
    const one = new ToyClient(sim, "nbd0", server.addExport("one", 1 << 20))
    const two = new ToyClient(sim, "nbd1", server.addExport("two", 1 << 20))
    const errors: Array<number> = []
    start(sim, "user", function*(self) {
      const write = function*(client: ToyClient, page: number, count: number, token: readonly [number, number]) {
        errors.push((yield* client.ask(self, Write, page, count, { token })).error)
      }
      yield* write(one, 0, 6, [1, 1])
      // nothing of a write that does not fit is stored
      yield* write(two, 0, 3, [2, 1])
      expect((yield* two.ask(self, Read, 0, 1)).tokens).toEqual([[0, 0]])
      yield* write(two, 0, 2, [2, 1])
      yield* write(two, 200, 1, [2, 2])
      yield* write(one, 2, 4, [1, 2])
      expect(server.usedPages).toBe(8)
      expect((yield* one.ask(self, Trim, 0, 3)).error).toBe(NbdError.Ok)
      expect(server.usedPages).toBe(5)
      yield* write(two, 10, 3, [2, 3])
      // a page of zeroes takes no room in a sparse file
      yield* write(one, 3, 1, [0, 0])
      expect(server.usedPages).toBe(7)
      yield* write(one, 100, 2, [1, 3])
    })
    sim.run()
    const { Ok, ENOSPC } = NbdError
    expect(errors).toEqual([Ok, ENOSPC, Ok, ENOSPC, Ok, Ok, Ok, ENOSPC])
    expect([server.stats.noSpace, server.stats.errors]).toEqual([3, 3])
  })

  it("refuses what reaches past the end, and goes on", () => {
    const sim = new Sim({ seed: 1 })
    const server = new SwapServer(sim, new ServerCores(sim, 1), null)
    const client = new ToyClient(sim, "nbd0", server.addExport("swap", 1 << 20))
    const errors: Array<number> = []
    start(sim, "user", function*(self) {
      errors.push((yield* client.ask(self, Write, 255, 2, { token: [1, 1] })).error)
      errors.push((yield* client.ask(self, Read, 255, 2)).error)
      errors.push((yield* client.ask(self, Write, 255, 1, { token: [1, 1] })).error)
    })
    sim.run()
    expect(errors).toEqual([NbdError.ENOSPC, NbdError.EINVAL, NbdError.Ok])
    expect([server.stats.errors, server.stats.noSpace, server.stats.writes]).toEqual([2, 0, 1])
  })

  it("ends with a client that is lost inside a WRITE, and stores nothing of it", () => {
    const sim = new Sim({ seed: 1 })
    const server = new SwapServer(sim, new ServerCores(sim, 1), null)
    const served = server.addExport("swap", 1 << 20)
    const { socket } = new ToyClient(sim, "nbd0", served)
    start(sim, "user", function*(self) {
      // two pages of three
      yield* socket.sendBytes(
        self,
        Uint8Array.from([0x25, 0x60, 0x95, 0x13, 0, 0, 0, 1, ...new Uint8Array(16), 0, 0, 0x30, 0])
      )
      yield* socket.sendPage(self, 1, 1)
      yield* socket.sendPage(self, 1, 2)
      socket.shutdown()
    })
    sim.run()
    expect(socket.peer.closed).toBe(true)
    expect(served.tokens.allocatedPages).toBe(0)
    expect([server.stats.resident, server.stats.residenceNs]).toEqual([0, server.stats.residentAreaNs])
  })

  it("a thousand exports of 512 MiB cost next to nothing before they are written", () => {
    const sim = new Sim({ seed: 1 })
    const server = new SwapServer(sim, new ServerCores(sim, 1), null)
    for (let i = 0; i < 1000; i++) server.addExport(`swap ${i}`, 512 << 20)
    expect(server.allocatedPages).toBe(0)
  })
})

it("each client reads what it last wrote, and Little's law holds", () => {
  const command = fc.record({
    write: fc.boolean(),
    page: fc.nat(120),
    count: fc.integer({ min: 1, max: 31 }),
    pause: fc.constantFrom(0, 0, 20_000, 400_000)
  })
  fc.assert(
    fc.property(fc.array(fc.array(command, { maxLength: 20 }), { minLength: 1, maxLength: 3 }), (clients) => {
      const sim = new Sim({ seed: 5 })
      const server = new SwapServer(sim, new ServerCores(sim, 1), null)
      let finished = 0
      clients.forEach((commands, i) => {
        const client = new ToyClient(sim, `nbd${i}`, server.addExport(`swap ${i}`, 1 << 20), 10_000 * (i + 1))
        start(sim, `user ${i}`, function*(self) {
          const model = new Map<number, number>()
          let version = 0
          for (const { count, page, pause, write } of commands) {
            if (pause > 0) yield* self.process.hold(pause)
            if (write) {
              version++
              for (let k = 0; k < count; k++) model.set(page + k, version)
              yield* client.ask(self, Write, page, count, { token: [i + 1, version] })
            } else {
              const { tokens } = yield* client.ask(self, Read, page, count)
              expect(tokens).toEqual(Array.from({ length: count }, (_, k) => {
                const expected = model.get(page + k) ?? 0
                return expected === 0 ? [0, 0] : [i + 1, expected]
              }))
            }
          }
          client.socket.shutdown()
          finished++
        })
      })
      sim.run()
      expect(finished).toBe(clients.length)
      const { stats } = server
      expect([stats.resident, stats.arrivals]).toEqual([0, stats.departures])
      // the number inside, integrated over time, is the time inside, summed over requests
      expect(stats.residentAreaNs).toBe(stats.residenceNs)
    }),
    { seed: 20120731, numRuns: 60 }
  )
})
