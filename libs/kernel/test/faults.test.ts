// Every way through the fault handler, on a machine whose disk the test holds in its hand.
import { FAULT_OOM } from "#src/mm/mm.ts"
import { PTE_SWAP, PTRS_PER_PTE } from "#src/mm/page-table.ts"
import {
  FAULT_DONE,
  FAULT_SIGBUS,
  type KernelTask,
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_PRESENT,
  PTE_WRITE,
  pteValue
} from "@swaplab/kernel"
import {
  NR_ANON_PAGES,
  NR_PAGE_TABLE_PAGES,
  NR_WRITEBACK,
  PG_dirty,
  PG_swapcache,
  PG_writeback,
  PGFAULT,
  PGMAJFAULT,
  PSWPIN
} from "@swaplab/page-alloc"
import type { Sleeps } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { boot, type Rig } from "./rig.ts"

const SWAPPED = 500

/** Writes pages [from, to) of the process, each with its index as token. */
function* writePages({ machine }: Rig, task: KernelTask, from: number, to: number): Sleeps<void> {
  const { mm, pages } = machine
  const base = mm.tables.base(task.mm)
  for (let index = base + from; index < base + to; index++) {
    if (!mm.tryFault(task, index, true)) expect(yield* mm.fault(task, index, true)).toBe(FAULT_DONE)
    pages.frames.tokenWriter[pteValue(mm.tables.entries.at(index))] = index
    yield* task.condResched()
  }
}

/** Fills memory until the first pages of process 0 have gone out to swap and left the swap cache. */
function* swapOut(rig: Rig, task: KernelTask): Sleeps<number> {
  const { mm, swap } = rig.machine
  yield* writePages(rig, task, 0, mm.tables.pagesPerProcess)
  for (let index = 0; index < SWAPPED; index++) {
    const entry = mm.tables.entries.at(index)
    if ((entry & PTE_SWAP) !== 0 && swap.cache.find(pteValue(entry)) < 0) return index
  }
  throw new Error("nothing was swapped out")
}

/** Runs one program on a fresh machine to its end. */
const run = (program: (rig: Rig, task: KernelTask) => Sleeps<void>, rig: Rig = boot()): Rig => {
  rig.start(0, (task) => program(rig, task))
  // kswapd and the reaper go on for ever
  rig.sim.run(60e9)
  rig.machine.checkInvariants()
  return rig
}

describe("a first write", () => {
  it("maps a new, dirty, active page and, for the first of 512, a page-table page", () => {
    run(function*({ machine }, task) {
      const { mm, pages } = machine
      const items = pages.vmstat.items
      expect(mm.tryFault(task, 0, true), "there is no page table yet").toBe(false)
      expect(yield* mm.fault(task, 0, true)).toBe(FAULT_DONE)
      expect([items[NR_PAGE_TABLE_PAGES], items[NR_ANON_PAGES], items[PGFAULT], mm.rss[0]]).toEqual([1, 1, 1, 1])
      for (let index = 1; index < PTRS_PER_PTE; index++) expect(mm.tryFault(task, index, true)).toBe(true)
      expect(mm.tryFault(task, PTRS_PER_PTE, true), "the next table").toBe(false)
      expect([items[NR_PAGE_TABLE_PAGES], mm.rss[0], items[PGMAJFAULT]]).toEqual([1, PTRS_PER_PTE, 0])
      const entry = mm.tables.entries.at(7)
      expect(entry & 0x1f).toBe(PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_WRITE)
      expect(pages.frames.rmap[pteValue(entry)]).toBe(7)
    })
  })

  it("costs the CPU time of a minor fault", () => {
    run(function*({ machine }, task) {
      yield* machine.mm.fault(task, 0, true)
      const before = task.ns
      machine.mm.tryFault(task, 1, true)
      expect(task.ns - before).toBeGreaterThanOrEqual(machine.costs.minorFaultNs)
      expect(task.ns - before).toBeLessThan(machine.costs.minorFaultNs + 500)
    })
  })

  it("maps a page of zeroes, whatever its frame held before", () => {
    run(function*(rig, task) {
      const { mm, pages } = rig.machine
      yield* writePages(rig, task, 0, 64)
      mm.exit(task, 0)
      yield* mm.fault(task, 0, true)
      const pfn = pteValue(mm.tables.entries.at(0))
      expect([pages.frames.tokenWriter[pfn], pages.frames.tokenVersion[pfn]]).toEqual([0, 0])
    })
  })

  it("a read fault maps it clean and write-protected; the write is a minor fault in place", () => {
    run(function*({ machine }, task) {
      const { mm, pages } = machine
      yield* mm.fault(task, 0, false)
      const entry = mm.tables.entries.at(0)
      expect(entry & (PTE_WRITE | PTE_DIRTY)).toBe(0)
      expect(mm.tryFault(task, 0, true)).toBe(true)
      expect(mm.tables.entries.at(0)).toBe(entry | PTE_WRITE | PTE_DIRTY)
      expect(pages.vmstat.items[PGFAULT]).toBe(2)
    })
  })
})

