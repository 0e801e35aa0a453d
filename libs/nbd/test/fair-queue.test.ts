import { FairClient, FairQueue } from "@swaplab/nbd"
import fc from "fast-check"
import { expect, it } from "vitest"

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
