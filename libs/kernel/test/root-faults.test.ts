import { FAULT_OOM } from "#src/mm/mm.ts"
import { BLK_RW_SYNC } from "@swaplab/blk"
import { FAULT_DONE } from "@swaplab/kernel"
import { PG_active, PG_referenced, PGACTIVATE, PGFAULT, PGMAJFAULT, PGPGIN } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { cachedRanges, EXT4, type Program, SQUASHFS, withRoot } from "./root-rig.ts"

describe("a major fault", () => {
  it("reads around the page, and the marked page of that window starts the next one", () => {
    const seen: Array<unknown> = []
    const { items } = withRoot(EXT4, function*(task, root) {
      root.addFile(1000, 1200)
      yield* root.fault(task, 1100)
      seen.push(cachedRanges(root), root.device.counters.readsSubmitted, root.device.queue.counters.requests)
      yield* root.fault(task, 1108)
      seen.push(cachedRanges(root))
    })
    // a request has at most 31 pages
    expect(seen).toEqual([[[1084, 1116]], 32, 2, [[1084, 1148]]])
    expect([items[PGFAULT], items[PGMAJFAULT], items[PGPGIN]]).toEqual([2, 1, 256])
  })

  it("reads around however many pages were missed, since a fault that waits for its page is entered again and finds it", () => {
    const { root } = withRoot(EXT4, function*(task, root) {
      for (let page = 40; page < 8192; page += 64) yield* root.fault(task, page)
    })
    expect([root.reader.windows, root.reader.readaheadPages]).toEqual([128, 128 * 32])
  })

  it("stays within its file", () => {
    let ranges: unknown
    withRoot(EXT4, function*(task, root) {
      root.addFile(1000, 1010)
      yield* root.fault(task, 1009)
      ranges = cachedRanges(root)
    })
    expect(ranges).toEqual([[1000, 1010]])
  })

  it("of squashfs reads the blocks that its window touches, whole, and allocates most of the window in vain", () => {
    let ranges: unknown
    const { items, root } = withRoot(SQUASHFS, function*(task, root) {
      root.addFile(960, 1200)
      yield* root.fault(task, 1100)
      ranges = cachedRanges(root)
    })
    // the window is [1084, 1116), blocks 33 and 34 are [1056, 1120)
    expect(ranges).toEqual([[1056, 1120]])
    expect([root.reader.readaheadPages, root.reader.readaheadInVain, root.squashfs?.blocks]).toEqual([32, 30, 2])
    // bytes 33 × 52,428.8 to 35 × 52,428.8 lie in 26 pages; the one in which one block ends and the other begins is read once
    expect(items[PGPGIN]).toBe(4 * 26)
  })

  it("of squashfs fills pages of its own file only", () => {
    let ranges: unknown
    withRoot(SQUASHFS, function*(task, root) {
      root.addFile(1090, 1100)
      yield* root.fault(task, 1095)
      ranges = cachedRanges(root)
    })
    expect(ranges).toEqual([[1090, 1100]])
  })

  it("of one page by two tasks is read once; the second one waits, and its fault is minor", () => {
    const results: Array<number> = []
    const program: Program = function*(task, root) {
      results.push(yield* root.fault(task, 1100))
    }
    const { items, machine, root } = withRoot(EXT4, [program, program])
    expect(results).toEqual([FAULT_DONE, FAULT_DONE])
    expect([items[PGFAULT], items[PGMAJFAULT], root.mapped]).toEqual([2, 1, 1])
    expect(root.device.counters.readsSubmitted).toBe(32)
    machine.vmscan.lru.drainAll(machine.kswapd)
    // the cache, and one page table entry
    expect(machine.pages.frames.refCount[root.files.find(1100)]).toBe(2)
  })

  it("has a page table for its page, although another program unmaps all that this table mapped meanwhile", () => {
    const unmap: Program = function*(task, root) {
      yield* task.hold(50_000)
      expect([root.mapped, root.pageTablePages]).toEqual([0, 1])
      root.unmap(task, 1024, 1536)
      expect(root.pageTablePages).toBe(0)
    }
    const { allEnded, root } = withRoot(EXT4, [function*(task, root) {
      expect(yield* root.fault(task, 1100)).toBe(FAULT_DONE)
    }, unmap])
    expect(allEnded).toBe(true)
    expect([root.mapped, root.pageTablePages]).toEqual([1, 1])
  })

  it("ends when its task is killed, and leaves nothing behind", () => {
    let result = -1
    const { machine, root, sim, tasks } = withRoot(EXT4, function*(task, root) {
      task.sim.queue.after(50_000, task.sim.queue.register(() => task.kill(), { group: task.group }), 0)
      result = yield* root.fault(task, 1100)
    })
    expect(result).toBe(FAULT_OOM)
    expect(tasks[0]?.finished).toBe(true)
    sim.run(1e9)
    machine.vmscan.lru.drainAll(machine.kswapd)
    expect(machine.pages.frames.refCount[root.files.find(1100)]).toBe(1)
    expect(root.mapped).toBe(0)
  })
})

