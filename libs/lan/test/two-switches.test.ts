// Switches that are joined by cables, and cables that act as one.
import { DropReason, Link, Switch, type SwitchOptions } from "@swaplab/lan"
import { Random } from "@swaplab/sim"
import { describe, expect, it } from "vitest"
import { testLan } from "./frames.ts"

const GIGABIT = 1_000_000_000
const HOSTS = 4

interface Options extends Partial<SwitchOptions> {
  readonly cables?: number
  readonly trunkRate?: number
  /** By what frames are spread over the cables; the frame's number by default. */
  readonly hash?: (frame: number) => number
  readonly rates?: ReadonlyArray<number>
}

/** Hosts 0 and 1 at one switch, 2 and 3 at another, with cards; the cables of the trunk from the first switch, and back. */
const twoSwitches = (options: Options = {}) => {
  const net = testLan()
  const { cables = 1, hash = (frame) => frame, rates, trunkRate = GIGABIT, ...rest } = options
  const devices = ["a", "b"].map((name) =>
    new Switch(net.lan, { name, forwardingLatencyNs: 2000, bufferBytes: 200_000, ...rest })
  )
  const got: Array<readonly [host: number, frame: number, at: number]> = []
  const up: Array<Link> = []
  const down: Array<Link> = []
  const there: Array<Link> = []
  const back: Array<Link> = []
  const ports: ReadonlyArray<Array<number>> = [[], []]
  for (let i = 0; i < cables; i++) {
    there.push(new Link(net.lan, { name: `there ${i}`, bitsPerSecond: trunkRate, latencyNs: 300 }))
    back.push(new Link(net.lan, { name: `back ${i}`, bitsPerSecond: trunkRate, latencyNs: 300 }))
    ports[0].push(devices[0].addPort(back[i], there[i]))
    ports[1].push(devices[1].addPort(there[i], back[i]))
  }
  const trunks = devices.map((device, i) => cables === 1 ? ports[i][0] : device.aggregate(ports[i], hash))
  for (let host = 0; host < HOSTS; host++) {
    const bitsPerSecond = rates?.[host] ?? GIGABIT
    up.push(new Link(net.lan, { name: `up ${host}`, bitsPerSecond, latencyNs: 100 }))
    down.push(new Link(net.lan, { name: `down ${host}`, bitsPerSecond, latencyNs: 100 }))
    const at = host < 2 ? 0 : 1
    devices[at].route(host, devices[at].addPort(up[host], down[host]))
    devices[1 - at].route(host, trunks[1 - at])
    down[host].plug({ receive: (frame, time) => got.push([host, frame, time]), expect: () => {} })
  }
  /** Takes everything off the wires. */
  const end = (): void => {
    net.at(net.sim.now + 1_000_000_000, () => down.forEach((link) => link.collect()))
    net.sim.run()
    net.lan.checkInvariants()
  }
  return { ...net, devices, got, up, down, there, back, end }
}

it("a frame is stored and forwarded by both", () => {
  const { end, frame, got, up } = twoSwitches()
  up[0].send(frame(1482, 3))
  end()
  // 12,160 and 100; 2000, 12,160 and 300; 2000, 12,160 and 100
  expect(got).toEqual([[3, 0, 12_260 + 14_460 + 14_260]])
})

it("an uplink of the rate of one port carries what one port can, and the buffer in front of it drops the rest", () => {
  const { devices, end, frame, got, there, up } = twoSwitches()
  for (let i = 0; i < 400; i++) for (const host of [0, 1]) up[host].send(frame(1500, 2 + host))
  end()
  expect(there[0].busyNs).toBe(got.length * 1538 * 8)
  expect(got.length).toBeLessThan(700)
  expect(devices[0].portDrops[0]).toBe(800 - got.length)
  expect(devices[1].droppedFrames).toBe(0)
})

