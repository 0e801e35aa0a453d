import { ServerCores } from "#src/stations.ts"
import { ThreadPool } from "#src/thread-pool.ts"
import {
  Command,
  decodeSimpleReply,
  encodeRequest,
  NbdError,
  Reply,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES
} from "@swaplab/nbd"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { Disk, DISKS, ImageExport, PageCache, serveConnection, SwapServer } from "@swaplab/server-model"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { start, ToyClient, ToySocket } from "./rig.ts"

const WRITER = 4_000_000_000

const rig = (cachePages = 10_000, readaheadPages = 32, diskName: keyof typeof DISKS = "nvme") => {
  const sim = new Sim({ seed: 4 })
  const disk = new Disk(sim, "sda", { ...DISKS[diskName], capacityBytes: 1e9 })
  const cache = new PageCache(sim, "server", disk, { capacityBytes: cachePages * PAGE_SIZE })
  start(sim, "flusher", (self) => cache.flusher(self)).process.daemon = true
  const server = new SwapServer(sim, new ServerCores(sim, 8), cache)
  const image = server.image("root", 4096 * PAGE_SIZE, WRITER, readaheadPages)
  return { sim, disk, cache, server, image }
}

/** A client that reads these runs of pages, one after the other. */
const reader = (
  sim: Sim,
  image: ImageExport,
  name: string,
  runs: ReadonlyArray<readonly [page: number, count: number]>
) => {
  const client = new ToyClient(sim, name, image)
  const seen: Array<readonly [number, number]> = []
  start(sim, name, function*(self) {
    for (const [page, count] of runs) {
      const { error, tokens } = yield* client.ask(self, Command.Read, page, count)
      expect(error).toBe(NbdError.Ok)
      seen.push(...tokens)
    }
  })
  return seen
}

const RUNS = Array.from({ length: 32 }, (_, i) => [i * 31, 31] as const)

describe("an image", () => {
  it("gives every reader its computed pages, reads each page of the disk once, and keeps no memory for it", () => {
    const { cache, disk, image, server, sim } = rig()
    const all = Array.from({ length: 20 }, (_, i) => reader(sim, image, `client-${i + 1}`, RUNS))
    sim.run()
    const expected = Array.from({ length: 32 * 31 }, (_, page) => [WRITER, page + 1])
    for (const seen of all) expect(seen).toEqual(expected)
    // the last window of read-ahead may go beyond what was asked for
    expect(disk.readBytes / PAGE_SIZE).toBeGreaterThanOrEqual(992)
    expect(disk.readBytes / PAGE_SIZE).toBeLessThanOrEqual(992 + 32)
    const { hits, misses, pagesRead, shared } = image.stats
    expect([pagesRead, hits + misses + shared]).toEqual([20 * 992, 20 * 992])
    expect(shared).toBeGreaterThan(100)
    expect(server.allocatedPages).toBe(0)
    cache.checkInvariants()
  })

  it("a reader of a page that is on its way waits for that read, and reads what is missing besides", () => {
    const { disk, image, sim } = rig(10_000, 0, "hdd")
    reader(sim, image, "client-1", [[100, 8]])
    reader(sim, image, "client-2", [[100, 10]])
    sim.run()
    expect([disk.reads, disk.readBytes]).toEqual([2, 10 * PAGE_SIZE])
    expect([image.stats.misses, image.stats.shared]).toEqual([10, 8])
  })

  it("with read-ahead the disk works while the reader has the last window: fewer and larger reads, less time", () => {
    const measured = [0, 32].map((readahead) => {
      const { disk, image, sim } = rig(10_000, readahead)
      reader(sim, image, "client-1", Array.from({ length: 200 }, (_, i) => [i * 4, 4]))
      sim.run()
      return { ns: sim.now, reads: disk.reads }
    })
    expect(measured[0].reads).toBe(200)
    expect(measured[1].reads).toBeLessThan(40)
    expect(measured[1].ns).toBeLessThan(measured[0].ns * 0.5)
  })

  it("is read whole even where the cache cannot keep its pages", () => {
    const { cache, image, server, sim } = rig(16, 32)
    const swap = new ToyClient(sim, "swap", server.addExport("swap", 4 << 20))
    start(sim, "writer", function*(self) {
      for (let page = 0; page < 1000; page++) yield* swap.ask(self, Command.Write, page, 1, { token: [1, page] })
    })
    const seen = reader(sim, image, "client-1", RUNS)
    sim.run()
    expect(seen.length).toBe(992)
    cache.checkInvariants()
  })

  it("is read-only, one for all who name it, and takes its room on the disk", () => {
    const { image, server, sim } = rig()
    expect(server.image("root", 1 << 20, 1, 0)).toBe(image)
    expect(server.usedPages).toBe(4096)
    const client = new ToyClient(sim, "client-1", image)
    start(sim, "writer", function*(self) {
      expect((yield* client.ask(self, Command.Write, 0, 1, { token: [1, 1] })).error).toBe(NbdError.EPERM)
      expect((yield* client.ask(self, Command.Trim, 0, 1)).error).toBe(NbdError.EINVAL)
      expect((yield* client.ask(self, Command.Flush, 0, 0)).error).toBe(NbdError.Ok)
      expect((yield* client.ask(self, Command.Read, 0, 1)).tokens).toEqual([[WRITER, 1]])
    })
    sim.run()
  })
})

