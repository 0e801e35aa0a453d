import { DropReason, Link, PauseStorm, Switch } from "@swaplab/lan"
import { describe, expect, it } from "vitest"
import { testLan } from "./frames.ts"

const GIGABIT = 1_000_000_000
const FAST_ETHERNET = 100_000_000

/** A link that gets three frames of 12,160 ns (at a gigabit) at once. */
const threeFrames = (rate = GIGABIT, latencyNs = 100) => {
  const net = testLan()
  const link = new Link(net.lan, { name: "up", bitsPerSecond: rate, latencyNs })
  const arrived: Array<number> = []
  link.receive = () => arrived.push(net.sim.now)
  for (let i = 0; i < 3; i++) link.send(net.frame(1482))
  const run = (): ReadonlyArray<number> => {
    net.sim.run()
    net.lan.checkInvariants()
    return arrived
  }
  return { ...net, link, run }
}

describe("rate", () => {
  it.each([
    { from: GIGABIT, to: FAST_ETHERNET, at: 1000, arrived: [12_260, 133_860, 255_460] },
    { from: FAST_ETHERNET, to: GIGABIT, at: 1000, arrived: [121_700, 133_860, 146_020] },
    { from: GIGABIT, to: FAST_ETHERNET, at: 0, arrived: [121_700, 243_300, 364_900] },
    // 1520 bytes at 333 Mbit: 36,516.5 ns, the half carried over
    { from: GIGABIT, to: 333_000_000, at: 12_160, arrived: [12_260, 48_776, 85_293] }
  ])("from $from to $to at $at ns: the frame under way is finished at the old one", ({ from, to, at, arrived }) => {
    const net = threeFrames(from)
    net.at(at, () => net.link.setRate(to))
    expect(net.run()).toEqual(arrived)
    expect(net.link.busyNs).toBe(arrived[2] - 100)
  })

  it("changes in a pause, too", () => {
    const net = threeFrames()
    net.at(1000, () => net.link.pause())
    net.at(2000, () => net.link.setRate(FAST_ETHERNET))
    net.at(50_000, () => net.link.resume())
    expect(net.run()).toEqual([12_260, 171_700, 293_300])
  })
})

describe("latency", () => {
  it.each([
    { to: 50_000, arrived: [12_260, 74_320, 86_480] },
    // not before the frame that was sent at the old one
    { to: 0, from: 50_000, arrived: [62_160, 62_160, 62_160] }
  ])("to $to ns: frames that are not under way have the new one", ({ to, from, arrived }) => {
    const net = threeFrames(GIGABIT, from)
    net.at(1000, () => net.link.setLatency(to))
    expect(net.run()).toEqual(arrived)
  })
})

/** Host 0 sends to host 1 through a switch with that buffer. */
const pair = (bufferBytes: number, flowControl = false) => {
  const net = testLan()
  const device = new Switch(net.lan, { name: "switch", forwardingLatencyNs: 2000, bufferBytes, flowControl })
  const up: Array<Link> = []
  const down: Array<Link> = []
  const arrived: Array<number> = []
  for (let host = 0; host < 2; host++) {
    up.push(new Link(net.lan, { name: `up ${host}`, bitsPerSecond: GIGABIT, latencyNs: 100 }))
    down.push(new Link(net.lan, { name: `down ${host}`, bitsPerSecond: GIGABIT, latencyNs: 100 }))
    down[host].receive = () => arrived.push(net.sim.now)
    device.route(host, device.addPort(up[host], down[host]))
  }
  return { ...net, device, up, down, arrived }
}

describe("buffer of the switch", () => {
  it("shrinks under what it holds: that leaves, and nothing enters", () => {
    const net = pair(1e6)
    net.down[1].setRate(FAST_ETHERNET)
    for (let i = 0; i < 40; i++) net.up[0].send(net.frame(1482, 1))
    net.at(20 * 12_160 + 200, () => {
      // 20 frames have come in, one and a part of another have left
      expect(net.device.usedBytes).toBe(19 * 1500)
      net.device.setBufferBytes(3000)
      net.lan.checkInvariants()
    })
    net.sim.run()
    net.lan.checkInvariants()
    expect(net.device.dropped[DropReason.BufferFull]).toBe(20)
    expect(net.arrived.length).toBe(20)
    // alpha 1: one frame of 1500 fits beside 1500 free
    net.up[0].send(net.frame(1482, 1))
    net.sim.run()
    expect(net.arrived.length).toBe(21)
  })

  it("with flow control pauses the ports at once that hold too much, and lets them go when it grows", () => {
    const net = pair(1e6, true)
    net.down[1].setRate(FAST_ETHERNET)
    for (let i = 0; i < 40; i++) net.up[0].send(net.frame(1482, 1))
    net.at(20 * 12_160 + 200, () => net.device.setBufferBytes(60_000))
    net.at(20 * 12_160 + 13_000, () => {
      expect(net.up[0].paused).toBe(true)
      net.device.setBufferBytes(1e6)
    })
    net.at(20 * 12_160 + 14_000, () => expect(net.up[0].paused).toBe(false))
    net.sim.run()
    net.lan.checkInvariants()
    expect(net.device.pauseFrames).toBe(2)
    expect(net.arrived.length).toBe(40)
    expect(net.lost).toEqual([])
  })
})

describe("pause storm", () => {
  it("for ever: nothing reaches the station until it ends", () => {
    const net = pair(1e6)
    const storm = new PauseStorm(net.sim, net.up[1], net.down[1])
    storm.begin()
    for (let i = 0; i < 10; i++) net.up[0].send(net.frame(1482, 1))
    net.at(1_000_000, () => {
      expect(net.arrived).toEqual([])
      expect(net.down[1].heldFrames).toBe(10)
      storm.end()
    })
    net.sim.run()
    net.lan.checkInvariants()
    // 84 bytes and the cable: 772 ns for each order
    expect(net.down[1].pausedNs).toBe(1_000_000)
    expect(net.arrived[0]).toBe(1_000_772 + 12_160 + 100)
    expect(net.arrived.length).toBe(10)
    expect(storm.orders).toBe(1)
  })

  it.each([
    { onNs: 40_000, periodNs: 50_000, orders: 20, pausedNs: 800_000 },
    { onNs: 10_000, periodNs: 100_000, orders: 10, pausedNs: 100_000 }
  ])("$onNs of every $periodNs ns: $orders orders in a millisecond", ({ onNs, periodNs, orders, pausedNs }) => {
    const net = pair(1e6)
    const storm = new PauseStorm(net.sim, net.up[1], net.down[1])
    storm.begin({ onNs, periodNs })
    net.at(1_000_000, () => storm.end())
    net.sim.run()
    expect(storm.orders).toBe(orders)
    expect(net.down[1].pausedNs).toBe(pausedNs)
    expect(net.down[1].paused).toBe(false)
  })

  it("holds a link that flow control has let go", () => {
    const net = pair(1e6)
    const storm = new PauseStorm(net.sim, net.up[1], net.down[1])
    storm.begin()
    net.at(1000, () => net.down[1].pause())
    net.at(2000, () => {
      net.down[1].resume()
      expect(net.down[1].paused).toBe(true)
      storm.end()
      storm.begin()
    })
    net.at(4000, () => {
      expect(net.down[1].paused).toBe(true)
      storm.end()
    })
    net.sim.run()
    expect(net.down[1].paused).toBe(false)
    expect(net.down[1].pausedNs).toBe(4000)
  })
})
