// nr_requests of a client's queues: the fewer there are, the more often a task waits for one.
import { expect, it } from "vitest"
import { scenario, SMALL, started } from "./clusters.ts"

it("limits the requests of nbd0, so that tasks wait", () => {
  const of = (nrRequests: number) => {
    const { cluster } = started(scenario([{ ...SMALL, nbd: { nrRequests } }]))
    cluster.sim.run(100e9)
    const { counters, slots } = cluster.clients[0].machine.disk
    return { limit: slots.nrRequests, waits: counters.slotWaits[0] + counters.slotWaits[1], now: cluster.sim.now }
  }
  const few = of(4)
  const many = of(128)
  expect([few.limit, many.limit]).toEqual([4, 128])
  expect(few.waits).toBeGreaterThan(10 * many.waits)
  expect(few.now).not.toBe(many.now)
})
