import { keepAsDoubles, WIDE } from "@swaplab/sim"
import { expect, it } from "vitest"

class Clock {
  name = "clock"
  now = 0
  least = -1
  #sum = WIDE
  constructor() {
    this.#sum = 0
    keepAsDoubles<Clock>(this, "now", "least")
  }
  add(ns: number): number {
    return this.#sum += ns
  }
}

it("fields that are kept as doubles keep their values, and the others", () => {
  const clock = new Clock()
  expect(clock).toMatchObject({ name: "clock", now: 0, least: -1 })
  expect(Object.is(clock.now, 0)).toBe(true)
  expect(clock.add(3e9)).toBe(3e9)
})
