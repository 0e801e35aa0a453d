// What a script can do to a server beside stopping it.
import { ServerCores } from "#src/stations.ts"
import { Command, NbdError } from "@swaplab/nbd"
import { Disk, DISKS, PageCache, SwapServer } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { type Answer, start, ToyClient } from "./rig.ts"

const { Flush, Read, Write } = Command

const rig = (capacityBytes = Number.POSITIVE_INFINITY) => {
  const sim = new Sim({ seed: 4 })
  const server = new SwapServer(sim, new ServerCores(sim, 1), null, undefined, capacityBytes)
  const swap = server.addExport("swap", 4 << 20)
  const client = new ToyClient(sim, "nbd0", swap)
  const ask = (type: number, page = 0, count = 1): Answer => {
    let answer: Answer | null = null
    start(sim, "user", function*(self) {
      answer = yield* client.ask(self, type, page, count, type === Write ? { token: [1, page] } : {})
    })
    sim.run(sim.now + 60e9)
    if (answer === null) throw new Error("no answer")
    return answer
  }
  return { sim, server, swap, ask }
}

describe("errors put in on purpose", () => {
  it.each(
    [
      { command: "read", probability: 1, failing: { read: 100, write: 0, flush: 0 } },
      { command: "write", probability: 1, failing: { read: 0, write: 100, flush: 0 } },
      { command: "all", probability: 1, failing: { read: 100, write: 100, flush: 100 } },
      { command: "all", probability: 0, failing: { read: 0, write: 0, flush: 0 } }
    ] as const
  )("$command with probability $probability: $failing of 100", ({ command, failing, probability }) => {
    const { ask, server } = rig()
    server.errors.set(command, probability, "EIO")
    const failed = (type: number): number => {
      let sum = 0
      for (let i = 0; i < 100; i++) if (ask(type).error === NbdError.EIO) sum++
      return sum
    }
    expect({ read: failed(Read), write: failed(Write), flush: failed(Flush) }).toEqual(failing)
    const { flush, read, write } = failing
    expect([server.errors.injectedInto("all"), server.stats.errors]).toEqual([
      read + write + flush,
      read + write + flush
    ])
  })

  it("come as often as asked for, with their errno, and end", () => {
    const { ask, server } = rig()
    server.errors.set("write", 0.25, "ENOSPC")
    let failed = 0
    for (let i = 0; i < 400; i++) if (ask(Write).error === NbdError.ENOSPC) failed++
    expect(failed).toBeGreaterThan(70)
    expect(failed).toBeLessThan(130)
    server.errors.set("all", 0)
    for (let i = 0; i < 20; i++) expect(ask(Write).error).toBe(0)
    expect(server.errors.injectedInto("all")).toBe(failed)
  })

  it("a write that failed has written nothing", () => {
    const { ask, server, swap } = rig()
    server.errors.set("write", 1)
    ask(Write, 7)
    expect([swap.tokens.missing(7, 1), server.usedPages]).toEqual([1, 0])
  })
})

describe("a disk that is full", () => {
  it("refuses what needs new room, and takes what overwrites", () => {
    const { ask, server } = rig()
    for (let page = 0; page < 8; page++) expect(ask(Write, page).error).toBe(0)
    server.capacityPages = 10
    expect([8, 9, 10, 11].map((page) => ask(Write, page).error)).toEqual([0, 0, NbdError.ENOSPC, NbdError.ENOSPC])
    expect(ask(Write, 3).error).toBe(0)
    server.capacityPages = 100
    expect(ask(Write, 11).error).toBe(0)
    expect([server.stats.noSpace, server.usedPages]).toEqual([2, 11])
  })
})

describe("a slow disk", () => {
  const time = (factor: number, extraNs: number, bytes: number): number => {
    const sim = new Sim({ seed: 4 })
    const disk = new Disk(sim, "sda", {
      parallelism: 1,
      bytesPerSecond: 1e9,
      capacityBytes: 1e9,
      cached: true,
      latencyNs: () => 100_000
    })
    disk.setSlow(factor, extraNs)
    const done = disk.start(0, bytes, false)
    expect(disk.slowed).toBe(factor === 1 && extraNs === 0 ? 0 : 1)
    return done
  }

  it.each([
    { factor: 1, extraNs: 0, expected: 200_000 },
    { factor: 5, extraNs: 0, expected: 1_000_000 },
    { factor: 1, extraNs: 7_000_000, expected: 7_200_000 },
    { factor: 2, extraNs: 1_000_000, expected: 1_400_000 }
  ])(
    "by $factor and $extraNs ns: 100 us and 100 KB take $expected ns",
    ({ expected, extraNs, factor }) => expect(time(factor, extraNs, 100_000)).toBe(expected)
  )
})

