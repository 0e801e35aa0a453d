// The rounds of a mempool, in virtual time.
import { Mempool } from "#src/mempool.ts"
import { NO_ELEMENT } from "@swaplab/blk"
import {
  __GFP_IO,
  __GFP_NOMEMALLOC,
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_WAIT,
  bootContext,
  GFP_ATOMIC,
  GFP_KERNEL,
  GFP_NOIO,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { start, TestMemory } from "./rig.ts"

const ADDED = __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN
const SECOND = 1_000_000_000

const pool = (minNr = 2, hz = 250) => {
  const sim = new Sim({ seed: 1, hz })
  const memory = new TestMemory()
  const made = new Mempool(sim, "bio-0", minNr, memory)
  memory.asked.length = 0
  return { sim, memory, pool: made }
}

describe("masks", () => {
  it.each([
    { name: "GFP_NOIO", gfp: GFP_NOIO, rounds: [ADDED, GFP_NOIO | ADDED] },
    {
      name: "GFP_KERNEL",
      gfp: GFP_KERNEL,
      rounds: [(GFP_KERNEL | ADDED) & ~(__GFP_WAIT | __GFP_IO), GFP_KERNEL | ADDED]
    },
    { name: "GFP_ATOMIC", gfp: GFP_ATOMIC, rounds: [GFP_ATOMIC | ADDED] },
    { name: "__GFP_IO", gfp: __GFP_IO, rounds: [ADDED, __GFP_IO | ADDED] }
  ])("$name asks first without WAIT and IO, then with the whole mask", ({ gfp, rounds }) => {
    const { sim, memory, pool: p } = pool(0)
    memory.limit = 0
    start(sim, "task", function*(task) {
      yield* p.alloc(task, gfp)
    })
    sim.run(0)
    expect(memory.asked).toEqual(rounds)
  })
})

describe("order", () => {
  it("takes from the allocator, then from the stock, then would sleep", () => {
    const { memory, pool: p } = pool()
    const ctx = bootContext()
    memory.limit = 3
    expect(p.tryAlloc(ctx, GFP_NOIO)).toBeGreaterThanOrEqual(0)
    expect(p.counters.fromStock).toBe(0)
    p.tryAlloc(ctx, GFP_NOIO)
    p.tryAlloc(ctx, GFP_NOIO)
    expect(p.counters.fromStock).toBe(2)
    expect(p.tryAlloc(ctx, GFP_NOIO)).toBe(WOULD_SLEEP)
    expect(p.tryAlloc(ctx, GFP_ATOMIC)).toBe(NO_ELEMENT)
    p.checkInvariants()
  })

  it("refills its stock before the allocator gets anything back", () => {
    const { memory, pool: p } = pool()
    const ctx = bootContext()
    memory.limit = 4
    const elements = Array.from({ length: 4 }, () => p.tryAlloc(ctx, GFP_NOIO))
    expect(new Set(elements).size).toBe(4)
    for (const [i, element] of elements.entries()) {
      p.free(ctx, element)
      expect(p.currNr).toBe(Math.min(2, i + 1))
      expect(memory.inUse).toBe(i < 2 ? 4 : 4 - (i - 1))
    }
    p.checkInvariants()
  })
})

describe("sleeping", () => {
  it("waits in rounds of 5 s and asks with the whole mask after each", () => {
    const { sim, memory, pool: p } = pool()
    const ctx = bootContext()
    memory.limit = 2
    p.tryAlloc(ctx, GFP_NOIO)
    p.tryAlloc(ctx, GFP_NOIO)
    memory.asked.length = 0
    let got = -1
    const sleeper = start(sim, "sleeper", function*(task) {
      got = yield* p.alloc(task, GFP_NOIO)
    })
    sim.run(12 * SECOND)
    expect(sleeper.process.waitingOn?.name).toBe("mempool bio-0")
    expect(sleeper.process.state).toBe("uninterruptible")
    // first round twice, then once at 5 s and once at 10 s
    expect(memory.asked).toEqual([ADDED, GFP_NOIO | ADDED, GFP_NOIO | ADDED, GFP_NOIO | ADDED])
    expect(p.counters.waits).toBe(3)
    expect(p.counters.waitNs).toBe(10 * SECOND)
    memory.limit = 3
    sim.run(14 * SECOND)
    expect(got).toBe(-1)
    sim.run(15 * SECOND)
    expect(got).toBeGreaterThanOrEqual(0)
  })

  it("wakes at a tick when the sleep began between two", () => {
    const { sim, memory, pool: p } = pool(2, 100)
    const ctx = bootContext()
    memory.limit = 2
    p.tryAlloc(ctx, GFP_NOIO)
    p.tryAlloc(ctx, GFP_NOIO)
    start(sim, "sleeper", function*(task) {
      yield* task.process.hold(3_000_000)
      yield* p.alloc(task, GFP_NOIO)
    })
    sim.run(5 * SECOND - 1)
    expect(p.counters.waits).toBe(1)
    sim.run(5 * SECOND)
    expect(p.counters.waits).toBe(2)
  })

  it("does not sleep where the flush before it returns elements at once", () => {
    const { sim, memory, pool: p } = pool()
    const ctx = bootContext()
    memory.limit = 2
    const mine = [p.tryAlloc(ctx, GFP_NOIO), p.tryAlloc(ctx, GFP_NOIO)]
    p.beforeSleep = () => {
      for (const element of mine.splice(0)) p.free(ctx, element)
    }
    let got = -1
    start(sim, "flusher", function*(task) {
      got = yield* p.alloc(task, GFP_NOIO)
    })
    sim.run(SECOND)
    expect(got).toBeGreaterThanOrEqual(0)
    expect(p.counters.waits).toBe(0)
    p.checkInvariants()
  })

  it("wakes every sleeper when an element returns; who comes too late sleeps again", () => {
    const { sim, memory, pool: p } = pool()
    const ctx = bootContext()
    memory.limit = 2
    const mine = [p.tryAlloc(ctx, GFP_NOIO), p.tryAlloc(ctx, GFP_NOIO)]
    const got: Array<string> = []
    for (const name of ["a", "b", "c"]) {
      start(sim, name, function*(task) {
        yield* p.alloc(task, GFP_NOIO)
        got.push(name)
      })
    }
    sim.run(SECOND)
    p.free(ctx, mine[0])
    sim.run(SECOND)
    expect(got).toEqual(["a"])
    expect(p.counters.waits).toBe(5)
    p.free(ctx, mine[1])
    sim.run(SECOND)
    expect(got).toEqual(["a", "b"])
    expect(p.wait.waiters).toBe(1)
    p.checkInvariants()
  })

  it("stocks its minimum at boot", () => {
    const { memory, pool: p } = pool(4)
    expect(p.currNr).toBe(4)
    expect(memory.inUse).toBe(4)
  })
})
