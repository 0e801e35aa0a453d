import { Sim } from "@swaplab/sim"
import { expect, it } from "vitest"

it("delivers nothing while off, and every hit with time, group and values while on", () => {
  const sim = new Sim({ seed: 1 })
  const group = sim.group("client-1")
  const point = sim.trace.point("mm_vmscan_kswapd_wake", ["zone", "order"])
  const seen: Array<string> = []
  sim.trace.sink = (point, time, group, values) =>
    seen.push(
      `${time} ${sim.groupName(group)} ${point.name} ${point.fields.map((f, i) => `${f}=${values[i]}`).join(" ")}`
    )
  const kind = sim.queue.register((order) => {
    if (point.enabled) point.emit(group, 2, order)
  })
  sim.queue.at(10, kind, 0)
  sim.run()
  expect(seen).toEqual([])
  expect(sim.trace.enableOnly(["mm_vmscan_kswapd_wake"])).toEqual([])
  sim.queue.at(20, kind, 3)
  sim.run()
  expect(seen).toEqual(["20 client-1 mm_vmscan_kswapd_wake zone=2 order=3"])
})

it("is off by default, one object for one name, and says which names it does not know", () => {
  const { trace } = new Sim({ seed: 1 })
  const a = trace.point("a", [])
  const b = trace.point("b", [])
  expect(a.enabled).toBe(false)
  expect(trace.point("a", [])).toBe(a)
  expect(trace.names()).toEqual(["a", "b"])
  expect(trace.enableOnly(["b", "c"])).toEqual(["c"])
  expect([a.enabled, b.enabled]).toEqual([false, true])
  trace.enableOnly([])
  expect(b.enabled).toBe(false)
})

it("changes no result when switched on", () => {
  const run = (on: boolean) => {
    const sim = new Sim({ seed: 1 })
    const point = sim.trace.point("tick", ["n"])
    if (on) sim.trace.enableOnly(["tick"])
    const kind = sim.queue.register((n) => {
      if (point.enabled) point.emit(0, n)
      if (n > 0) sim.queue.after(n, kind, n - 1)
    })
    sim.queue.at(0, kind, 50)
    sim.run()
    return sim.fingerprint()
  }
  expect(run(true)).toBe(run(false))
})
