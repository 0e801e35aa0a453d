// Memory of compressed pages.
import { PageSizes, SMALLEST, ZERO_PAGE } from "#src/compressed/page-sizes.ts"
import { Zbud } from "#src/compressed/zbud.ts"
import { NO_OBJECT, pagesPerZspage, Zsmalloc } from "#src/compressed/zsmalloc.ts"
import { __GFP_NOWARN, bootContext, GFP_NOIO, PAGE_SIZE, WOULD_SLEEP } from "@swaplab/page-alloc"
import { Random, Sim } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { start, TestMemory } from "./rig.ts"

const CTX = bootContext()

describe("zsmalloc", () => {
  it.each([
    // 32-byte objects fill one page without a rest, and so do halves
    { size: 32, pages: 1 },
    { size: 2048, pages: 1 },
    // 3/8 of a page: eight of them fill three pages
    { size: 1536, pages: 3 },
    // 3/4: four of them fill three pages
    { size: 3072, pages: 3 },
    { size: 4096, pages: 1 },
    { size: 1360, pages: 1 },
    { size: 2720, pages: 2 }
  ])("objects of $size bytes lie in zspages of $pages pages", ({ pages, size }) => {
    expect(pagesPerZspage(size)).toBe(pages)
  })

  it("takes a zspage for the first object of a class, and gives it back with the last", () => {
    const memory = new TestMemory()
    const pool = new Zsmalloc(memory, GFP_NOIO)
    // 1521 to 1536 bytes are one class: eight objects in three pages
    const objects = Array.from({ length: 8 }, (_, i) => pool.tryMalloc(CTX, 1521 + 2 * i))
    expect([pool.pages, pool.objects, memory.inUse]).toEqual([3, 8, 3])
    const ninth = pool.tryMalloc(CTX, 1536)
    expect(pool.pages).toBe(6)
    pool.free(CTX, ninth)
    expect(pool.pages).toBe(3)
    for (const object of objects) pool.free(CTX, object)
    expect([pool.pages, pool.objects, memory.inUse]).toEqual([0, 0, 0])
    pool.checkInvariants()
  })

  it("fills the fuller zspages first", () => {
    const memory = new TestMemory()
    const pool = new Zsmalloc(memory, GFP_NOIO)
    const objects = Array.from({ length: 24 }, () => pool.tryMalloc(CTX, 1536))
    const [first, second, third] = [objects[0], objects[8], objects[16]]
    // almost full: 3 of 8; almost empty: 1 of 8, although it was filed last
    for (let n = 0; n < 5; n++) pool.free(CTX, second)
    for (let n = 0; n < 7; n++) pool.free(CTX, first)
    expect(Array.from({ length: 6 }, () => pool.tryMalloc(CTX, 1536))).toEqual([
      ...Array.from({ length: 5 }, () => second),
      first
    ])
    expect(third).not.toBe(second)
    pool.checkInvariants()
  })

  it("gives back what it had taken when it does not get all pages of a zspage", () => {
    const memory = new TestMemory()
    memory.limit = 2
    const pool = new Zsmalloc(memory, GFP_NOIO)
    expect(pool.tryMalloc(CTX, 1536)).toBe(WOULD_SLEEP)
    expect([memory.inUse, pool.pages]).toEqual([0, 0])
    const atomic = new Zsmalloc(memory, __GFP_NOWARN)
    expect(atomic.tryMalloc(CTX, 1536)).toBe(NO_OBJECT)
    expect(memory.inUse).toBe(0)
    // one page is enough for another class
    expect(atomic.tryMalloc(CTX, 2048)).toBeGreaterThanOrEqual(0)
  })

  it("the version that may sleep does the same", () => {
    const sim = new Sim({ seed: 1 })
    const memory = new TestMemory()
    memory.limit = 2
    const pool = new Zsmalloc(memory, GFP_NOIO)
    const results: Array<number> = []
    start(sim, "kswapd0", function*(task) {
      results.push(yield* pool.malloc(task, 1536))
      memory.limit = 3
      results.push(yield* pool.malloc(task, 1536))
    })
    sim.run(0)
    expect(results).toEqual([NO_OBJECT, 0])
    expect(memory.inUse).toBe(3)
  })

  it("has no object above a page", () => {
    expect(new Zsmalloc(new TestMemory(), GFP_NOIO).tryMalloc(CTX, PAGE_SIZE + 1)).toBe(NO_OBJECT)
  })

  it("loses nothing, whatever comes and goes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 4096 })), { maxLength: 300, size: "max" }),
        (commands) => {
          const memory = new TestMemory()
          const pool = new Zsmalloc(memory, GFP_NOIO)
          const held: Array<number> = []
          for (const [takes, n] of commands) {
            if (takes || held.length === 0) held.push(pool.tryMalloc(CTX, n))
            else pool.free(CTX, held.splice(n % held.length, 1)[0])
            expect([pool.objects, memory.inUse]).toEqual([held.length, pool.pages])
            pool.checkInvariants()
          }
          for (const object of held) pool.free(CTX, object)
          expect(memory.inUse).toBe(0)
        }
      ),
      { seed: 9, numRuns: 100 }
    )
  })
})

