// dm-crypt over one queue, bio by bio.
import { DmCrypt, MIN_IOS } from "#src/crypt/dm-crypt.ts"
import { BioSet, BlockQueue, SUBMITTED } from "@swaplab/blk"
import { Frames, GFP_NOIO, PG_locked } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { start, TestDisk, TestMemory, TestTask } from "./rig.ts"

const COSTS = { encryptNs: 40_000, decryptNs: 30_000 }

/** Frames from 100 on are those that dm-crypt may take. */
const target = (cpus = 1) => {
  const sim = new Sim({ seed: 1 })
  const frames = new Frames(400)
  const clones = new TestMemory()
  const queue = new BlockQueue(sim, "nbd0", new BioSet(sim, clones, MIN_IOS), new TestMemory())
  const bios = new BioSet(sim, new TestMemory())
  const flushed: Array<string> = []
  bios.pool.beforeSleep = () => flushed.push("root")
  const disk = new TestDisk(frames)
  queue.driver = disk
  const pages = new TestMemory()
  const crypt = new DmCrypt(
    sim,
    frames,
    queue,
    {
      bios,
      ios: new TestMemory(),
      requests: new TestMemory(),
      pages: {
        tryAlloc: (ctx, gfp) => {
          const page = pages.tryAlloc(ctx, gfp)
          return page < 0 ? page : page + 100
        },
        *alloc(task, gfp) {
          const page = yield* pages.alloc(task, gfp)
          return page < 0 ? page : page + 100
        },
        free: (ctx, page) => pages.free(ctx, page - 100)
      }
    },
    cpus,
    COSTS
  )
  const ends: Array<readonly [pfn: number, write: boolean, error: number]> = []
  crypt.onBioEnd = (_ctx, pfn, write, error) => void ends.push([pfn, write, error])
  const threads = Array.from(
    { length: cpus },
    (_, cpu) => start(sim, `kcryptd/${cpu}`, (task) => crypt.kcryptd(task, cpu))
  )
  const io = start(sim, "kcryptd_io", (task) => crypt.kcryptdIo(task))
  for (const { process } of [...threads, io]) process.daemon = true
  sim.run(0)
  const task = new TestTask(sim, "kswapd0")
  const submit = (write: boolean, block: number, pfn: number): number => {
    const bio = crypt.bios.tryAlloc(task, GFP_NOIO)
    crypt.bios.init(bio, write, block * 8, pfn, !write)
    const result = crypt.trySubmitBio(task, bio)
    crypt.checkInvariants()
    return result
  }
  return { bios, clones, crypt, disk, ends, flushed, frames, pages, queue, sim, submit, task, threads }
}

describe("a write", () => {
  it("is encrypted by kcryptd into a page of its own, which is what the device gets", () => {
    const { crypt, disk, ends, frames, queue, sim, submit, task, threads } = target()
    frames.tokenVersion[3] = 77
    expect(submit(true, 5, 3)).toBe(SUBMITTED)
    // nothing has gone to the device, and the submitter has paid nothing for the cipher
    expect([disk.taken, crypt.queued, crypt.workOf(0), task.ns]).toEqual([[], 1, 1, 0])
    sim.run(0)
    expect(disk.taken).toEqual([[5, 1, 1]])
    const bounce = queue.bioPage[queue.rqBioHead[disk.held[0]]]
    expect(bounce).toBeGreaterThanOrEqual(100)
    expect(frames.tokenVersion[bounce]).toBe(77)
    expect([crypt.pagePool.inUse(), crypt.inFlight, threads[0].ns]).toEqual([1, 1, 40_000 + 1000])
    // the owner of the page may write to it meanwhile: the device keeps what was encrypted
    frames.tokenVersion[3] = 78
    disk.end(queue)
    expect(disk.content.get(5)).toBe(77)
    expect(ends).toEqual([[3, true, 0]])
    expect([crypt.pagePool.inUse(), crypt.inFlight, crypt.bios.inUse, queue.bios.inUse]).toEqual([0, 0, 0, 0])
    expect(crypt.counters).toMatchObject({ encrypted: 1, decrypted: 0, cpuNs: 40_000, mostQueued: 1 })
    crypt.checkInvariants()
  })

  it("that fails on the device ends with its error", () => {
    const { disk, ends, queue, sim, submit } = target()
    submit(true, 5, 3)
    sim.run(0)
    disk.end(queue, 1, 5)
    expect(ends).toEqual([[3, true, 5]])
  })

  it("waits for a page when the pool of 32 is out, and goes on when the device has written one", () => {
    const { crypt, disk, ends, pages, queue, sim, submit } = target()
    pages.limit = pages.inUse
    for (let n = 0; n < 40; n++) submit(true, 1 + 2 * n, n)
    sim.run(0)
    expect([disk.taken.length, crypt.pagePool.currNr, crypt.workOf(0)]).toEqual([32, 0, 8])
    expect(crypt.pagePool.counters.waits).toBe(1)
    disk.end(queue, 1)
    sim.run(0)
    expect([disk.taken.length, ends.length]).toEqual([33, 1])
    while (disk.held.length > 0) {
      disk.end(queue, 1)
      sim.run(0)
    }
    expect([ends.length, crypt.pagePool.currNr, crypt.inFlight]).toEqual([40, 32, 0])
    crypt.checkInvariants()
  })

  it("waits for a request slot inside kcryptd, where a read waits behind it", () => {
    const { crypt, disk, ends, frames, queue, sim, submit } = target()
    frames.flags[300] |= PG_locked
    // every other block, so that nothing merges: 127 slots, and the batch of 32 of the task that takes the last
    for (let n = 0; n < 200; n++) submit(true, 1 + 2 * n, n)
    sim.run(0)
    const taken = disk.taken.length
    expect(taken).toBe(127 + 32)
    expect(crypt.workOf(0)).toBe(200 - taken)
    submit(false, 500, 300)
    sim.run(0)
    expect(disk.taken[taken]).toEqual([500, 1, 0])
    // the read is done, but kcryptd sleeps with a write in its hands
    disk.held.unshift(disk.held.pop() as number)
    disk.end(queue, 1)
    expect(ends).toEqual([])
    expect(crypt.workOf(0)).toBe(201 - taken)
    while (disk.held.length > 0) {
      disk.end(queue, 1)
      sim.run(0)
    }
    expect(ends).toHaveLength(201)
  })
})

