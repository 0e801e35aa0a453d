// Whole lives of pages: processes that touch more memory than there is, a reclaimer, a disk. Nothing is lost, nothing is
// confused, and every content comes back as it was written.
import { PAGE_SUCCESS } from "#src/ops.ts"
import {
  bootContext,
  GFP_NOIO,
  NONE,
  PG_dirty,
  PG_locked,
  PG_referenced,
  PG_swapbacked,
  PG_swapcache,
  PG_uptodate,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { type Sleeps, WaitQueue } from "@swaplab/sim"
import fc from "fast-check"
import { expect, it } from "vitest"
import { Rig, type TestTask } from "./rig.ts"

/** An address space: each page is a frame (≥ 0), a slot (−slot), or untouched (null). */
class Memory {
  readonly entry: Array<number | null>
  readonly written: Array<number>
  readonly rig: Rig
  faults = 0

  constructor(rig: Rig, pages: number) {
    this.rig = rig
    this.entry = Array.from({ length: pages }, () => null)
    this.written = Array.from({ length: pages }, () => 0)
  }

  /** Reads or writes a page as a process does, faulting it in. */
  *touch(task: TestTask, index: number, write: number | null): Sleeps<void> {
    const { rig } = this
    const { frames, swap } = rig
    for (;;) {
      const entry = this.entry[index]
      if (entry === null) {
        let page = rig.tryPage()
        while (page < 0) {
          yield* rig.memoryWait.sleep(task.process)
          page = rig.tryPage()
        }
        frames.flags[page] = PG_uptodate | PG_swapbacked
        frames.rmap[page] = index
        frames.tokenVersion[page] = 0
        this.entry[index] = page
        rig.onLru.add(page)
        continue
      }
      if (entry < 0) {
        this.faults++
        yield* this.#swapIn(task, index, -entry)
        continue
      }
      expect(frames.tokenVersion[entry]).toBe(this.written[index])
      if (write === null) return
      if ((frames.flags[entry] & PG_swapcache) !== 0) {
        yield* swap.locks.lock(task, entry)
        const still = this.entry[index] === entry
        if (still) swap.reuseSwapPage(task, entry)
        // a page under writeback is written to in place; it has to be written out again
        if (still) frames.flags[entry] |= PG_dirty
        swap.locks.unlock(entry)
        if (!still) continue
      }
      frames.tokenVersion[entry] = write
      this.written[index] = write
      return
    }
  }

  *#swapIn(task: TestTask, index: number, slot: number): Sleeps<void> {
    const { frames, swap } = this.rig
    let page = swap.lookupSwapCache(slot)
    if (page >= 0) frames.refCount[page]++
    else page = yield* swap.swapinReadahead(task, slot)
    if (page < 0) return
    yield* swap.locks.lock(task, page)
    const valid = (frames.flags[page] & PG_swapcache) !== 0 && frames.private[page] === slot
    if (valid && this.entry[index] === -slot && (frames.flags[page] & PG_uptodate) !== 0) {
      this.entry[index] = page
      frames.rmap[page] = index
      frames.refCount[page]++
      swap.swapFree(slot, bootContext())
      if (swap.vmSwapFull()) swap.tryToFreeSwap(task, page)
    }
    swap.locks.unlock(page)
    swap.state.putPage(task, page)
  }
}

/** Visits pages round and round, sleeping where the kernel would. */
function* reclaim(rig: Rig, memory: Memory, task: TestTask, keep: number): Sleeps<void> {
  const { frames, swap } = rig
  for (;;) {
    if (rig.freePages >= keep) {
      yield* task.process.hold(1_000_000)
      continue
    }
    swap.startPlug(task)
    let visited = 0
    // the list changes under the walk
    const list = Array.from(rig.onLru)
    for (const page of list) {
      if (visited++ >= 8) break
      // to the tail
      if (!rig.onLru.delete(page)) continue
      rig.onLru.add(page)
      if ((frames.flags[page] & PG_referenced) !== 0 || !rig.isolate(page)) continue
      const index = frames.rmap[page]
      let locked = true
      if (
        (frames.flags[page] & 0x100) === 0 && ((frames.flags[page] & PG_swapcache) !== 0 || swap.addToSwap(task, page))
      ) {
        if (index !== NONE) memory.entry[index] = -rig.unmap(page)
        if ((frames.flags[page] & PG_dirty) !== 0) {
          let result = swap.tryPageout(task, page)
          if (result === WOULD_SLEEP) result = yield* swap.pageout(task, page)
          expect(result).toBe(PAGE_SUCCESS)
          locked = false
        } else {
          swap.removeMapping(task, page)
        }
      }
      if (locked) swap.locks.unlock(page)
      swap.state.putPage(task, page)
    }
    yield* swap.finishPlug(task)
    yield* task.process.hold(100_000)
  }
}

