// What one port may take of the packet memory: the factor of the dynamic threshold, and a reserve for each port.
import { headroomBytes } from "#src/ingress-pause.ts"
import { Link, Switch, type SwitchOptions } from "@swaplab/lan"
import { expect, it } from "vitest"
import { testLan } from "./frames.ts"

const GIGABIT = 1_000_000_000
const FRAME = 1500 + 18

/** Hosts at a switch, each with the rate of its cable. */
const star = (rates: ReadonlyArray<number>, options: Partial<SwitchOptions>) => {
  const net = testLan()
  const device = new Switch(net.lan, { name: "switch", forwardingLatencyNs: 2000, bufferBytes: 200_000, ...options })
  const up: Array<Link> = []
  const down: Array<Link> = []
  const last: Array<number> = []
  const got: Array<number> = []
  rates.forEach((bitsPerSecond, host) => {
    up.push(new Link(net.lan, { name: `up ${host}`, bitsPerSecond, latencyNs: 100 }))
    down.push(new Link(net.lan, { name: `down ${host}`, bitsPerSecond, latencyNs: 100 }))
    got.push(0)
    down[host].receive = () => {
      last[host] = net.sim.now
      got[host]++
    }
    device.route(host, device.addPort(up[host], down[host]))
  })
  return { ...net, device, up, down, got, last }
}

it.each([
  { alpha: 0.25, share: 0.2 },
  { alpha: 1, share: 0.5 },
  { alpha: 4, share: 0.8 }
])("a port that is busy alone fills alpha / (1 + alpha) of the buffer: $share with $alpha", ({ alpha, share }) => {
  const net = star([GIGABIT, 10_000_000], { alpha })
  for (let i = 0; i < 400; i++) net.up[0].send(net.frame(1500, 1))
  net.sim.run()
  net.lan.checkInvariants()
  expect(net.down[1].maxQueuedBytes).toBeGreaterThan(200_000 * share - FRAME)
  expect(net.down[1].maxQueuedBytes).toBeLessThanOrEqual(200_000 * share + FRAME)
})

it("a reserve is there for a port however full the rest is", () => {
  // two slow outputs fill what is shared; a third one gets one frame at the end
  const run = (portReserveBytes: number) => {
    const net = star([GIGABIT, 1_000_000, 1_000_000, 1_000_000], {
      alpha: 100,
      bufferBytes: 60_000,
      portReserveBytes
    })
    for (let i = 0; i < 60; i++) net.up[0].send(net.frame(1500, 1 + i % 2))
    for (let i = 0; i < 5; i++) net.up[0].send(net.frame(1500, 3))
    net.sim.run()
    net.lan.checkInvariants()
    return { drops: net.device.portDrops, most: net.device.maxUsedBytes }
  }
  expect(run(0).drops[3]).toBe(5)
  // 6000 bytes of its own and a little that the others left hold four frames, the fifth finds the shared part full
  expect(run(6000).drops[3]).toBe(1)
  expect(run(6000).most).toBeLessThanOrEqual(60_000)
})

it("with flow control a port pauses when its frames hold more than its reserve and its share, and not before", () => {
  const most = (alpha: number, portReserveBytes: number): number => {
    const net = star([GIGABIT, 10_000_000], { flowControl: true, alpha, portReserveBytes })
    for (let i = 0; i < 400; i++) net.up[0].send(net.frame(1500, 1))
    net.sim.run()
    net.lan.checkInvariants()
    expect(net.lost).toEqual([])
    return net.device.maxUsedBytes
  }
  const net = star([GIGABIT, 10_000_000], {})
  const headrooms = net.up.map((up, port) => headroomBytes(up, net.down[port]))
  const shared = 200_000 - headrooms[0] - headrooms[1]
  for (const [alpha, reserve] of [[0.25, 0], [1, 0], [4, 0], [1, 20_000]]) {
    const threshold = reserve + (shared - 2 * reserve) * alpha / (1 + alpha)
    expect(most(alpha, reserve)).toBeGreaterThan(threshold)
    expect(most(alpha, reserve)).toBeLessThanOrEqual(threshold + FRAME + headrooms[0])
  }
})

// the table of docs/explanation/findings.md
it.each([
  { every: 20, drops: 14.8, pauses: 14.8 },
  { every: 4, drops: 14.8, pauses: 36.9 },
  { every: 2, drops: 14.8, pauses: 73.8 }
])(
  "a pause for one slow output stops the frames for all others: one of $every frames is slow, $pauses ms instead of $drops",
  ({ drops, every, pauses }) => {
    const millisecondsForFast = (flowControl: boolean): number => {
      const net = star([GIGABIT, 100_000_000, GIGABIT], { flowControl, bufferBytes: 40_000 })
      for (let i = 0; i < 1200; i++) net.up[0].send(net.frame(1500, i % every === 0 ? 1 : 2))
      net.sim.run()
      net.lan.checkInvariants()
      return net.last[2] / 1e6
    }
    expect(millisecondsForFast(false)).toBeCloseTo(drops, 1)
    // what the switch holds at the end is sent to the slow host after the last fast frame has gone
    expect(millisecondsForFast(true)).toBeGreaterThan(pauses - 3)
    expect(millisecondsForFast(true)).toBeLessThan(pauses + 0.1)
  }
)
