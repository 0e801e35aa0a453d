import { __GFP_DMA, __GFP_NO_KSWAPD, GFP_NOWAIT, GFP_THISNODE_NUMA } from "#src/gfp.ts"
import {
  __GFP_MEMALLOC,
  __GFP_NOFAIL,
  __GFP_NOMEMALLOC,
  __GFP_NORETRY,
  __GFP_NOWARN,
  __GFP_REPEAT,
  GFP_ATOMIC,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  GFP_NOFS,
  GFP_NOIO,
  NO_PAGE,
  type PageAllocator,
  type PageAllocOptions,
  PF_MEMALLOC,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import type { Sim, Sleeps } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { bringTo, context, machine, ScriptedReclaimer, softirq, spawn, TestTask } from "./support.ts"

/** 2 GiB, DMA used up, DMA32 with so many free pages: min 1425, floor of GFP_ATOMIC 535. */
const scarce = (free: number, options: Partial<PageAllocOptions> = {}) => {
  const { pages, sim } = machine(options)
  bringTo(pages, pages.zones[0], 0)
  bringTo(pages, pages.zones[1], free)
  const reclaimer = new ScriptedReclaimer()
  pages.reclaimer = reclaimer
  Object.assign(pages.counters, { slowpath: 0, reservePages: 0, quietFailures: 0 })
  pages.counters.failures.fill(0)
  return { pages, sim, reclaimer, task: new TestTask(sim, "usemem") }
}

/** Gives blocks of 1024 pages that bringTo took back to DMA32. */
const release = (pages: PageAllocator, blocks: number): void => {
  const zone = pages.zones[1]
  let left = blocks
  for (let pfn = zone.start; left > 0; pfn += 1024) {
    if (pages.frames.refCount[pfn] === 0 || pages.frames.order[pfn] !== 10) continue
    pages.free(context(), pfn, 10)
    left--
  }
}

/** Runs one allocation in a task; null while it has not ended. */
const run = (
  sim: Sim,
  pages: PageAllocator,
  task: TestTask,
  gfp: number,
  order: number,
  until = 1e9
): number | null => {
  let result: number | null = null
  spawn(sim, task, function*(): Sleeps<void> {
    result = yield* pages.alloc(task, gfp, order)
  })
  sim.run(until)
  return result
}

describe("without sleeping", () => {
  it("GFP_ATOMIC: LOW attempt, wake kswapd, attempt above 3/8 of min, fail", () => {
    const { pages, reclaimer } = scarce(536)
    expect(pages.tryAlloc(softirq(), GFP_ATOMIC, 0)).toBeGreaterThanOrEqual(0)
    expect(reclaimer.log).toEqual(["wake DMA32 0 1", "wake DMA 0 1"])
    pages.drainAllPages()
    expect(pages.zones[1].free).toBe(535)
    expect(pages.tryAlloc(softirq(), GFP_ATOMIC, 0)).toBe(NO_PAGE)
    expect(reclaimer.log.length).toBe(4)
    expect(pages.counters.failures[0]).toBe(1)
  })

  it.each<[string, number, number]>([
    ["GFP_ATOMIC", GFP_ATOMIC, 535],
    ["GFP_ATOMIC without the right to reserves", GFP_ATOMIC | __GFP_NOMEMALLOC, 713],
    ["GFP_NOWAIT", GFP_NOWAIT, 1069],
    ["GFP_NOWAIT without the right to reserves", GFP_NOWAIT | __GFP_NOMEMALLOC, 1425]
  ])("%s fails at its floor and succeeds above it", (_name, gfp, floor) => {
    expect(scarce(floor).pages.tryAlloc(softirq(), gfp, 0)).toBe(NO_PAGE)
    expect(scarce(floor + 1).pages.tryAlloc(softirq(), gfp, 0)).toBeGreaterThanOrEqual(0)
  })

  it("does not enter the slow path above the low watermark", () => {
    const { pages, reclaimer, task } = scarce(1782)
    expect(pages.tryAlloc(task, GFP_KERNEL, 0)).toBeGreaterThanOrEqual(0)
    expect(reclaimer.log).toEqual([])
    pages.drainAllPages()
    expect(pages.tryAlloc(task, GFP_KERNEL, 0)).toBeGreaterThanOrEqual(0)
    expect(reclaimer.log).toEqual(["wake DMA32 0 1", "wake DMA 0 1"])
  })

  it("uses the DMA zone above its protection of 2000 pages", () => {
    const { pages } = machine()
    bringTo(pages, pages.zones[0], 2014)
    bringTo(pages, pages.zones[1], 1000)
    const task = context()
    // low 12 and protection 2000 for the first attempt, min 10 for the second
    for (let free = 2014; free > 2010; free--) {
      expect(pages.zoneOf(pages.tryAlloc(task, GFP_KERNEL, 0)).name).toBe("DMA")
    }
    expect(pages.zones[0].free).toBe(2010)
    expect(pages.tryAlloc(task, GFP_KERNEL, 0)).toBe(WOULD_SLEEP)
    expect(pages.tryAlloc(task, GFP_KERNEL | __GFP_DMA, 0)).toBeGreaterThanOrEqual(0)
  })

  it("says WOULD_SLEEP where a task would reclaim, and has then changed nothing", () => {
    const { pages, task } = scarce(1425)
    expect(pages.tryAlloc(task, GFP_KERNEL, 0)).toBe(WOULD_SLEEP)
    expect(pages.counters.failures[0]).toBe(0)
    expect(pages.zones[1].free).toBe(1425)
  })

  it("does not wake kswapd for __GFP_NO_KSWAPD", () => {
    const { pages, reclaimer } = scarce(100)
    pages.tryAlloc(softirq(), GFP_ATOMIC | __GFP_NO_KSWAPD, 0)
    expect(reclaimer.log).toEqual([])
  })

  it("refuses orders that do not exist, and masks that contradict themselves or their context", () => {
    const { pages, task } = scarce(100_000)
    expect(pages.tryAlloc(task, GFP_KERNEL | __GFP_NOWARN, 11)).toBe(NO_PAGE)
    expect(() => pages.tryAlloc(task, GFP_KERNEL | 0x5, 0)).toThrow("contradict")
    expect(() => pages.tryAlloc(softirq(), GFP_KERNEL, 0)).toThrow("interrupt context")
  })

  it("a NUMA build refuses slab's probe of the node in the slow path", () => {
    const uma = scarce(1425)
    expect(uma.pages.tryAlloc(uma.task, GFP_KERNEL | GFP_THISNODE_NUMA, 0)).toBe(WOULD_SLEEP)
    const numa = scarce(1425, { numa: { nodeBytes: [2 ** 31] } })
    numa.task.flags = PF_MEMALLOC
    expect(numa.pages.tryAlloc(numa.task, GFP_KERNEL | GFP_THISNODE_NUMA, 0)).toBe(NO_PAGE)
    expect(numa.reclaimer.log).toEqual([])
  })
})

describe("PF_MEMALLOC and TIF_MEMDIE", () => {
  it("take the last page, then fail at once: no sleep, no recursion into reclaim", () => {
    for (const dying of [false, true]) {
      const { pages, reclaimer, sim, task } = scarce(1)
      task.memdie = dying
      task.flags = dying ? 0 : PF_MEMALLOC
      expect(run(sim, pages, task, GFP_KERNEL, 0)).toBeGreaterThanOrEqual(0)
      expect(pages.zones[1].free).toBe(0)
      expect(pages.counters.reservePages).toBe(1)
      expect(pages.tryAlloc(task, GFP_KERNEL, 0)).toBe(NO_PAGE)
      expect(reclaimer.log.every((line) => line.startsWith("wake"))).toBe(true)
    }
  })

  it("do not count in interrupt context", () => {
    const { pages } = scarce(500)
    expect(pages.tryAlloc(softirq(PF_MEMALLOC), GFP_ATOMIC, 0)).toBe(NO_PAGE)
  })

  it("lose to __GFP_NOMEMALLOC", () => {
    const { pages, task } = scarce(500)
    task.flags = PF_MEMALLOC
    expect(pages.tryAlloc(task, GFP_KERNEL | __GFP_NOMEMALLOC, 0)).toBe(NO_PAGE)
  })

  it.each([
    { name: "fail where the reserve is denied", more: __GFP_NOMEMALLOC, result: NO_PAGE },
    { name: "reclaim like others when they must not fail", more: __GFP_NOMEMALLOC | __GFP_NOFAIL, result: WOULD_SLEEP }
  ])("dying tasks $name", ({ more, result }) => {
    const { pages, task } = scarce(0)
    task.memdie = true
    expect(pages.tryAlloc(task, GFP_KERNEL | more, 0)).toBe(result)
  })

  it("with __GFP_NOFAIL wait for a page in steps of 20 ms, without reclaim", () => {
    const { pages, reclaimer, sim, task } = scarce(0)
    task.flags = PF_MEMALLOC
    expect(run(sim, pages, task, GFP_NOFS | __GFP_NOFAIL, 0, 50e6)).toBe(null)
    expect(reclaimer.log.filter((line) => !line.startsWith("wake"))).toEqual([
      "wait DMA32 20",
      "wait DMA32 20",
      "wait DMA32 20"
    ])
  })
})

describe("direct reclaim", () => {
  it("runs with PF_MEMALLOC, drains all per-CPU lists once when the page is not there yet, and succeeds", () => {
    const { pages, reclaimer, sim, task } = scarce(1425)
    reclaimer.progress = [32]
    reclaimer.onReclaim = () => {
      // 32 reclaimed pages go to the per-CPU list: free memory does not grow until it is drained
      const zone = pages.zones[1]
      for (let pfn = zone.end - 1, left = 1; left > 0; pfn--) {
        if (pages.frames.refCount[pfn] === 0 || pages.frames.order[pfn] !== 0) continue
        pages.free(context(), pfn, 0, true)
        left--
      }
    }
    expect(run(sim, pages, task, GFP_KERNEL, 0)).toBeGreaterThanOrEqual(0)
    expect(reclaimer.log.slice(2)).toEqual(["reclaim 0 2 memalloc"])
    expect(task.flags).toBe(0)
    expect(pages.counters.drains).toBe(1)
    expect(task.process.why).toBe(null)
  })

  it("GFP_NOIO loops for ever, never calls the OOM killer, and says what it waits for", () => {
    const { pages, reclaimer, sim, task } = scarce(1180)
    expect(run(sim, pages, task, GFP_NOIO, 0, 10e9)).toBe(null)
    expect(reclaimer.log).not.toContain("oom")
    expect(pages.counters.retries).toBeGreaterThan(400)
    expect(pages.counters.noProgress).toBe(pages.counters.directReclaim)
    expect(task.process.why).toBe("order:0, mode:0x10 (GFP_NOIO), DMA32 free 1180 <= floor 1425")
    expect(reclaimer.log.slice(2, 6)).toEqual([
      "reclaim 0 2 memalloc",
      "wait DMA32 20",
      "reclaim 0 2 memalloc",
      "wait DMA32 20"
    ])
    release(pages, 1)
    sim.run(11e9)
    expect(task.process.finished).toBe(true)
    expect(task.process.why).toBe(null)
  })

  it.each([0, 1, 2, 3])("order %i is retried for ever", (order) => {
    const { pages, reclaimer, sim, task } = scarce(1000)
    reclaimer.progress = Array.from({ length: 1000 }, () => 1)
    expect(run(sim, pages, task, GFP_KERNEL, order, 5e9)).toBe(null)
  })

  it("order 4 fails after one round, with __GFP_REPEAT when as many pages were reclaimed as wanted", () => {
    const once = scarce(1000)
    once.reclaimer.progress = [10, 10, 10]
    expect(run(once.sim, once.pages, once.task, GFP_KERNEL, 4)).toBe(NO_PAGE)
    expect(once.pages.counters.directReclaim).toBe(1)
    const repeat = scarce(1000)
    repeat.reclaimer.progress = [10, 10, 10]
    expect(run(repeat.sim, repeat.pages, repeat.task, GFP_KERNEL | __GFP_REPEAT, 4)).toBe(NO_PAGE)
    expect(repeat.pages.counters.directReclaim).toBe(2)
    const exact = scarce(1000)
    exact.reclaimer.progress = [16, 10]
    expect(run(exact.sim, exact.pages, exact.task, GFP_KERNEL | __GFP_REPEAT, 4)).toBe(NO_PAGE)
    expect(exact.pages.counters.directReclaim).toBe(1)
  })

  it("__GFP_NORETRY: one round, no OOM", () => {
    const { pages, reclaimer, sim, task } = scarce(1000)
    expect(run(sim, pages, task, GFP_KERNEL | __GFP_NORETRY, 0)).toBe(NO_PAGE)
    expect(reclaimer.log.slice(2)).toEqual(["reclaim 0 2 memalloc"])
  })

  it.each([
    { pfmemallocMark: "none" as const, retries: 0 },
    { pfmemallocMark: "no-watermarks" as const, retries: 1 }
  ])("mark $pfmemallocMark: what reclaim freed for __GFP_MEMALLOC is taken after $retries retries", (row) => {
    const { pages, reclaimer, sim, task } = scarce(0, {
      switches: { gfpMemalloc: true, pfmemallocMark: row.pfmemallocMark }
    })
    reclaimer.progress = [1024]
    reclaimer.onReclaim = () => release(pages, 1)
    // 1024 pages are below min: without watermarks only the attempt that marks pages takes one
    const page = run(sim, pages, task, GFP_KERNEL | __GFP_MEMALLOC, 0)
    expect(page).toBeGreaterThanOrEqual(0)
    expect(pages.counters.retries).toBe(row.retries)
    expect(pages.pagePfmemalloc(page as number)).toBe(row.retries === 1)
  })

  it("retries as often as it likes while time passes", () => {
    const { pages, reclaimer, sim, task } = scarce(1000, { costs: { allocFastNs: 0, allocSlowNs: 0, freeNs: 0 } })
    reclaimer.tryToFreePages = function*(reclaiming) {
      yield* reclaiming.process.hold(1)
      return 1
    }
    reclaimer.waitIffCongested = function*() {}
    expect(run(sim, pages, task, GFP_KERNEL, 0, 100_010)).toBe(null)
    expect(pages.counters.retries).toBeGreaterThan(100_000)
  })

  it("dies when a retry loop lets no time pass", () => {
    const { pages, reclaimer, sim, task } = scarce(1000, { costs: { allocFastNs: 0, allocSlowNs: 0, freeNs: 0 } })
    reclaimer.tryToFreePages = function*() {
      return 1
    }
    reclaimer.waitIffCongested = function*() {}
    expect(() => run(sim, pages, task, GFP_KERNEL, 0)).toThrow("no time passes")
  })
})

describe("out of memory", () => {
  it("GFP_KERNEL without progress: a look at the high watermark, the killer, then everything from the start", () => {
    const { pages, reclaimer, sim, task } = scarce(1000)
    reclaimer.onOom = () => release(pages, 2)
    expect(run(sim, pages, task, GFP_HIGHUSER_MOVABLE, 0)).toBeGreaterThanOrEqual(0)
    expect(reclaimer.log).toEqual([
      "wake DMA32 0 1",
      "wake DMA 0 1",
      "reclaim 0 3 memalloc",
      "oom",
      "wake DMA32 0 1",
      "wake DMA 0 1"
    ])
    expect(pages.counters.outOfMemory).toBe(1)
    expect(pages.zones.some((zone) => zone.oomLocked)).toBe(false)
  })

  it("a task that was chosen to die gets the reserve after the restart", () => {
    const { pages, reclaimer, sim, task } = scarce(10)
    reclaimer.onOom = (victim) => victim.memdie = true
    expect(run(sim, pages, task, GFP_KERNEL, 0)).toBeGreaterThanOrEqual(0)
    expect(pages.counters.reservePages).toBe(1)
  })

  it("a second task that is out of memory sleeps a tick instead of killing as well", () => {
    const { pages, reclaimer, sim, task } = scarce(1000)
    const second = new TestTask(sim, "second")
    reclaimer.onOom = () => release(pages, 2)
    let ended = 0
    for (const each of [task, second]) {
      spawn(sim, each, function*() {
        yield* pages.alloc(each, GFP_KERNEL, 0)
        ended++
      })
    }
    sim.run(1e9)
    expect(ended).toBe(2)
    expect(reclaimer.log.filter((line) => line === "oom").length).toBe(1)
  })

  it.each([0, 1, 2, 3])("is called for order %i", (order) => {
    const { pages, reclaimer, sim, task } = scarce(1000)
    expect(run(sim, pages, task, GFP_KERNEL, order, 6e6)).toBe(null)
    expect(reclaimer.log).toContain("oom")
  })

  it("is not called for DMA memory nor for costly orders: these fail", () => {
    for (const [gfp, order] of [[GFP_KERNEL | __GFP_DMA, 0], [GFP_KERNEL, 4]] as const) {
      const { pages, reclaimer, sim, task } = scarce(1000)
      expect(run(sim, pages, task, gfp, order)).toBe(NO_PAGE)
      expect(reclaimer.log).not.toContain("oom")
    }
  })

  it("__GFP_NOFAIL calls it whatever the order and zone", () => {
    const { pages, reclaimer, sim, task } = scarce(1000)
    expect(run(sim, pages, task, GFP_KERNEL | __GFP_NOFAIL, 4, 20e6)).toBe(null)
    expect(reclaimer.log).toContain("oom")
  })
})

describe("page allocation failure", () => {
  it("is reported with zone, free pages and floor", () => {
    const { pages, sim, task } = scarce(535)
    const seen: Array<string> = []
    pages.onAllocationFailure = (info) => seen.push(info.message)
    pages.tryAlloc(softirq(), GFP_ATOMIC, 0)
    expect(pages.firstFailure).toEqual({
      timeNs: 0,
      comm: "softirq",
      inInterrupt: true,
      cpu: 0,
      order: 0,
      gfp: GFP_ATOMIC,
      zone: "DMA32",
      freePages: 535,
      floorPages: 535,
      message: "softirq: page allocation failure: order:0, mode:0x20"
    })
    run(sim, pages, task, GFP_KERNEL, 4)
    expect(seen).toEqual([
      "softirq: page allocation failure: order:0, mode:0x20",
      "usemem: page allocation failure: order:4, mode:0xd0"
    ])
  })

  it("is quiet with __GFP_NOWARN, but counted", () => {
    const { pages } = scarce(535)
    pages.tryAlloc(softirq(), GFP_ATOMIC | __GFP_NOWARN, 0)
    expect([pages.counters.failures[0], pages.counters.quietFailures, pages.counters.messages]).toEqual([1, 1, 0])
    expect(pages.firstFailure).toBe(null)
  })

  it("is printed at most ten times in five seconds", () => {
    const { pages, sim } = scarce(535)
    const fail = () => {
      for (let i = 0; i < 25; i++) pages.tryAlloc(softirq(), GFP_ATOMIC, 0)
    }
    fail()
    expect([pages.counters.messages, pages.counters.messagesSuppressed]).toEqual([10, 15])
    sim.queue.now = 5_000_000_001
    fail()
    expect([pages.counters.messages, pages.counters.messagesSuppressed]).toEqual([20, 30])
  })

  it.each<[number, number, number, string]>([
    [GFP_NOIO, 0, 1180, "order:0, mode:0x10 (GFP_NOIO), DMA32 free 1180 <= floor 1425"],
    [GFP_KERNEL, 3, 1430, "order:3, mode:0xd0 (GFP_KERNEL), DMA32 free 1430 <= floor 1432"],
    [GFP_ATOMIC | __GFP_MEMALLOC, 0, 400, "order:0, mode:0x2020 (GFP_ATOMIC|GFP_MEMALLOC), DMA32 free 400 <= floor 535"]
  ])("describes mask 0x%x order %i at %i free pages", (gfp, order, free, text) => {
    const { pages } = scarce(free)
    expect(pages.describeShortage(context(), gfp, order)).toBe(text)
  })
})
