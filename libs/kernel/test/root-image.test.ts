import { FAULT_DONE, FAULT_SIGBUS, procOf } from "@swaplab/kernel"
import { NR_FILE_PAGES, NR_MAPPED, NR_PAGE_TABLE_PAGES, PGFAULT, PGMAJFAULT } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { boot } from "./rig.ts"
import { cachedRanges, DISK, EXT4, SQUASHFS, withRoot } from "./root-rig.ts"

describe.each([{ spec: EXT4 }, { spec: SQUASHFS }])("an image of $spec.format.kind", ({ spec }) => {
  it("is mapped page by page, checked, and dropped and read again without end", () => {
    let latencies = 0
    const { allEnded, items, machine, root } = withRoot(spec, function*(task, root, machine) {
      machine.onMajorFault = () => latencies++
      for (let round = 0; round < 2; round++) {
        for (let page = 0; page < root.pages; page++) {
          if (root.tryTouch(task, page)) continue
          if ((yield* root.fault(task, page)) !== FAULT_DONE || !root.tryTouch(task, page)) return
        }
      }
    })
    expect(allEnded).toBe(true)
    expect(machine.corruptions).toEqual([])
    expect(latencies).toBe(items[PGMAJFAULT])
    expect(latencies).toBeGreaterThan(0)
    // 32 MiB do not fit into 16 MiB
    expect(root.files.evicted).toBeGreaterThan(8192)
    expect(root.files.refaults).toBeGreaterThan(4096)
    expect(items[NR_MAPPED]).toBe(root.mapped)
    expect(items[NR_FILE_PAGES]).toBe(root.files.cached + (root.buffers?.cached ?? 0))
    expect(root.reader.pooled).toBe(0)
  })

  it("gives its page tables back when a program ends, and keeps its pages in the page cache", () => {
    const { items, root } = withRoot(spec, function*(task, root) {
      for (let page = 100; page < 700; page++) expect(yield* root.fault(task, page)).toBe(FAULT_DONE)
      expect([root.mapped, root.pageTablePages]).toEqual([600, 2])
      root.unmap(task, 100, 700)
      expect(root.tryTouch(task, 100)).toBe(false)
    })
    expect([root.mapped, root.pageTablePages, items[NR_PAGE_TABLE_PAGES]]).toEqual([0, 0, 0])
    expect(root.files.cached).toBeGreaterThanOrEqual(600)
  })

  it("keeps the page table of a neighbour that is still mapped", () => {
    const { root } = withRoot(spec, function*(task, root) {
      yield* root.fault(task, 10)
      yield* root.fault(task, 11)
      root.unmap(task, 0, 11)
    })
    expect([root.mapped, root.pageTablePages]).toEqual([1, 1])
  })

  it("is read through read(2), once, with one piece of read-ahead to the end of the file and no further", () => {
    let cold = 0
    const { allEnded, items, root } = withRoot(spec, function*(task, root) {
      root.addFile(1000, 1500)
      expect(yield* root.read(task, 1000, 1500)).toBe(true)
      cold = root.device.counters.readsEnded
      expect(yield* root.read(task, 1000, 1500)).toBe(true)
    })
    expect(allEnded).toBe(true)
    expect(root.device.counters.readsEnded).toBe(cold)
    expect(cachedRanges(root)).toEqual([[1000, 1500]])
    expect(items[PGMAJFAULT]).toBe(0)
  })

  it("that cannot be read gives SIGBUS on a fault and an error on a read", () => {
    const { allEnded, items, machine, root } = withRoot(spec, function*(task, root) {
      root.addFile(0, 64)
      expect(yield* root.fault(task, 10)).toBe(FAULT_SIGBUS)
      expect(root.tryTouch(task, 10)).toBe(false)
      expect(yield* root.read(task, 0, 10)).toBe(false)
    }, { dead: true })
    expect(allEnded).toBe(true)
    expect(items[PGFAULT]).toBe(0)
    expect(root.mapped).toBe(0)
    expect(root.device.counters.readErrors).toBeGreaterThan(0)
    const log = new Set(machine.logLines.map(({ message }) => message))
    // the second page of the file, or the second page of its stored block
    expect(log).toContain("end_request: I/O error, dev nbd1, sector 8")
    // a block of 51.2 KiB
    const squashfs = [
      "SQUASHFS error: squashfs_read_data failed to read block 0x0",
      "SQUASHFS error: Unable to read data cache entry [0]",
      "SQUASHFS error: Unable to read page, block 0, size cccd"
    ]
    for (const line of squashfs) expect(log.has(line)).toBe(spec.format.kind === "squashfs")
    expect(machine.corruptions).toEqual([])
  })

  it("with other content than it was written with is found out", () => {
    const rig = boot({ pageCachePages: 0 })
    const root = rig.machine.attachRoot(spec, DISK)
    const { queue } = root.device
    const endRequest = queue.endRequest.bind(queue)
    // the disk returns the first page of each request for all of them
    queue.endRequest = (ctx, rq, error) => {
      const { tokenVersion } = rig.machine.pages.frames
      const first = queue.bioPage[queue.rqBioHead[rq]!]!
      for (let bio = queue.rqBioHead[rq]!; bio >= 0; bio = queue.bioNext[bio]!) {
        tokenVersion[queue.bioPage[bio]!] = tokenVersion[first]!
      }
      endRequest(ctx, rq, error)
    }
    rig.start(0, function*(task) {
      yield* root.read(task, 0, 4)
    })
    rig.sim.run(1e9)
    expect(rig.machine.corruptions[0]?.message).toMatch(/^page 1 of sda: expected 48879 v2, found 48879 v1$/)
  })
})

it("numbers pages of the device and pages of files of a squashfs image apart, and shows both in /proc/meminfo", () => {
  const { machine, root } = withRoot(SQUASHFS, function*(task, root) {
    yield* root.read(task, 0, 32)
  })
  const kib = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(procOf(machine).meminfo())?.[1])
  // 51.2 KiB of a block: 13 pages; read-ahead has read the next one, too
  expect(root.squashfs?.blocks).toBe(2)
  expect(kib("Buffers")).toBe(4 * 26)
  expect(kib("Cached")).toBe(4 * 64)
})