it("brings every content back, whatever is short", () => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.nat(1 << 20),
        frames: fc.integer({ min: 24, max: 60 }),
        pages: fc.integer({ min: 10, max: 120 }),
        slots: fc.integer({ min: 130, max: 400 }),
        nrRequests: fc.integer({ min: 4, max: 20 }),
        bios: fc.integer({ min: 2, max: 12 }),
        tasks: fc.integer({ min: 1, max: 3 }),
        reclaimers: fc.integer({ min: 1, max: 3 }),
        readaheadPlug: fc.boolean(),
        solidState: fc.boolean(),
        serviceNs: fc.integer({ min: 10_000, max: 4_000_000 })
      }),
      (world) => {
        const rig = new Rig({ ...world, pageCluster: 3 })
        rig.bioMemory.limit = world.bios
        const memory = new Memory(rig, world.pages)
        const arrived = new WaitQueue(rig.sim, "disk")
        const take = rig.disk.requestFn.bind(rig.disk)
        rig.queue.driver = {
          requestFn: (queue) => {
            take(queue)
            arrived.wakeAll()
          }
        }
        const daemons = [
          rig.start("server", function*(task) {
            for (;;) {
              if (rig.disk.held.length === 0) yield* arrived.sleep(task.process)
              yield* task.process.hold(world.serviceNs)
              rig.disk.end(rig.queue)
              rig.check()
            }
          }),
          ...Array.from(
            { length: world.reclaimers },
            (_, n) => rig.start(`reclaim-${n}`, (task) => reclaim(rig, memory, task, 20))
          )
        ]
        for (const daemon of daemons) daemon.process.daemon = true
        let done = 0
        for (let n = 0; n < world.tasks; n++) {
          rig.start(`usemem-${n}`, function*(task) {
            const random = rig.sim.stream(task.process.name)
            for (let i = 0; i < 200; i++) {
              // each task has pages of its own, so that nobody else writes between a read and its check
              const index = Math.floor(random.below(world.pages) / world.tasks) * world.tasks + n
              if (index >= world.pages) continue
              yield* memory.touch(task, index, random.below(2) === 0 ? 1 + i : null)
              if (random.below(8) === 0) yield* task.process.hold(200_000)
            }
            if (++done === world.tasks) rig.sim.stop()
          })
        }
        const end = rig.sim.run(3600 * 1_000_000_000)
        expect(end.reason).toBe("stopped")
        rig.check()
        // every frame is free, mapped, or in the swap cache
        let used = 0
        for (let pfn = 0; pfn < rig.frames.count; pfn++) {
          if (rig.frames.refCount[pfn] === 0) continue
          used++
          const owned = rig.frames.rmap[pfn] !== NONE || (rig.frames.flags[pfn] & (PG_swapcache | PG_locked)) !== 0
          expect(owned || rig.frames.refCount[pfn] > 0).toBe(true)
        }
        expect(used + rig.freePages).toBe(rig.frames.count)
        // every slot with users is some page table entry's
        const users = memory.entry.filter((entry) => entry !== null && entry < 0).length
        let counted = 0
        for (let slot = 1; slot < rig.swap.areas[0].map.max; slot++) counted += rig.swap.areas[0].map.swapCount(slot)
        expect(counted).toBe(users)
      }
    ),
    { seed: 350, numRuns: 25 }
  )
})

it("stops for ever when a task sleeps on plugged requests that hold the last bios, and does not when it hands them over", () => {
  /** A task that plugs two writes and then waits for memory; another frees memory once it has got a bio. */
  const world = (handOver: boolean): string => {
    const rig = new Rig()
    rig.bioMemory.limit = 2
    const hog = Array.from({ length: rig.frames.count }, () => rig.tryPage())
    const reader = rig.start("reader", function*(task) {
      rig.queue.plug(task)
      for (const slot of [1, 3]) yield* rig.queue.submitPage(task, false, slot * 8, hog[slot], true)
      yield* rig.memoryWait.sleep(task.process)
      rig.queue.unplug(task)
    })
    if (!handOver) reader.process.dispatcher = null
    rig.start("reclaimer", function*(task) {
      yield* task.process.hold(1000)
      const bio = yield* rig.queue.bios.alloc(task, GFP_NOIO)
      rig.queue.bios.free(task, bio)
      rig.freePage(hog[0])
    })
    rig.queue.onBioEnd = () => {}
    rig.start("server", function*(task) {
      yield* task.process.hold(2000)
      rig.disk.end(rig.queue, 2)
    })
    rig.sim.run(60_000_000_000)
    return reader.process.finished ? "finished" : "stuck"
  }
  expect(world(true)).toBe("finished")
  expect(world(false)).toBe("stuck")
})