describe("a read", () => {
  it("goes to the device at once, into the page itself, and is decrypted by kcryptd afterwards", () => {
    const { crypt, disk, ends, frames, queue, sim, submit, threads } = target()
    disk.content.set(5, 99)
    submit(false, 5, 3)
    expect(disk.taken).toEqual([[5, 1, 0]])
    expect(crypt.pagePool.inUse()).toBe(0)
    disk.end(queue)
    expect([ends, crypt.queued]).toEqual([[], 1])
    sim.run(0)
    expect(ends).toEqual([[3, false, 0]])
    expect([frames.tokenVersion[3], threads[0].ns]).toEqual([99, 30_000])
    expect(crypt.counters).toMatchObject({ encrypted: 0, decrypted: 1, deferredReads: 0 })
  })

  it("that fails is not decrypted", () => {
    const { crypt, disk, ends, queue, submit } = target()
    submit(false, 5, 3)
    disk.end(queue, 1, 5)
    expect([ends, crypt.queued]).toEqual([[[3, false, 5]], 0])
  })

  it("is submitted by kcryptd_io when there is no clone without waiting", () => {
    const { clones, crypt, disk, sim, submit } = target()
    // the pool of clones is 16, and reads take it first
    clones.limit = clones.inUse
    for (let n = 0; n < 30; n++) submit(false, 1 + 2 * n, n)
    sim.run(0)
    expect(crypt.counters.deferredReads).toBe(14)
    expect(disk.taken.length).toBe(16)
  })
})

it("pages of a CPU are worked off by its own kcryptd", () => {
  const { crypt, sim, submit, task, threads } = target(2)
  submit(true, 1, 1)
  task.cpu = 1
  submit(true, 3, 2)
  submit(true, 5, 3)
  expect([crypt.workOf(0), crypt.workOf(1)]).toEqual([1, 2])
  sim.run(0)
  expect(threads.map(({ ns }) => ns >= 40_000)).toEqual([true, true])
  expect(threads[1].ns).toBeGreaterThan(80_000)
})

it("takes its bios from the set of the machine, whose sleepers flush the plugs of the device beneath, too", () => {
  const { bios, crypt, flushed, queue, task } = target()
  expect(crypt.bios).toBe(bios)
  queue.flushPlugOnSchedule = () => flushed.push("nbd0")
  bios.pool.beforeSleep?.(task.process)
  expect(flushed).toEqual(["root", "nbd0"])
})

it("will not do with the bios of a queue that keeps fewer back", () => {
  const sim = new Sim({ seed: 1 })
  const memory = new TestMemory()
  const queue = new BlockQueue(sim, "nbd0", memory, new TestMemory())
  const from = { bios: new BioSet(sim, memory), ios: memory, requests: memory, pages: memory }
  expect(() => new DmCrypt(sim, new Frames(400), queue, from, 1, COSTS)).toThrow("bio set of its own")
})