describe("a page in swap", () => {
  it("read: is read with its neighbours, mapped write-protected, and keeps its slot", () => {
    let latency = 0
    run(function*(rig, task) {
      const { machine, disk } = rig
      const { mm, pages, swap } = machine
      const index = yield* swapOut(rig, task)
      const slot = pteValue(mm.tables.entries.at(index))
      const majors = pages.vmstat.items[PGMAJFAULT]
      machine.onMajorFault = (ns) => {
        latency = ns
      }
      yield* task.settle()
      expect(yield* mm.fault(task, index, false)).toBe(FAULT_DONE)
      const entry = mm.tables.entries.at(index)
      const pfn = pteValue(entry)
      expect(entry & 0x1f).toBe(PTE_PRESENT | PTE_ACCESSED)
      expect(pages.frames.tokenWriter[pfn]).toBe(index)
      expect(pages.frames.flags[pfn] & PG_swapcache).toBe(PG_swapcache)
      expect([pages.frames.private[pfn], swap.areas[0].map.swapCount(slot)]).toEqual([slot, 0])
      expect(pages.vmstat.items[PGMAJFAULT]).toBe(majors + 1)
      expect(pages.vmstat.items[PSWPIN]).toBeGreaterThan(1)
      expect(disk.reads).toBeGreaterThan(0)
    })
    expect(latency).toBeGreaterThanOrEqual(200_000)
  })

  it("write: is taken out of the swap cache, its slot freed, and is dirty", () => {
    run(function*(rig, task) {
      const { mm, pages, swap } = rig.machine
      const index = yield* swapOut(rig, task)
      const slot = pteValue(mm.tables.entries.at(index))
      expect(yield* mm.fault(task, index, true)).toBe(FAULT_DONE)
      const entry = mm.tables.entries.at(index)
      const pfn = pteValue(entry)
      expect(entry & 0x1f).toBe(PTE_PRESENT | PTE_ACCESSED | PTE_WRITE | PTE_DIRTY)
      expect(pages.frames.flags[pfn] & (PG_swapcache | PG_dirty)).toBe(PG_dirty)
      expect([swap.areas[0].map.swapCount(slot), swap.cache.find(slot)]).toEqual([0, -1])
    })
  })

  it("a neighbour that readahead has brought is a minor fault", () => {
    run(function*(rig, task) {
      const { mm, pages, swap } = rig.machine
      const index = yield* swapOut(rig, task)
      yield* mm.fault(task, index, false)
      const block = pages.frames.private[pteValue(mm.tables.entries.at(index))] >> 3
      const neighbour = mm.tables.entries.findIndex((entry) =>
        (entry & PTE_SWAP) !== 0 && pteValue(entry) >> 3 === block && swap.cache.find(pteValue(entry)) >= 0
      )
      expect(neighbour).toBeGreaterThanOrEqual(0)
      const majors = pages.vmstat.items[PGMAJFAULT]
      expect(yield* mm.fault(task, neighbour, false)).toBe(FAULT_DONE)
      expect(pages.vmstat.items[PGMAJFAULT]).toBe(majors)
    })
  })

  it("read, then written: the write-protect fault gives the slot up", () => {
    run(function*(rig, task) {
      const { mm, pages, swap } = rig.machine
      const index = yield* swapOut(rig, task)
      const slot = pteValue(mm.tables.entries.at(index))
      yield* mm.fault(task, index, false)
      expect(mm.tryFault(task, index, true)).toBe(true)
      const pfn = pteValue(mm.tables.entries.at(index))
      expect(pages.frames.flags[pfn] & PG_swapcache).toBe(0)
      expect([pages.frames.tokenWriter[pfn], swap.areas[0].map.swapCount(slot), swap.cache.find(slot)]).toEqual([
        index,
        0,
        -1
      ])
    })
  })

  it("a page under writeback is mapped for writing again and stays in the swap cache until the write ends", () => {
    run(function*(rig, task) {
      const { machine, disk } = rig
      const { mm, pages, swap } = machine
      disk.held = true
      // kswapd alone writes: the task stops before it would have to reclaim itself
      let index = 0
      const underWriteback = (): number =>
        mm.tables.entries.findIndex((entry) => {
          const pfn = (entry & PTE_SWAP) !== 0 ? swap.cache.find(pteValue(entry)) : -1
          return pfn >= 0 && (pages.frames.flags[pfn] & PG_writeback) !== 0
        })
      while (pages.vmstat.items[NR_WRITEBACK] === 0) {
        yield* writePages(rig, task, index, index + 1)
        yield* task.settle()
        index++
      }
      yield* task.hold(1_000_000)
      const found = underWriteback()
      const slot = pteValue(mm.tables.entries.at(found))
      expect(yield* mm.fault(task, found, true)).toBe(FAULT_DONE)
      const pfn = pteValue(mm.tables.entries.at(found))
      expect(mm.tables.entries.at(found) & PTE_WRITE).toBe(PTE_WRITE)
      expect(pages.frames.flags[pfn] & (PG_swapcache | PG_writeback)).toBe(PG_swapcache | PG_writeback)
      expect(swap.cache.find(slot)).toBe(pfn)
      // what is written now is newer than what is on its way
      pages.frames.tokenWriter[pfn] = 4711
      disk.release()
      expect(pages.frames.flags[pfn] & (PG_swapcache | PG_writeback)).toBe(PG_swapcache)
      expect(pages.frames.tokenWriter[pfn]).toBe(4711)
    })
  })

  it("that cannot be read kills with SIGBUS and leaves the entry as it was", () => {
    const { machine } = run(function*(rig, task) {
      const { mm } = rig.machine
      const index = yield* swapOut(rig, task)
      const entry = mm.tables.entries.at(index)
      rig.disk.readError = 5
      expect(yield* mm.fault(task, index, true)).toBe(FAULT_SIGBUS)
      expect(mm.tables.entries.at(index)).toBe(entry)
      rig.disk.readError = 0
    })
    expect(machine.logLines.some(({ message }) => message.startsWith("Read-error on swap-device (43:0:"))).toBe(true)
  })

  it("a task that is killed while it waits for the read gives up, and the read ends without it", () => {
    const rig = boot()
    let result = -1
    let index = -1
    rig.start(0, function*(task) {
      index = yield* swapOut(rig, task)
      rig.disk.held = true
      const killer = rig.sim.queue.register(() => task.kill())
      rig.sim.queue.after(5_000_000, killer, 0)
      result = yield* rig.machine.mm.fault(task, index, false)
      expect(rig.machine.mm.tables.entries.at(index) & PTE_PRESENT).toBe(0)
    })
    rig.sim.run(60e9)
    expect(result).toBe(FAULT_OOM)
    rig.disk.release()
    rig.machine.checkInvariants()
  })
})

