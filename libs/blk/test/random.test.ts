// Random submissions against a naive model, and laws that hold for any run.
import { BLK_MAX_REQUEST_COUNT } from "#src/task-io.ts"
import { SUBMITTED } from "@swaplab/blk"
import fc from "fast-check"
import { expect, it } from "vitest"
import { rig, start, TestTask } from "./rig.ts"

/** A request of the naive model: the slots it covers, in order. */
interface NaiveRequest {
  readonly write: boolean
  slots: Array<number>
}

const MAX_PAGES = 7

/** Plugs and merging as plain lists. */
class NaiveQueue {
  readonly taken: Array<readonly [number, number, number]> = []
  readonly plugs = new Map<number, { depth: number; list: Array<NaiveRequest> }>()

  submit(task: number, write: boolean, slot: number): void {
    const plug = this.of(task)
    for (const rq of [...plug.list].reverse()) {
      if (rq.write !== write || rq.slots.length === MAX_PAGES) continue
      if (rq.slots[rq.slots.length - 1] + 1 === slot) return void rq.slots.push(slot)
      if (rq.slots[0] - 1 === slot) return void rq.slots.unshift(slot)
    }
    if (plug.depth === 0) return this.take([{ write, slots: [slot] }])
    if (plug.list.length === BLK_MAX_REQUEST_COUNT) this.flush(task)
    plug.list.push({ write, slots: [slot] })
  }

  flush(task: number): void {
    const joined: Array<NaiveRequest> = []
    for (const rq of this.of(task).list.splice(0)) {
      const onto = joined.findLast((to) =>
        to.write === rq.write && to.slots.length + rq.slots.length <= MAX_PAGES &&
        to.slots[to.slots.length - 1] + 1 === rq.slots[0]
      )
      if (onto === undefined) joined.push(rq)
      else onto.slots.push(...rq.slots)
    }
    this.take(joined)
  }

  of(task: number): { depth: number; list: Array<NaiveRequest> } {
    let plug = this.plugs.get(task)
    if (plug === undefined) this.plugs.set(task, plug = { depth: 0, list: [] })
    return plug
  }

  take(requests: ReadonlyArray<NaiveRequest>): void {
    for (const rq of requests) this.taken.push([rq.slots[0], rq.slots.length, rq.write ? 1 : 0])
  }
}

const command = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(fc.constant("submit" as const), fc.nat(2), fc.nat(40), fc.boolean()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("plug" as const), fc.nat(2), fc.constant(0), fc.constant(false)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("unplug" as const), fc.nat(2), fc.constant(0), fc.constant(false)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("sleep" as const), fc.nat(2), fc.constant(0), fc.constant(false)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("end" as const), fc.nat(9), fc.constant(0), fc.constant(false)) }
)

it("merges as plain lists do", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120, size: "max" }), (commands) => {
      const { sim, queue, disk } = rig({ maxSectors: MAX_PAGES * 8 })
      const tasks = [0, 1, 2].map((n) => new TestTask(sim, `task-${n}`))
      const naive = new NaiveQueue()
      for (const [what, n, slot, isWrite] of commands) {
        const task = tasks[n]
        if (what === "submit") {
          expect(queue.trySubmitPage(task, isWrite, slot * 8, slot, !isWrite)).toBe(SUBMITTED)
          naive.submit(n, isWrite, slot)
        } else if (what === "plug") {
          queue.plug(task)
          naive.of(n).depth++
        } else if (what === "unplug" && naive.of(n).depth > 0) {
          queue.unplug(task)
          if (--naive.of(n).depth === 0) naive.flush(n)
        } else if (what === "sleep") {
          queue.flushPlugOnSchedule(task.process)
          naive.flush(n)
        } else if (what === "end") {
          disk.end(queue, n)
        }
        queue.checkInvariants()
      }
      expect(disk.taken).toEqual(naive.taken)
    }),
    { seed: 20120731, numRuns: 150 }
  )
})

it("ends every page once, loses no bio, request or slot, and obeys Little's law", () => {
  fc.assert(
    fc.property(
      fc.record({
        tasks: fc.integer({ min: 1, max: 6 }),
        pages: fc.integer({ min: 1, max: 120 }),
        nrRequests: fc.integer({ min: 4, max: 40 }),
        bios: fc.integer({ min: 2, max: 60 }),
        requests: fc.integer({ min: 4, max: 60 }),
        plugEvery: fc.integer({ min: 1, max: 40 }),
        serviceNs: fc.integer({ min: 1, max: 30_000_000 })
      }),
      ({ tasks, pages, nrRequests, bios, requests, plugEvery, serviceNs }) => {
        const { sim, queue, disk, bioMemory, requestMemory } = rig({ nrRequests })
        bioMemory.limit = bios
        requestMemory.limit = requests
        const ended = new Uint8Array(tasks * pages)
        queue.onBioEnd = (_ctx, pfn) => void ended[pfn]++
        const programs = Array.from({ length: tasks }, (_, n) =>
          start(sim, `task-${n}`, function*(task) {
            const random = sim.stream(task.process.name)
            for (let i = 0; i < pages; i++) {
              if (i % plugEvery === 0) queue.plug(task)
              const slot = n * 1000 + (random.below(4) === 0 ? 2 * i + 400 : i)
              const sync = random.below(3) === 0
              if (queue.trySubmitPage(task, true, slot * 8, n * pages + i, sync) !== SUBMITTED) {
                yield* queue.submitPage(task, true, slot * 8, n * pages + i, sync)
              }
              if (i % plugEvery === plugEvery - 1 || i === pages - 1) queue.unplug(task)
            }
          }))
        const server = start(sim, "server", function*(task) {
          for (;;) {
            if (disk.held.length === 0) yield* disk.arrived.sleep(task.process)
            yield* task.process.hold(serviceNs)
            disk.end(queue)
            queue.checkInvariants()
          }
        })
        server.process.daemon = true
        expect(sim.run()).toEqual({ reason: "finished" })
        expect(programs.every((task) => task.process.finished)).toBe(true)
        expect([...ended]).toEqual(Array.from({ length: tasks * pages }, () => 1))
        expect([queue.inFlight(), queue.bios.inUse, ...queue.slots.count]).toEqual([0, 0, 0, 0])
        // what is left of the caches is the stock of the two pools
        expect([bioMemory.inUse, requestMemory.inUse]).toEqual([2, 4])
        const { counters, stats } = queue
        const merges = counters.plugMerges + counters.queueMerges
        expect(counters.bios).toBe(tasks * pages)
        expect(counters.requests + merges).toBe(counters.bios)
        expect(counters.completed + counters.requestMerges).toBe(counters.requests)
        expect(stats.sectors[1]).toBe(8 * counters.bios)
        // Little: the integral of requests in flight is the sum of their lives (all lives, when none was absorbed)
        if (counters.requestMerges === 0) expect(stats.snapshot().queueNs).toBe(stats.timeNs[1])
      }
    ),
    { seed: 3605, numRuns: 60 }
  )
})
