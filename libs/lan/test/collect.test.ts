// Receivers that fetch their frames: what they get, when they are told to look, and how few events that takes.
import { type Collector, DropReason, Lan, Link, Switch } from "@swaplab/lan"
import { describe, expect, it } from "vitest"
import { testLan } from "./frames.ts"

const GIGABIT = 1_000_000_000

/** What a card has got, with the times of arrival, and the times at which it was told to look. */
const card = () => {
  const got: Array<readonly [frame: number, at: number]> = []
  const expected: Array<number> = []
  const collector: Collector = {
    receive: (frame, at) => got.push([frame, at]),
    expect: (at) => expected.push(at)
  }
  return { got, expected, collector }
}

/** Two hosts with cards at a switch; both links to host 1 and from it, and those of host 0. */
const pair = (
  options: { readonly flowControl?: boolean; readonly bufferBytes?: number; readonly rate?: number } = {}
) => {
  const net = testLan()
  const device = new Switch(net.lan, { name: "switch", forwardingLatencyNs: 2000, bufferBytes: 1e6, ...options })
  const cards = [card(), card()]
  const up: Array<Link> = []
  const down: Array<Link> = []
  for (let host = 0; host < 2; host++) {
    const bitsPerSecond = host === 1 ? options.rate ?? GIGABIT : GIGABIT
    up.push(new Link(net.lan, { name: `up ${host}`, bitsPerSecond, latencyNs: 100 }))
    down.push(new Link(net.lan, { name: `down ${host}`, bitsPerSecond, latencyNs: 100 }))
    device.route(host, device.addPort(up[host], down[host]))
    down[host].plug(cards[host].collector)
  }
  return { ...net, device, up, down, cards }
}

it("a frame takes no event, and is there at its time for whoever asks", () => {
  const { at, cards, down, frame, sim, up } = pair()
  for (let i = 0; i < 3; i++) up[0].send(frame(1482, 1))
  const seen: Array<number> = []
  for (const time of [26_519, 26_520, 50_839, 50_840]) {
    at(time, () => {
      down[1].collect()
      seen.push(cards[1].got.length)
    })
  }
  sim.run()
  // 12,160 in, 100 + 2000, 12,160 out, 100; the next ones 12,160 later each
  expect(seen).toEqual([0, 1, 2, 3])
  expect(cards[1].got).toEqual([[0, 26_520], [1, 38_680], [2, 50_840]])
  expect(sim.queue.fired).toBe(4)
})

it("says when a frame that is sent can be there, and never too late", () => {
  const { at, cards, down, frame, sim, up } = pair({ rate: 333_000_000 })
  for (let i = 0; i < 50; i++) up[0].send(frame(100 + 20 * i, 1))
  const { expected, got } = cards[1]
  at(10_000_000, () => down[1].collect())
  sim.run()
  expect(down[1].nextAt).toBe(Number.POSITIVE_INFINITY)
  expect(got.length).toBe(50)
  got.forEach(([, at], i) => expect(expected[i]).toBeLessThanOrEqual(at))
  // the first one waits for nobody, so the time is right but for the fraction of a nanosecond
  expect(got[0][1] - expected[0]).toBeLessThanOrEqual(1)
})

it("counters are those of the moment at which they are read", () => {
  const { at, device, down, frame, sim, up } = pair()
  for (let i = 0; i < 10; i++) up[0].send(frame(1482, 1))
  const seen: Array<ReadonlyArray<number>> = []
  const read = (): void => {
    seen.push([device.forwardedFrames, device.usedBytes, down[1].sentFrames, down[1].deliveredFrames, down[1].inFlight])
  }
  at(12_259, read)
  at(12_260, read)
  at(200_000, read)
  sim.run()
  expect(seen).toEqual([[0, 0, 0, 0, 0], [1, 1500, 1, 0, 1], [10, 0, 10, 10, 0]])
})

it("a rate or a latency that grows shorter, and the end of a pause, are said again", () => {
  const { at, cards, down, frame, sim, up } = pair({ rate: 10_000_000 })
  up[0].pause()
  up[0].send(frame(1482, 1))
  expect(cards[1].expected).toEqual([])
  at(5000, () => up[0].resume())
  at(6000, () => down[1].setRate(GIGABIT))
  at(19_000, () => down[1].setLatency(0))
  sim.run()
  expect(cards[1].expected).toEqual([5000 + 12_160 + 2100 + 1_216_000 + 100, 31_520, 31_420])
  at(40_000, () => down[1].collect())
  sim.run()
  expect(cards[1].got).toEqual([[0, 31_420]])
})

it("a cable that goes out takes what has not arrived, and gives what has", () => {
  const { at, cards, down, frame, lost, sim, up } = pair()
  for (let i = 0; i < 10; i++) up[0].send(frame(1482, 1))
  at(50_840, () => down[1].setUp(false))
  at(1_000_000, () => down[1].collect())
  sim.run()
  expect(cards[1].got.length).toBe(3)
  expect(down[1].dropped[DropReason.LinkDown]).toBe(7)
  expect(lost.length).toBe(7)
})

describe("events", () => {
  it("a tap brings them back for every hop", () => {
    const { cards, down, frame, sim, up } = pair()
    const times: Array<number> = []
    down[1].tap(() => times.push(sim.now))
    up[0].send(frame(1482, 1))
    sim.run()
    expect(times).toEqual([12_260, 26_520])
    expect(cards[1].got).toEqual([[0, 26_520]])
    expect(cards[1].expected).toEqual([])
    expect(sim.queue.fired).toBe(2)
  })

  it("a receiver without a card behind a switch brings them back, too", () => {
    const { down, frame, sim, up } = pair()
    const times: Array<number> = []
    down[1].receive = () => times.push(sim.now)
    up[0].send(frame(1482, 1))
    sim.run()
    expect(times).toEqual([26_520])
  })

  it("with flow control a pause is ordered in time though nobody asks", () => {
    const { frame, sim, up } = pair({ flowControl: true, bufferBytes: 60_000, rate: 100_000_000 })
    for (let i = 0; i < 100; i++) up[0].send(frame(1482, 1))
    sim.run()
    expect(up[0].pausedNs).toBeGreaterThan(50 * 121_600)
  })
})

it("a link whose frames nobody asks for holds no more than are under way", () => {
  const sim = testLan().sim
  let freed = 0
  const lan = new Lan(sim, { bytes: () => 1482, destination: () => 0, copy: (frame) => frame, drop: () => freed++ })
  const link = new Link(lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 100 })
  let got = 0
  link.plug({ receive: () => got++, expect: () => {} })
  const kind = sim.queue.register((left) => {
    link.send(left)
    if (left > 0) sim.queue.after(20_000, kind, left - 1)
  })
  sim.queue.at(0, kind, 999)
  sim.run()
  // a ring of 16
  expect(got).toBeGreaterThanOrEqual(984)
  expect(link.inFlight + got).toBe(1000)
  expect(freed).toBe(0)
})