describe("exit", () => {
  it("gives back every page, slot and page-table page", () => {
    const rig = boot()
    const { mm, pages, swap } = rig.machine
    run(function*(self, task) {
      yield* writePages(self, task, 0, mm.tables.pagesPerProcess)
      expect(swap.areas[0].map.inusePages).toBeGreaterThan(0)
      expect(mm.rss[0] + mm.swapEntries[0]).toBe(mm.tables.pagesPerProcess)
      expect(mm.pageTablePages(0)).toBe(mm.tables.firstTable(1))
    }, rig)
    expect([mm.rss[0], mm.swapEntries[0], mm.pageTablePages(0)]).toEqual([0, 0, 0])
    // pages under writeback at that moment stay in the swap cache, without a user, until reclaim meets them
    expect(swap.areas[0].map.inusePages).toBe(swap.cache.pages)
    for (const pfn of swap.cache) expect(swap.areas[0].map.swapCount(pages.frames.private[pfn])).toBe(0)
    expect(pages.vmstat.items[NR_ANON_PAGES]).toBe(0)
    expect(pages.vmstat.items[NR_PAGE_TABLE_PAGES]).toBe(0)
  })
})

describe("without memory", () => {
  it("the OOM killer ends the process that has most; the other one completes", () => {
    // no swap to speak of: 6144 pages do not fit 4096
    const rig = boot({ swapSlots: 128, pagesPerProcess: 3500 })
    const ends: Array<string> = []
    const program = (name: string, pages: number) =>
      function*(task: KernelTask): Sleeps<void> {
        const { mm } = rig.machine
        const base = mm.tables.base(task.mm)
        if (name === "small") yield* task.hold(50_000_000)
        for (let index = base; index < base + pages; index++) {
          const done = mm.tryFault(task, index, true) || (yield* mm.fault(task, index, true)) === FAULT_DONE
          if (!done || task.killed) {
            ends.push(`${name} killed`)
            return
          }
          yield* task.condResched()
        }
        // holds its memory until the other one has needed it
        if (name === "big") yield* task.hold(3e9)
        ends.push(`${name} ${task.killed ? "killed" : "done"}`)
      }
    const big = rig.start(0, program("big", 3500))
    rig.start(1, program("small", 1500))
    rig.sim.run(10e9)
    expect(ends.sort()).toEqual(["big killed", "small done"])
    expect(rig.machine.oomKills).toBe(1)
    expect(big.killed).toBe(true)
    expect(rig.machine.logLines.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^Out of memory: Kill process \d+ \(client-1 user-1\) score \d+ or sacrifice child$/)
    )
    rig.machine.checkInvariants()
  })
})