describe("an aggregate", () => {
  it("of two carries twice as much, if the hash spreads", () => {
    const { end, frame, got, there, up } = twoSwitches({ cables: 2 })
    for (let i = 0; i < 400; i++) for (const host of [0, 1]) up[host].send(frame(1500, 2 + host))
    end()
    expect(got.length).toBe(800)
    expect(there.map((link) => link.deliveredFrames)).toEqual([400, 400])
  })

  it("keeps the frames of one conversation on one cable, in order", () => {
    const { end, frame, got, there, up } = twoSwitches({ cables: 2, hash: () => 1 })
    for (let i = 0; i < 50; i++) up[0].send(frame(1500 - 20 * i, 2))
    end()
    expect(there.map((link) => link.deliveredFrames)).toEqual([0, 50])
    expect(got.map(([, number]) => number)).toEqual(Array.from({ length: 50 }, (_, i) => i))
  })

  it("goes on with the cables that are in, in both directions", () => {
    const { at, end, frame, got, lost, there, up } = twoSwitches({ cables: 3 })
    for (let i = 0; i < 90; i++) up[0].send(frame(1500, 2))
    // out in one direction only: not used in the other one either
    at(500_000, () => there[1].setUp(false))
    at(900_000, () => {
      expect(lost.length).toBeLessThanOrEqual(2)
      there[1].setUp(true)
    })
    end()
    expect(got.length).toBe(90 - lost.length)
    expect(lost.every(({ reason }) => reason === DropReason.LinkDown)).toBe(true)
    expect(there[1].deliveredFrames).toBeGreaterThan(10)
    expect(there[1].deliveredFrames).toBeLessThan(25)
    expect(there[0].deliveredFrames).toBeGreaterThan(33)
  })

  it("of cables that are all out loses what is sent, and counts it", () => {
    const { devices, end, frame, got, there, up } = twoSwitches({ cables: 2 })
    for (const link of there) link.setUp(false)
    for (let i = 0; i < 10; i++) up[0].send(frame(1500, 2))
    end()
    expect(got).toEqual([])
    expect(there[0].dropped[DropReason.LinkDown]).toBe(10)
    expect(devices[0].forwardedFrames).toBe(10)
  })
})

it("a slow port behind an uplink pauses the uplink, and that the ports behind it", () => {
  const { devices, down, end, frame, got, there, up } = twoSwitches({
    flowControl: true,
    rates: [GIGABIT, GIGABIT, 100_000_000, GIGABIT]
  })
  for (let i = 0; i < 400; i++) {
    up[0].send(frame(1500, 2))
    up[1].send(frame(1500, 3))
  }
  end()
  expect(got.length).toBe(800)
  expect(devices.map((device) => device.droppedFrames)).toEqual([0, 0])
  expect(there[0].pausedNs).toBeGreaterThan(0)
  expect(up[1].pausedNs).toBeGreaterThan(0)
  // what is for a fast host waits behind what is for the slow one
  const last = Math.max(...got.filter(([host]) => host === 3).map(([, , time]) => time))
  expect(last).toBeGreaterThan(5 * 400 * 1538 * 8)
  expect(down[3].busyNs).toBe(400 * 1538 * 8)
})

it("with an event for every hop and without, the same frames arrive at the same times and the same are lost", () => {
  const lost = new Set<number>()
  for (let seed = 1; seed <= 40; seed++) {
    const run = (eager: boolean): string => {
      const random = new Random(seed, "two switches")
      const net = twoSwitches({
        cables: 1 + random.below(3),
        trunkRate: random.below(2) === 0 ? GIGABIT : 300_000_000,
        flowControl: seed % 2 === 0,
        bufferBytes: 60_000,
        rates: Array.from({ length: HOSTS }, () => random.below(3) === 0 ? 100_000_000 : GIGABIT)
      })
      if (eager) net.lan.watch()
      for (let i = 0; i < 300; i++) {
        net.at(random.below(3_000_000), () => {
          const from = random.below(HOSTS)
          net.up[from].send(net.frame(64 + random.below(1437), (from + 1 + random.below(HOSTS - 1)) % HOSTS))
        })
      }
      for (let i = 0; i < 4; i++) {
        const link = [...net.there, ...net.back][random.below(2 * net.there.length)]
        const at = random.below(2_000_000)
        net.at(at, () => link.setUp(false))
        net.at(at + random.below(500_000), () => link.setUp(true))
      }
      net.end()
      for (const { reason } of net.lost) lost.add(reason)
      // two that arrive at two hosts at one time have no order
      return JSON.stringify([
        [...net.got].sort((a, b) => a[2] - b[2] || a[0] - b[0]),
        net.lost.map((drop) => drop.frame).sort((a, b) => a - b),
        net.devices.map((device) => [device.maxUsedBytes, device.pauseFrames])
      ])
    }
    expect(run(true), `seed ${seed}`).toBe(run(false))
  }
  expect([...lost].sort()).toEqual([DropReason.BufferFull, DropReason.LinkDown])
})
