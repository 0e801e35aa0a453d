import {
  __GFP_NOFAIL,
  FailPageAlloc,
  type FailPageAllocOptions,
  FaultAttr,
  type FaultAttrOptions,
  GFP_ATOMIC,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  NO_PAGE,
  WOULD_SLEEP
} from "@swaplab/page-alloc"
import { Random } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { bringTo, context, machine, ScriptedReclaimer, softirq, spawn, TestTask } from "./support.ts"

const attrOf = (options: Partial<FaultAttrOptions>): FaultAttr =>
  new FaultAttr({ probability: 1, ...options }, new Random(1, "test"))

/** Which of so many questions about one page fail. */
const failures = (attr: FaultAttr, questions: number, size = 1): ReadonlyArray<number> =>
  Array.from({ length: questions }, (_, i) => i).filter(() => attr.shouldFail(context(), size))

describe("should_fail", () => {
  it.each<readonly [what: string, options: Partial<FaultAttrOptions>, failed: ReadonlyArray<number>]>([
    ["all", {}, [0, 1, 2, 3, 4, 5, 6, 7]],
    ["none", { probability: 0 }, []],
    ["every third", { interval: 3 }, [2, 5]],
    ["at most two", { times: 2 }, [0, 1]],
    ["never any more", { times: 0 }, []],
    // each page takes one of the space while more than one is left
    ["after four pages", { space: 4 }, [3, 4, 5, 6, 7]]
  ])("%s", (_, options, failed) => {
    const attr = attrOf(options)
    expect(failures(attr, 8)).toEqual(failed)
    expect([attr.asked, attr.failed]).toEqual([8, failed.length])
  })

  it("fails about its share of many", () => {
    const share = failures(attrOf({ probability: 0.2 }), 20_000).length / 20_000
    expect(Math.abs(share - 0.2)).toBeLessThan(0.01)
  })

  it("only for the task that is to fail, and never in an interrupt", () => {
    const { sim } = machine()
    const attr = attrOf({ task: "nbd0" })
    const asked = [new TestTask(sim, "client-1 nbd0"), new TestTask(sim, "client-1 usemem-1"), context(), softirq()]
    expect(asked.map((ctx) => attr.shouldFail(ctx, 1))).toEqual([true, false, false, false])
    expect(attr.asked).toBe(1)
  })
})

describe("fail_page_alloc", () => {
  it.each<readonly [gfp: number, order: number, options: FailPageAllocOptions, fails: boolean]>([
    [GFP_ATOMIC, 0, {}, false],
    [GFP_ATOMIC, 1, {}, true],
    [GFP_ATOMIC, 0, { minOrder: 0 }, true],
    [GFP_KERNEL, 1, {}, false],
    [GFP_KERNEL, 1, { ignoreGfpWait: false }, true],
    [GFP_HIGHUSER_MOVABLE, 1, { ignoreGfpWait: false }, false],
    [GFP_HIGHUSER_MOVABLE, 1, { ignoreGfpWait: false, ignoreGfpHighmem: false }, true],
    [GFP_KERNEL | __GFP_NOFAIL, 1, { ignoreGfpWait: false }, false]
  ])("mask %i, order %i, %o: %s", (gfp, order, options, fails) => {
    const { pages } = machine()
    pages.failPageAlloc = new FailPageAlloc(attrOf({}), options)
    expect(pages.tryAlloc(context(), gfp, order) === NO_PAGE).toBe(fails)
    // it fails without the slow path, as if nothing had been asked
    expect(pages.counters.slowpath).toBe(0)
  })

  it("draws once for an allocation that is tried and then made as a task", () => {
    const { pages, sim } = machine()
    bringTo(pages, pages.zones[0], 0)
    bringTo(pages, pages.zones[1], 0)
    pages.reclaimer = new ScriptedReclaimer()
    const attr = attrOf({ probability: 0 })
    pages.failPageAlloc = new FailPageAlloc(attr, { ignoreGfpWait: false, minOrder: 0 })
    const task = new TestTask(sim, "usemem")
    expect(pages.tryAlloc(task, GFP_KERNEL, 0)).toBe(WOULD_SLEEP)
    expect(attr.asked).toBe(1)
    spawn(sim, task, function*() {
      yield* pages.alloc(task, GFP_KERNEL, 0)
    })
    sim.run(1)
    expect(attr.asked).toBe(1)
    // the next one is another allocation
    expect(pages.tryAlloc(new TestTask(sim, "usemem"), GFP_KERNEL, 0)).toBe(WOULD_SLEEP)
    expect(attr.asked).toBe(2)
  })
})