describe("read-ahead", () => {
  it("doubles its windows over a file that is read page by page", () => {
    const windows: Array<number> = []
    const { root } = withRoot(EXT4, function*(task, root) {
      root.addFile(1000, 1064)
      let before = 0
      for (let page = 1000; page < 1064; page++) {
        yield* root.read(task, page, page + 1)
        if (root.reader.readaheadPages !== before) windows.push(root.reader.readaheadPages - before)
        before = root.reader.readaheadPages
      }
    })
    expect(windows).toEqual([4, 8, 16, 32, 4])
    expect(root.device.counters.readsSubmitted).toBe(64)
  })

  it("does not begin while the device is congested with reads, and the mark is used up", () => {
    let ranges: unknown
    withRoot(EXT4, function*(task, root) {
      yield* root.read(task, 0, 1)
      const { congested } = root.device.queue.slots
      congested[BLK_RW_SYNC] = 1
      yield* root.read(task, 1, 2)
      congested[BLK_RW_SYNC] = 0
      yield* root.read(task, 1, 2)
      ranges = cachedRanges(root)
    })
    expect(ranges).toEqual([[0, 4]])
  })

  it("in the middle of a read looks at the cache, not at what this read has just done", () => {
    const { root } = withRoot(EXT4, function*(task, root) {
      yield* root.read(task, 4000, 4004)
      yield* root.read(task, 100, 101)
      yield* root.read(task, 4000, 4005)
    })
    // page 4004: 4 pages of history and one that is wanted make a window of 16, and the next one since it begins with its marker
    expect(cachedRanges(root)).toEqual([[100, 101], [4000, 4052]])
  })

  it("of a file that is read at random reads what was asked for", () => {
    const { root } = withRoot(EXT4, function*(task, root) {
      for (const page of [4000, 2000, 6000, 3000]) yield* root.read(task, page, page + 2)
    })
    expect(cachedRanges(root)).toEqual([[2000, 2002], [3000, 3002], [4000, 4002], [6000, 6002]])
  })
})

it("two reads of a page make it active; a page that is read where the last read ended counts once", () => {
  const flags: Array<number> = []
  const { items } = withRoot(EXT4, function*(task, root, machine) {
    const look = () => flags.push(machine.pages.frames.flags[root.files.find(64)]! & (PG_active | PG_referenced))
    yield* root.read(task, 64, 65)
    machine.vmscan.lru.drainAll(task)
    look()
    yield* root.read(task, 64, 65)
    look()
    yield* root.read(task, 500, 501)
    yield* root.read(task, 64, 65)
    machine.vmscan.lru.drainAll(task)
    look()
  })
  expect(flags).toEqual([PG_referenced, PG_referenced, PG_active])
  expect(items[PGACTIVATE]).toBe(1)
})

it("a young page counts as accessed when its program ends", () => {
  let flags = 0
  withRoot(EXT4, function*(task, root, machine) {
    yield* root.fault(task, 64)
    root.unmap(task, 64, 65)
    flags = machine.pages.frames.flags[root.files.find(64)]!
  })
  expect(flags & PG_referenced).toBe(PG_referenced)
})

describe("squashfs", () => {
  const SLOW = { ...SQUASHFS, format: { ...SQUASHFS.format, cpuPerBlockNs: 100_000_000 } as typeof SQUASHFS.format }
  const reader = (page: number, ends: Array<number>): Program =>
    function*(task, root) {
      yield* root.read(task, page, page + 1)
      yield* task.settle()
      ends.push(task.sim.now / 1e6)
    }

  it("decompresses one block at a time, however many CPUs there are", () => {
    const ends: Array<number> = []
    const { root } = withRoot(SLOW, [reader(1000, ends), reader(2000, ends)], { machine: { cpus: 2 } })
    expect(root.squashfs?.blocks).toBe(2)
    expect(ends[0]).toBeGreaterThan(100)
    expect(ends[0]).toBeLessThan(105)
    expect(ends[1]).toBeGreaterThan(200)
  })

  it("serves a second reader of a block from the one in memory", () => {
    const ends: Array<number> = []
    const { root } = withRoot(SLOW, [reader(1000, ends), reader(1001, ends)], { machine: { cpus: 2 } })
    expect(root.squashfs?.blocks).toBe(1)
    expect(ends[1]).toBeLessThan(105)
  })

  it("reads nothing for a block whose bytes are in the cache of the device", () => {
    let reads = 0
    const { root } = withRoot(SQUASHFS, function*(task, root, machine) {
      yield* root.read(task, 1000, 1001)
      yield* root.read(task, 2000, 2001)
      reads = root.device.counters.readsSubmitted
      // the pages of the files go, those of the device stay
      machine.vmscan.lru.drainAll(task)
      for (let page = 992; page < 1024; page++) {
        const pfn = root.files.find(page)
        machine.vmscan.lru.isolate(pfn)
        root.files.removeMapping(task, pfn)
        machine.vmscan.lru.putPage(task, pfn)
      }
      yield* root.read(task, 1000, 1001)
    })
    expect([root.squashfs?.blocks, root.device.counters.readsSubmitted]).toEqual([3, reads])
    expect(root.files.refaults).toBe(32)
  })
})