describe("threads of a connection", () => {
  /** So many reads at random at once over one connection; their answers, and the time of all. */
  const reads = (threads: number, count: number) => {
    const { image, server, sim } = rig(10_000, 0)
    const client = new ToySocket(sim, "client", 10_000)
    const peer = new ToySocket(sim, "server", 10_000)
    client.peer = peer
    peer.peer = client
    const pool = threads === 1
      ? null
      : new ThreadPool(sim, "server", threads, (program) => {
        start(sim, "thread", program).process.daemon = true
      })
    start(sim, "worker", (self) => serveConnection(self, peer, image, pool)).process.daemon = true
    const cookies: Array<number> = []
    start(sim, "client", function*(self) {
      for (let i = 1; i <= count; i++) {
        const header = new Uint8Array(REQUEST_BYTES)
        encodeRequest(header, 0, 0, Command.Read, 0, i, i * 100 * PAGE_SIZE, PAGE_SIZE)
        yield* client.sendBytes(self, header)
      }
      const bytes = new Uint8Array(SIMPLE_REPLY_BYTES)
      const token = { tokenWriter: 0, tokenVersion: 0 }
      for (let i = 1; i <= count; i++) {
        yield* client.recvBytes(self, bytes)
        const reply = new Reply()
        expect(decodeSimpleReply(bytes, 0, reply) && reply.error === 0).toBe(true)
        yield* client.recvPage(self, token)
        // each reply carries the page of its own request
        expect(token).toEqual({ tokenWriter: WRITER, tokenVersion: reply.cookieLo * 100 + 1 })
        cookies.push(reply.cookieLo)
      }
      sim.stop()
    })
    sim.run()
    expect(pool?.pending ?? 0).toBe(0)
    expect(server.stats.departures).toBe(count)
    const off = server.stats.meanResident(sim.now) * sim.now - server.stats.residenceNs
    expect(Math.abs(off) / server.stats.residenceNs).toBeLessThan(0.001)
    return { cookies, ns: sim.now }
  }

  it("answer each request once, several at a time: four threads wait for the disk four at a time", () => {
    const one = reads(1, 32)
    const four = reads(4, 32)
    expect(one.cookies).toEqual(Array.from({ length: 32 }, (_, i) => i + 1))
    expect(four.cookies.toSorted((a, b) => a - b)).toEqual(one.cookies)
    // out of order where the disk was
    expect(four.cookies).not.toEqual(one.cookies)
    expect(one.ns / four.ns).toBeGreaterThan(2.5)
  })
})