/** A server with a hard disk and a cold page cache of 1 MiB, its export of 4 MiB, and a client of it. */
const onDisk = () => {
  const sim = new Sim({ seed: 4 })
  const disk = new Disk(sim, "sda", { ...DISKS.hdd, capacityBytes: 1e9 })
  const cache = new PageCache(sim, "server", disk, { capacityBytes: 1 << 20 })
  const server = new SwapServer(sim, new ServerCores(sim, 1), cache)
  const swap = server.addExport("swap", 4 << 20)
  return { cache, client: new ToyClient(sim, "nbd0", swap), disk, server, sim, swap }
}

describe("swap that the server forgets", () => {
  it("reads as zeroes whose token names the event, until it is written again", () => {
    const { ask, server, swap } = rig()
    for (const page of [0, 1, 2]) ask(Write, page)
    expect([swap.forget(1), server.usedPages]).toEqual([3, 0])
    expect(ask(Read, 0, 4).tokens).toEqual([[0xffffffff, 1], [0xffffffff, 1], [0xffffffff, 1], [0, 0]])
    ask(Write, 1)
    expect(ask(Read, 0, 4).tokens).toEqual([[0xffffffff, 1], [1, 1], [0xffffffff, 1], [0, 0]])
    // forgotten again: only what was there
    expect(swap.forget(2)).toBe(1)
    expect(ask(Read, 0, 3).tokens).toEqual([[0xffffffff, 1], [0xffffffff, 2], [0xffffffff, 1]])
    ask(Command.Trim, 0, 2)
    expect(ask(Read, 0, 3).tokens).toEqual([[0, 0], [0, 0], [0xffffffff, 1]])
  })

  it("with a power cut is what the page cache had not written back; the cache is cold", () => {
    const { cache, client, disk, server, sim, swap } = onDisk()
    start(sim, "user", function*(self) {
      yield* client.ask(self, Write, 0, 4, { token: [1, 1] })
      yield* client.ask(self, Flush, 0, 0)
      yield* client.ask(self, Write, 2, 4, { token: [1, 2] })
      expect([swap.forget(1, false), server.usedPages, cache.cachedPages]).toEqual([4, 2, 0])
      const { tokens } = yield* client.ask(self, Read, 0, 6)
      expect(tokens).toEqual([[1, 1], [1, 1], ...Array.from({ length: 4 }, () => [0xffffffff, 1])])
      expect(swap.forget(2, false)).toBe(0)
    })
    sim.run(60e9)
    cache.checkInvariants()
    expect([disk.reads, disk.readBytes]).toEqual([1, 6 * 4096])
  })

  it("with a power cut is what was under way to the disk, too", () => {
    const { cache, client, server, sim, swap } = onDisk()
    start(sim, "user", function*(self) {
      yield* client.ask(self, Write, 0, 4, { token: [1, 1] })
      yield* client.ask(self, Flush, 0, 0)
    })
    while (cache.writeback === 0) sim.run(sim.now + 10_000)
    expect([cache.writeback, swap.forget(1, false), server.usedPages]).toEqual([4, 4, 0])
    sim.run(60e9)
    cache.checkInvariants()
  })

  it("and what a page cache held of it goes too", () => {
    const sim = new Sim({ seed: 4 })
    const disk = new Disk(sim, "sda", { ...DISKS.hdd, capacityBytes: 1e9 })
    const cache = new PageCache(sim, "server", disk, { capacityBytes: 1 << 20 })
    const server = new SwapServer(sim, new ServerCores(sim, 1), cache)
    const swap = server.addExport("swap", 4 << 20)
    const client = new ToyClient(sim, "nbd0", swap)
    start(sim, "user", function*(self) {
      yield* client.ask(self, Write, 0, 8, { token: [1, 1] })
      expect(swap.forget(1)).toBe(8)
      expect([cache.dirtyPages, cache.has(0, 0)]).toEqual([0, false])
      const { tokens } = yield* client.ask(self, Read, 0, 1)
      expect(tokens).toEqual([[0xffffffff, 1]])
    })
    sim.run(60e9)
    cache.checkInvariants()
    expect(disk.reads).toBe(0)
  })
})
