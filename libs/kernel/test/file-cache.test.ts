import { type FileCache } from "#src/files/file-cache.ts"
import { type Writeback } from "#src/files/writeback.ts"
import { type KernelTask } from "@swaplab/kernel"
import { NR_DIRTY, NR_FILE_PAGES, NR_INACTIVE_FILE, NR_WRITEBACK, NR_WRITTEN } from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { boot } from "./rig.ts"

const PAGES = 8192
const DISK = { bytesPerSecond: 4096 * 1000, latencyNs: 100_000 }

/** Runs `body` on a machine of 16 MiB with a file of 32 MiB on a disk that writes 1,000 pages a second. */
const withFile = (
  body: (task: KernelTask, files: FileCache, writeback: Writeback) => Sleeps<void>,
  seconds = 120
) => {
  const rig = boot()
  rig.machine.addFiles(PAGES, DISK)
  const { files, writeback } = rig.machine
  if (files === null || writeback === null) throw new Error("the machine has no files")
  let ended = -1
  rig.start(0, function*(task) {
    yield* body(task, files, writeback)
    ended = rig.sim.now
  })
  rig.sim.run(seconds * 1e9)
  const { items } = rig.machine.pages.vmstat
  return { ...rig, files, items, ended }
}

describe("written pages", () => {
  it("are dirty, on the inactive list of files, and held by a radix-tree node per 64", () => {
    const { items, files, ended } = withFile(function*(task, files) {
      for (let page = 0; page < 130; page++) expect(yield* files.write(task, page)).toBe(true)
    }, 1)
    expect(ended).toBeGreaterThan(0)
    expect(files.dirty).toBe(130)
    expect(items[NR_DIRTY]).toBe(130)
  })

  it("are written back by the flusher after 30 s, once", () => {
    const { items, files } = withFile(function*(task, files, writeback) {
      for (let page = 0; page < 100; page++) {
        yield* files.write(task, page)
        yield* writeback.balance(task)
      }
    }, 40)
    expect([files.dirty, files.underWriteback, items[NR_DIRTY], items[NR_WRITEBACK]]).toEqual([0, 0, 0, 0])
    expect(items[NR_WRITTEN]).toBe(100)
  })

  it("are on the disk when fsync returns", () => {
    const { files, ended } = withFile(function*(task, files, writeback) {
      for (let page = 0; page < 64; page++) yield* files.write(task, page)
      yield* writeback.sync(task, 0, 64)
      expect(files.dirty + files.underWriteback).toBe(0)
    })
    // 64 ms for the pages and two requests' latency
    expect(ended / 1e6).toBeGreaterThanOrEqual(64.2)
    expect(ended / 1e6).toBeLessThan(70)
    expect(files.writtenByReclaim).toBe(0)
  })

  it("do not change while they are being written", () => {
    const { ended } = withFile(function*(task, files) {
      yield* files.write(task, 0)
      files.writePages(0, 1)
      yield* files.write(task, 0)
    })
    expect(ended).toBeGreaterThan(1_000_000)
  })
})

describe("a writer that is faster than the disk", () => {
  it("is held at the dirty threshold, and reclaim drops what is clean", () => {
    const { machine, items, files, ended } = withFile(function*(task, files, writeback) {
      for (let page = 0; page < PAGES; page++) {
        expect(yield* files.write(task, page)).toBe(true)
        yield* writeback.balance(task)
        // 20 % of what could be dirty, and the 31 pages before the next look
        expect(files.dirty + files.underWriteback).toBeLessThan(1000)
        yield* task.condResched()
      }
    })
    // 8,192 pages at 1,000 a second, less what may stay dirty
    expect(ended / 1e9).toBeGreaterThan(7)
    expect(ended / 1e9).toBeLessThan(10)
    expect(files.pages).toBe(PAGES)
    expect(items[NR_FILE_PAGES]).toBeLessThan(4096)
    expect(items[NR_INACTIVE_FILE]).toBeGreaterThan(0)
    machine.checkInvariants()
  })
})

describe("reading", () => {
  it("reads 128 KiB at a time, and nothing that is there already", () => {
    const { ended } = withFile(function*(task, files) {
      for (let page = 0; page < 64; page++) expect(yield* files.read(task, page, 64)).toBe(true)
      const cold = task.sim.now
      for (let page = 0; page < 64; page++) expect(yield* files.read(task, page, 64)).toBe(true)
      yield* task.settle()
      expect(task.sim.now - cold).toBeLessThan(1_000_000)
    })
    // two requests of 32 pages, 0.1 ms and 32 ms each
    expect(ended / 1e6).toBeGreaterThan(64.2)
    expect(ended / 1e6).toBeLessThan(66)
  })
})
