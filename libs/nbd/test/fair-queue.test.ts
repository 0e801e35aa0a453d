import { FairClient, FairQueue } from "@swaplab/nbd"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

interface Piece {
  readonly client: number
  readonly cost: number
}

it("gives clients the same share of cost, whatever their requests cost", () => {
  const queue = new FairQueue<Piece>(65_536)
  const costs = [4096, 131_072, 20_000]
  const clients = costs.map(() => new FairClient<Piece>())
  costs.forEach((cost, client) => {
    for (let i = 0; i < 2000; i++) queue.push(clients[client], { client, cost }, cost)
  })
  const served = [0, 0, 0]
  for (let sum = 0; sum < 20_000_000;) {
    const piece = queue.next()
    if (piece === null) break
    served[piece.client] += piece.cost
    sum += piece.cost
    queue.checkInvariants()
  }
  for (const share of served) expect(Math.abs(share - 20_000_000 / 3)).toBeLessThan(2 * 131_072 + 65_536)
})

it("weighs clients", () => {
  const queue = new FairQueue<Piece>(1000)
  const clients = [new FairClient<Piece>(1), new FairClient<Piece>(3)]
  for (let i = 0; i < 1000; i++) clients.forEach((one, client) => queue.push(one, { client, cost: 100 }, 100))
  const served = [0, 0]
  for (let i = 0; i < 400; i++) served[queue.next()?.client ?? 0]++
  expect(served).toEqual([100, 300])
})

it("lets one who comes late in at once, and keeps no claim of one who had nothing to do", () => {
  const queue = new FairQueue<string>(100)
  const [busy, late] = [new FairClient<string>(), new FairClient<string>()]
  for (let i = 0; i < 100; i++) queue.push(busy, "busy", 100)
  for (let i = 0; i < 50; i++) expect(queue.next()).toBe("busy")
  queue.push(late, "late", 100)
  expect([queue.next(), queue.next()]).toContain("late")
  expect(late.deficit).toBe(0)
})

it("loses nothing, keeps the order of each client, and starves nobody", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("push" as const), client: fc.nat(4), cost: fc.nat(300_000) }),
    fc.record({ kind: fc.constant("next" as const) }),
    fc.record({ kind: fc.constant("remove" as const), client: fc.nat(4) })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new FairQueue<number>(65_536)
      const clients = Array.from({ length: 5 }, () => new FairClient<number>())
      const model: Array<Array<number>> = clients.map(() => [])
      let id = 0
      for (const one of steps) {
        if (one.kind === "push") {
          queue.push(clients[one.client], ++id, one.cost)
          model[one.client].push(id)
        } else if (one.kind === "remove") {
          expect(queue.remove(clients[one.client], (work) => work % 2 === 0)).toBe(
            model[one.client].filter((work) => work % 2 === 0).length
          )
          model[one.client] = model[one.client].filter((work) => work % 2 !== 0)
        } else {
          const work = queue.next()
          const from = model.find((waiting) => waiting[0] === work)
          if (work === null) expect(model.every((waiting) => waiting.length === 0)).toBe(true)
          else {
            expect(from).toBeDefined()
            from?.shift()
          }
        }
        queue.checkInvariants()
      }
      for (let work = queue.next(); work !== null; work = queue.next()) {
        expect(model.some((waiting) => waiting[0] === work && waiting.shift() !== undefined)).toBe(true)
      }
      expect(model.flat()).toEqual([])
      expect(queue.length).toBe(0)
    }),
    { seed: 20120731, numRuns: 300 }
  )
})

describe("work whose cost is charged while it is done", () => {
  /** Clients that always have work, of which each piece turns out to cost so much; what each has used after some rounds. */
  const usedAfter = (rounds: number, costs: ReadonlyArray<number>): ReadonlyArray<number> => {
    const queue = new FairQueue<number>(1000)
    const clients = costs.map(() => new FairClient<number>())
    const used = costs.map(() => 0)
    clients.forEach((client, i) => queue.push(client, i, 0))
    for (let round = 0; round < rounds; round++) {
      queue.round((i) => {
        used[i] += costs[i]
        queue.spend(clients[i], costs[i])
        queue.push(clients[i], i, 0)
      })
      queue.checkInvariants()
    }
    return used
  }

  it("goes out until the turn is used up, and a debt is paid with the next turns", () => {
    // 250: four in each turn; 1000: one; 5000: one in five turns
    expect(usedAfter(20, [250, 1000, 5000])).toEqual([20_000, 20_000, 20_000])
    expect(usedAfter(1, [250, 1000, 5000])).toEqual([1000, 1000, 5000])
    expect(usedAfter(5, [5000])).toEqual([5000])
    expect(usedAfter(6, [5000])).toEqual([10_000])
  })

  it("a debt stays when the client leaves, a claim does not", () => {
    const queue = new FairQueue<string>(100)
    const [debtor, saver] = [new FairClient<string>(), new FairClient<string>()]
    queue.push(debtor, "debtor", 0)
    queue.push(saver, "saver", 0)
    queue.round((who) => queue.spend(who === "debtor" ? debtor : saver, who === "debtor" ? 250 : 10))
    expect([debtor.deficit, saver.deficit, debtor.active, saver.active]).toEqual([-150, 90, false, false])
    queue.push(debtor, "debtor", 0)
    queue.push(saver, "saver", 0)
    const served: Array<string> = []
    for (let round = 0; round < 2; round++) queue.round((who) => served.push(who))
    // −150 + 100 is not enough; the second turn is
    expect(served).toEqual(["saver", "debtor"])
    expect([debtor.deficit, saver.deficit]).toEqual([50, 100])
  })

  it("a round is one turn of each client that is in the ring when it begins", () => {
    const queue = new FairQueue<string>(100)
    const [one, late] = [new FairClient<string>(), new FairClient<string>()]
    queue.push(one, "one", 0)
    const served: Array<string> = []
    queue.round((who) => {
      served.push(who)
      queue.push(late, "late", 0)
      queue.spend(one, 100)
      queue.push(one, "one", 0)
    })
    expect(served).toEqual(["one"])
    expect(queue.length).toBe(2)
    queue.round((who) => served.push(who))
    expect(served).toEqual(["one", "late", "one"])
  })

  it("knows a client that waits alone, and gives it a turn outside of the ring", () => {
    const queue = new FairQueue<string>(100)
    const [one, other] = [new FairClient<string>(2), new FairClient<string>()]
    queue.push(one, "one", 0)
    expect([queue.isAlone(one), queue.isAlone(other)]).toEqual([true, false])
    queue.push(other, "other", 0)
    expect(queue.isAlone(one)).toBe(false)
    queue.remove(other, () => true)
    expect(queue.isAlone(one)).toBe(true)
    queue.renew(one)
    expect(one.deficit).toBe(200)
    queue.spend(one, -7)
    expect(one.deficit).toBe(207)
  })
})
