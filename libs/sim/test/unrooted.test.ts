import { Process, Sim } from "@swaplab/sim"
import { Effect, Fiber } from "effect"
import { expect, it } from "vitest"

it("a simulation whose tasks sleep for ever is held by nobody but its owner", () => {
  const before = Fiber.unsafeRoots().length
  const sim = new Sim({ seed: 1 })
  const sleeper = new Process(sim, "kswapd0")
  sim.spawn(sleeper, Effect.never)
  let forked = 0
  sim.fork(Effect.fork(Effect.never).pipe(Effect.zipRight(Effect.sync(() => forked++)), Effect.zipRight(Effect.never)))
  expect(sim.run().reason).toBe("deadlock")
  expect(forked).toBe(1)
  expect(Fiber.unsafeRoots()).toHaveLength(before)
})
