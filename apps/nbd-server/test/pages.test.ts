import fc from "fast-check"
import { expect, it } from "vitest"
import { PageSet } from "../src/stores/page-set.ts"
import { RecentPages } from "../src/stores/recent-pages.ts"

const PAGES = 150
const range = fc.tuple(fc.nat(PAGES), fc.nat(PAGES)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)

it("a set of pages is what a set of numbers is", () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), range)), range, fc.boolean(), (steps, [first, end], wanted) => {
    const pages = new PageSet(PAGES)
    const model = new Set<number>()
    for (const [added, [from, to]] of steps) {
      for (let page = from; page < to; page++) {
        if (added) model.add(page)
        else model.delete(page)
      }
      if (added) pages.add(from, to)
      else pages.remove(from, to)
    }
    const asked = Array.from({ length: end - first }, (_, i) => first + i)
    const inside = asked.filter((page) => model.has(page))
    expect(pages.count).toBe(model.size)
    expect(asked.filter((page) => pages.has(page))).toEqual(inside)
    expect(pages.countIn(first, end)).toBe(inside.length)
    expect(pages.hasAny(first, end)).toBe(inside.length > 0)
    expect(pages.hasAll(first, end)).toBe(inside.length === asked.length)
    expect(pages.next(first, end, wanted)).toBe(asked.find((page) => model.has(page) === wanted) ?? end)
  }))
})

it("a page that is not used for two minutes is no recent one, one that is used each minute stays", () => {
  const pages = new RecentPages(100)
  pages.add(0, 2, 1e9)
  for (let minute = 0; minute < 3; minute++) {
    expect(pages.has(1, 2)).toBe(minute < 2)
    pages.add(0, 1, 1e9 + (minute + 1) * 60_000)
  }
  expect([pages.has(0, 1), pages.has(0, 2)]).toEqual([true, false])
  pages.add(5, 6, 2e9)
  expect([pages.has(0, 1), pages.has(5, 6)]).toEqual([false, true])
})
