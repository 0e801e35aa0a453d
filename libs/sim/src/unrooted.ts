// Fibers that live as long as the simulation that they belong to, and no longer.
//
// Effect keeps each fiber that is started on its own in one set of the process until it ends. Most tasks of a machine never end:
// kswapd sleeps when the run is over. Through them each simulation would be kept, all its memory with it, for as long as the process
// lasts. So a fiber is taken out of that set as soon as it has started. Then its wait queue holds it, and the simulation that one.
import { type Fiber, GlobalValue } from "effect"
import { assert } from "./assert.ts"

/** The set stands under this name among the values that all copies of Effect in a process share. */
const { roots } = GlobalValue.globalValue(
  Symbol.for("effect/FiberScope/Global"),
  (): { readonly roots: Set<unknown> } => {
    throw new Error("Effect keeps the fibers of the process somewhere else")
  }
)

/** Nobody but its simulation holds the fiber. `Fiber.roots` does not have it any more. */
export const unroot = <A, E>(fiber: Fiber.RuntimeFiber<A, E>): void => {
  assert(roots.delete(fiber), "a fiber that has started stands among the roots")
}