describe("zbud", () => {
  it("puts two objects into a page where they fit", () => {
    const memory = new TestMemory()
    const pool = new Zbud(memory, 0)
    // 63 chunks of 64 bytes: 40 and 23 fit, 40 and 24 do not
    expect([40, 23, 40, 24].map((chunks, owner) => pool.alloc(CTX, owner, chunks * 64))).toEqual([0, 0, 0, 0])
    expect([pool.pages, pool.objects]).toEqual([3, 4])
    pool.checkInvariants()
  })

  it.each([
    { size: 4096 - 128, result: 0 },
    { size: 4096 - 127, result: -28 }
  ])("an object of $size bytes: $result", ({ result, size }) => {
    expect(new Zbud(new TestMemory(), 0).alloc(CTX, 0, size)).toBe(result)
  })

  it("says when there is no page", () => {
    const memory = new TestMemory()
    memory.limit = 0
    expect(new Zbud(memory, 0).alloc(CTX, 0, 64)).toBe(-12)
  })

  it("reclaims the page that was used longest ago, and frees it when both objects are gone", () => {
    const sim = new Sim({ seed: 1 })
    const memory = new TestMemory()
    const pool = new Zbud(memory, 0)
    for (let owner = 0; owner < 6; owner++) pool.alloc(CTX, owner, 30 * 64)
    const evicted: Array<number> = []
    const results: Array<boolean> = []
    start(sim, "kswapd0", function*(task) {
      for (let n = 0; n < 2; n++) {
        results.push(
          yield* pool.reclaim(task, 8, function*(by, owner) {
            evicted.push(owner)
            pool.free(by, owner)
            return true
          })
        )
      }
    })
    sim.run(0)
    expect([results, evicted, pool.pages, memory.inUse]).toEqual([[true, true], [0, 1, 2, 3], 1, 1])
    pool.checkInvariants()
  })

  it("gives up after so many tries, and tries another page each time", () => {
    const sim = new Sim({ seed: 1 })
    const pool = new Zbud(new TestMemory(), 0)
    for (let owner = 0; owner < 3; owner++) pool.alloc(CTX, owner, 40 * 64)
    const asked: Array<number> = []
    let result = true
    start(sim, "kswapd0", function*(task) {
      result = yield* pool.reclaim(task, 4, function*(_by, owner) {
        asked.push(owner)
        return false
      })
    })
    sim.run(0)
    expect([result, asked]).toEqual([false, [0, 1, 2, 0]])
    pool.checkInvariants()
  })
})

describe("sizes of pages", () => {
  it("have the ratio on average", () => {
    const sizes = new PageSizes(new Random(1, "zram0"), { ratio: 2.75, spread: 0.2, zeroPages: 0 })
    let sum = 0
    for (let n = 0; n < 20_000; n++) sum += sizes.draw()
    expect(20_000 * PAGE_SIZE / sum).toBeCloseTo(2.75, 1)
  })

  it("are pages of zeros as often as told, and never below what lzo can do", () => {
    const sizes = new PageSizes(new Random(1, "zram0"), { ratio: 50, spread: 1, zeroPages: 0.25 })
    const drawn = Array.from({ length: 8000 }, () => sizes.draw())
    const zeros = drawn.filter((size) => size === ZERO_PAGE).length
    expect(zeros / drawn.length).toBeCloseTo(0.25, 1)
    expect(Math.min(...drawn.filter((size) => size !== ZERO_PAGE))).toBe(SMALLEST)
  })

  it("come from the stream of their name", () => {
    const draw = (name: string) => {
      const sizes = new PageSizes(new Random(7, name), { ratio: 2, spread: 0.5, zeroPages: 0 })
      return [sizes.draw(), sizes.draw(), sizes.draw()]
    }
    expect(draw("a")).toEqual(draw("a"))
    expect(draw("a")).not.toEqual(draw("b"))
  })
})
