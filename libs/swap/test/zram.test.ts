// One zram, bio by bio.
import { PageSizes, type PageSizesOptions } from "#src/compressed/page-sizes.ts"
import { MAX_ZPAGE_SIZE, Zram, zramSetupPages } from "#src/compressed/zram.ts"
import { BioSet, SUBMITTED } from "@swaplab/blk"
import { bootContext, Frames, GFP_NOIO, PAGE_SIZE } from "@swaplab/page-alloc"
import { Random, Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { start, TestMemory, TestTask } from "./rig.ts"

const COSTS = { compressNs: 10_000, decompressNs: 5000 }
const EIO = 5

/** A zram whose pages all have one size. */
const device = (pages: Partial<PageSizesOptions> = {}) => {
  const sim = new Sim({ seed: 1 })
  const frames = new Frames(64)
  const bios = new BioSet(sim, new TestMemory())
  const memory = new TestMemory()
  const sizes = new PageSizes(new Random(1, "zram0"), { ratio: 2, spread: 0, zeroPages: 0, ...pages })
  const zram = new Zram(frames, bios, memory, 32, sizes, COSTS)
  const ends: Array<readonly [pfn: number, write: boolean, error: number]> = []
  zram.onBioEnd = (_ctx, pfn, write, error) => void ends.push([pfn, write, error])
  const task = new TestTask(sim, "kswapd0")
  const io = (write: boolean, block: number, pfn: number): number => {
    const bio = bios.tryAlloc(task, GFP_NOIO)
    bios.init(bio, write, block * 8, pfn, !write)
    const result = zram.trySubmitBio(task, bio)
    if (result !== SUBMITTED) bios.free(task, bio)
    zram.checkInvariants()
    return result
  }
  return { bios, ends, frames, io, memory, sim, task, zram }
}

describe("a write", () => {
  it.each([
    { name: "to half a page", pages: { ratio: 2 }, size: 2048, poolPages: 1, whole: 0, zero: 0, ns: 10_000 },
    { name: "to a third", pages: { ratio: 3 }, size: 1365, poolPages: 4, whole: 0, zero: 0, ns: 10_000 },
    {
      name: "to three quarters",
      pages: { ratio: 4 / 3 },
      size: MAX_ZPAGE_SIZE,
      poolPages: 3,
      whole: 0,
      zero: 0,
      ns: 10_000
    },
    { name: "to more than that", pages: { ratio: 1.3 }, size: PAGE_SIZE, poolPages: 1, whole: 1, zero: 0, ns: 10_000 },
    { name: "of zeros", pages: { zeroPages: 1 }, size: 0, poolPages: 0, whole: 0, zero: 1, ns: 0 }
  ])("of a page that compresses $name", ({ ns, pages, poolPages, size, whole, zero }) => {
    const { ends, io, memory, task, zram } = device(pages)
    expect(io(true, 7, 3)).toBe(SUBMITTED)
    expect(ends).toEqual([[3, true, 0]])
    expect(zram.stats).toMatchObject({
      comprSize: size,
      pagesStored: 1 - zero,
      pagesZero: zero,
      pagesExpand: whole,
      goodCompress: size > 0 && size <= 2048 ? 1 : 0,
      numWrites: 1,
      failedWrites: 0,
      stores: 1,
      storedBytes: size,
      mostPages: poolPages,
      cpuNs: ns
    })
    expect([zram.pages, memory.inUse, task.ns]).toEqual([poolPages, poolPages, ns])
  })

  it("frees what the block held before", () => {
    const { io, memory, zram } = device()
    for (let n = 0; n < 5; n++) io(true, 7, 3)
    expect([zram.stats.pagesStored, zram.stats.goodCompress, zram.stats.comprSize, memory.inUse]).toEqual([
      1,
      1,
      2048,
      1
    ])
  })

  it("without memory fails; the task that may not wait pays for the compression all the same", () => {
    const { ends, io, memory, task, zram } = device()
    memory.limit = 0
    // who may wait is told so, and compresses once
    expect(io(true, 7, 3)).not.toBe(SUBMITTED)
    expect(io(true, 7, 3)).not.toBe(SUBMITTED)
    expect([ends, task.ns]).toEqual([[], 10_000])
    expect(zram.stats.numWrites).toBe(0)
  })

  it("that would have slept keeps its size; another block meanwhile has its own, and gives up what it held", () => {
    const { ends, io, memory, task, zram } = device({ ratio: 1.3 })
    io(true, 8, 4)
    memory.limit = 1
    task.ns = 0
    expect(io(true, 7, 3)).not.toBe(SUBMITTED)
    expect(task.ns).toBe(10_000)
    expect(io(true, 8, 5)).toBe(SUBMITTED)
    expect([task.ns, memory.inUse, zram.stats.pagesStored]).toEqual([20_000, 1, 1])
    memory.limit = 2
    expect(io(true, 7, 3)).toBe(SUBMITTED)
    expect([task.ns, memory.inUse, zram.stats.pagesStored]).toEqual([20_000, 2, 2])
    expect(ends.map(([pfn]) => pfn)).toEqual([4, 5, 3])
  })

  it("that would have slept is forgotten with its slot", () => {
    const { io, memory, task, zram } = device()
    memory.limit = 0
    io(true, 7, 3)
    zram.slotFreeNotify(bootContext(), 7)
    memory.limit = 1
    io(true, 7, 4)
    expect(task.ns).toBe(20_000)
  })

  it("that may wait asks for a page once", () => {
    const { bios, memory, sim, zram } = device()
    start(sim, "usemem", function*(task) {
      const bio = yield* bios.alloc(task, GFP_NOIO)
      bios.init(bio, true, 7 * 8, 4, false)
      memory.limit = 0
      yield* zram.submitBio(task, bio)
    })
    sim.run(0)
    expect(memory.asked.length).toBe(1)
  })

  it("that has waited in vain fails: the block is empty then", () => {
    const { bios, ends, io, memory, sim, zram } = device()
    io(true, 7, 3)
    memory.limit = 0
    start(sim, "usemem", function*(task) {
      const bio = yield* bios.alloc(task, GFP_NOIO)
      bios.init(bio, true, 7 * 8, 4, false)
      yield* zram.submitBio(task, bio)
      expect(task.ns).toBe(10_000)
    })
    sim.run(0)
    expect(ends).toEqual([[3, true, 0], [4, true, EIO]])
    expect(zram.stats).toMatchObject({ failedWrites: 1, pagesStored: 0, comprSize: 0 })
    expect([bios.inUse, memory.inUse]).toEqual([0, 0])
    zram.checkInvariants()
  })
})

describe("a read", () => {
  it.each([{ pages: {}, ns: 5000 }, { pages: { ratio: 1.3 }, ns: 0 }, { pages: { zeroPages: 1 }, ns: 0 }])(
    "brings the content back, and the object stays: $pages",
    ({ ns, pages }) => {
      const { ends, frames, io, task, zram } = device(pages)
      frames.tokenWriter[3] = 77
      frames.tokenVersion[3] = 5
      io(true, 7, 3)
      task.ns = 0
      io(false, 7, 9)
      io(false, 7, 10)
      expect([9, 10].map((pfn) => [frames.tokenWriter[pfn], frames.tokenVersion[pfn]])).toEqual([[77, 5], [77, 5]])
      expect(ends.slice(1)).toEqual([[9, false, 0], [10, false, 0]])
      expect([task.ns, zram.stats.numReads, zram.stats.stores]).toEqual([2 * ns, 2, 1])
    }
  )
})

it("swap_slot_free_notify gives the object back", () => {
  const { io, memory, zram } = device()
  io(true, 7, 3)
  io(true, 8, 3)
  zram.slotFreeNotify(bootContext(), 7)
  // two halves were in one page
  expect([zram.stats.pagesStored, memory.inUse]).toEqual([1, 1])
  zram.slotFreeNotify(bootContext(), 8)
  // a slot that was never written is freed, too
  zram.slotFreeNotify(bootContext(), 9)
  expect([zram.stats.pagesStored, zram.stats.notifyFree, memory.inUse]).toEqual([0, 3, 0])
  zram.checkInvariants()
})

it.each([{ blocks: 1024, pages: 42 }, { blocks: 65_536, pages: 294 }])(
  "a device of $blocks blocks takes $pages pages when it is set up",
  ({ blocks, pages }) => expect(zramSetupPages(blocks)).toBe(pages)
)
