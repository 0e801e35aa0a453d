// Which documents a program collects, and when: once nothing is asked of it, and when one is hidden.
import { Collections, type Garbage } from "#src/session/collections.ts"
import { Random } from "@swaplab/sim"
import { beforeEach, describe, expect, it } from "vitest"

const S = 1e9
const RULES = { everyNs: 40 * S, afterNs: 10 * S, untilNs: 240 * S, hiddenNs: 2 * S, share: 0.5 }

/** What was collected: seconds, document, share, "mark" or "sweep". */
let log: Array<[number, number, number, "mark" | "sweep"]>
let now: number
let garbage: Garbage & { opened: number; usedAt: number }
let collections: Collections

beforeEach(() => {
  log = []
  now = 0
  garbage = {
    hidden: [],
    marked: [],
    opened: 4,
    usedAt: 0,
    *collect(document, share, write) {
      log.push([now / S, document, share, write ? "sweep" : "mark"])
      return null
    }
  }
  collections = new Collections(garbage, RULES, 0, new Random(1, "collections"))
})

/** Lets the seconds pass, with a beat each. */
const pass = (seconds: number) => {
  for (let i = 0; i < seconds; i++) {
    now += S
    expect([...collections.run(now)]).toEqual([])
  }
}

describe("collections", () => {
  it("begin after some seconds, come as often as they should, and end after some minutes", () => {
    pass(600)
    const marks = log.filter(([, , , what]) => what === "mark").map(([at]) => at)
    expect(Math.min(...marks)).toBeGreaterThanOrEqual(10)
    expect(Math.max(...marks)).toBeLessThan(240)
    // four documents, each once in 40 s
    expect(marks.length).toBeGreaterThan(10)
    expect(marks.length).toBeLessThan(34)
    expect(new Set(log.map(([, document]) => document))).toEqual(new Set([0, 1, 2, 3]))
    expect(log.every(([, , share]) => share === RULES.share)).toBe(true)
  })

  it("do not come while somebody uses the program", () => {
    for (let i = 0; i < 60; i++) {
      garbage.usedAt = now
      pass(9)
    }
    expect(log).toEqual([])
  })

  it("sweep what they have marked, once", () => {
    pass(1000)
    const of = (what: string, document: number) => log.filter(([, doc, , kind]) => doc === document && kind === what)
    for (const document of [0, 1, 2, 3]) {
      const [marks, sweeps] = [of("mark", document), of("sweep", document)]
      expect(marks.length).toBeGreaterThan(0)
      expect(sweeps.length).toBe(marks.length)
      for (const [i, [at]] of marks.entries()) expect(sweeps[i][0]).toBeGreaterThan(at)
    }
  })

  it("come when a document is hidden, though somebody uses the program", () => {
    garbage.usedAt = 1e6 * S
    garbage.hidden.push(2)
    pass(300)
    expect(log.map(([, document, , what]) => [document, what])).toEqual([[2, "mark"], [2, "sweep"]])
    expect(log[0][0]).toBeLessThan(15)
  })

  it("sweep at once what one action has marked", () => {
    garbage.usedAt = 1e6 * S
    garbage.marked.push(1, 3)
    pass(300)
    expect(log.map(([, document, , what]) => [document, what])).toEqual([[1, "sweep"], [3, "sweep"]])
    expect(log[0][0]).toBe(log[1][0])
  })

  it("do nothing where no document is open", () => {
    garbage.opened = 0
    pass(300)
    expect(log).toEqual([])
  })
})
