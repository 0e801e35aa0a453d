import { TapEvent } from "#src/frame-ops.ts"
import { ETHERNET, wireBytes } from "#src/framing.ts"
import { DROPPED, DropReason, Link } from "@swaplab/lan"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { tcpPackets, testLan } from "./frames.ts"

const GIGABIT = 1_000_000_000
const FAST_ETHERNET = 100_000_000

describe("serialisation", () => {
  // an NBD read reply is 16 bytes of header and the pages
  it.each([
    { pages: 1, frames: 3, bytes: 4382, ns: 35_056, rate: GIGABIT },
    { pages: 1, frames: 3, bytes: 4382, ns: 350_560, rate: FAST_ETHERNET },
    { pages: 8, frames: 23, bytes: 34_854, ns: 278_832, rate: GIGABIT },
    { pages: 8, frames: 23, bytes: 34_854, ns: 2_788_320, rate: FAST_ETHERNET },
    { pages: 31, frames: 88, bytes: 134_912, ns: 1_079_296, rate: GIGABIT },
    { pages: 31, frames: 88, bytes: 134_912, ns: 10_792_960, rate: FAST_ETHERNET }
  ])("a reply of $pages pages takes $ns ns at $rate b/s", ({ pages, frames, bytes, ns, rate }) => {
    const { sim, lan, frame } = testLan()
    const link = new Link(lan, { name: "up", bitsPerSecond: rate, latencyNs: 500 })
    let last = 0
    link.receive = () => {
      last = sim.now
    }
    const packets = tcpPackets(16 + pages * 4096)
    expect(packets.length).toBe(frames)
    expect(packets.reduce((sum, packet) => sum + wireBytes(ETHERNET, packet), 0)).toBe(bytes)
    let departure = 0
    for (const packet of packets) departure = link.send(frame(packet))
    expect(departure).toBe(ns)
    sim.run()
    expect(last).toBe(ns + 500)
    expect(link.busyNs).toBe(ns)
    expect(sim.queue.fired).toBe(frames)
  })

  it("pads short frames to 64 bytes: 672 ns at 1 Gb", () => {
    const { lan, frame } = testLan()
    const link = new Link(lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 0 })
    expect(link.send(frame(40))).toBe(672)
  })

  it("carries fractions of a nanosecond over: 10 Gb for a second is 10 Gb", () => {
    const { lan, frame } = testLan()
    const link = new Link(lan, { name: "up", bitsPerSecond: 10_000_000_000, latencyNs: 0 })
    let departure = 0
    // 1463 + 18 + 20 = 1501 bytes: 1200.8 ns
    for (let i = 0; i < 1000; i++) departure = link.send(frame(1463))
    expect(departure).toBe(1_200_800)
  })
})

describe("a token bucket", () => {
  // 1462 + 18 + 20 = 1500 bytes: 120 µs at 100 Mb; the bucket holds two and a half frames
  const bucket = () => {
    const { at, frame, lan, sim } = testLan()
    const link = new Link(lan, {
      name: "up",
      bitsPerSecond: FAST_ETHERNET,
      latencyNs: 500,
      queueBytes: 4000,
      burstBytes: 3750
    })
    const arrived: Array<number> = []
    link.receive = () => arrived.push(sim.now)
    return { at, frame, lan, link, sim, arrived }
  }

  it("lets through at once what it holds, then a frame whenever it holds one", () => {
    const { arrived, at, frame, lan, link, sim } = bucket()
    const send = () => link.send(frame(1462))
    // what leaves at once takes no room in the queue
    expect([send(), send()]).toEqual([0, 0])
    expect([send(), send()]).toEqual([60_000, 180_000])
    expect([send(), send()]).toEqual([DROPPED, DROPPED])
    // after 480 µs it is as full as it can be, however long nothing is sent
    at(60_000_000, () => expect([send(), send(), send()]).toEqual([60_000_000, 60_000_000, 60_060_000]))
    // 180 µs for the debt and the half that was left: it holds one frame and a half
    at(60_240_000, () => expect([send(), send()]).toEqual([60_240_000, 60_300_000]))
    sim.run()
    expect(arrived).toEqual(
      [0, 0, 60_000, 180_000, 60e6, 60e6, 60_060_000, 60_240_000, 60_300_000].map((ns) => ns + 500)
    )
    expect(link.busyNs).toBe(9 * 120_000)
    lan.checkConservation()
  })

  it("changes nothing for who sends all the time", () => {
    const { frame, link } = bucket()
    let departure = 0
    for (let i = 0; i < 4; i++) departure = link.send(frame(1462))
    // 4 × 120 µs, less the 300 µs that the bucket held
    expect(departure).toBe(180_000)
  })

  it("is empty after a change of its rate, and fills at the new one", () => {
    const { at, frame, link, sim } = bucket()
    const departures: Array<number> = []
    link.setRate(GIGABIT)
    for (let i = 0; i < 2; i++) departures.push(link.send(frame(1462)))
    at(1_000_000, () => {
      for (let i = 0; i < 3; i++) departures.push(link.send(frame(1462)))
    })
    sim.run()
    expect(departures).toEqual([12_000, 24_000, 1_000_000, 1_000_000, 1_006_000])
  })
})

describe("queue", () => {
  it("refuses what does not fit and takes frames again as they leave", () => {
    const { sim, lan, frame, at, lost } = testLan()
    const link = new Link(lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 0, queueBytes: 3000 })
    const arrived: Array<number> = []
    link.receive = (f) => arrived.push(f)
    expect(link.send(frame(1482))).toBe(12_160)
    expect(link.send(frame(1482))).toBe(24_320)
    expect(link.send(frame(1482))).toBe(DROPPED)
    expect(lost).toEqual([{ frame: 2, reason: DropReason.QueueFull, at: 0 }])
    at(12_159, () => expect(link.send(frame(1482))).toBe(DROPPED))
    at(12_160, () => expect(link.send(frame(1482))).toBe(36_480))
    sim.run()
    expect(arrived).toEqual([0, 1, 4])
    expect(link.maxQueuedBytes).toBe(3000)
    expect(link.departedFrames).toBe(3)
    lan.checkConservation()
  })

  it("loses frames at the given rate, by seed", () => {
    const run = (seed: number): ReadonlyArray<number> => {
      const { sim, lan, frame, lost } = testLan(seed)
      const link = new Link(lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 0, loss: 0.01 })
      link.receive = () => {}
      for (let i = 0; i < 20_000; i++) link.send(frame(100))
      sim.run()
      lan.checkConservation()
      expect(link.dropped[DropReason.Loss]).toBe(lost.length)
      return lost.map((drop) => drop.frame)
    }
    const first = run(7)
    // 200 expected, standard deviation 14
    expect(Math.abs(first.length - 200)).toBeLessThan(60)
    expect(run(7)).toEqual(first)
    expect(run(8)).not.toEqual(first)
  })

  it("loses everything on the wire and in the queue when the cable is pulled", () => {
    const { sim, lan, frame, at, lost } = testLan()
    const link = new Link(lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 50_000 })
    const arrived: Array<number> = []
    link.receive = (f) => arrived.push(f)
    for (let i = 0; i < 6; i++) link.send(frame(1482))
    at(20_000, () => {
      link.setUp(false)
      expect(link.send(frame(100))).toBe(DROPPED)
    })
    at(90_000, () => {
      link.setUp(true)
      expect(link.send(frame(1482))).toBe(102_160)
    })
    sim.run()
    expect(lost.map((drop) => drop.reason)).toEqual(Array(7).fill(DropReason.LinkDown))
    expect(arrived).toEqual([7])
    expect(link.busyNs).toBe(20_000 + 12_160)
    lan.checkConservation()
  })

  it("finishes the frame under way when paused, and goes on when resumed", () => {
    const { sim, lan, frame, at } = testLan()
    const link = new Link(lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 100 })
    const arrived: Array<number> = []
    link.receive = () => arrived.push(sim.now)
    for (let i = 0; i < 3; i++) link.send(frame(1482))
    at(1000, () => link.pause())
    at(50_000, () => {
      expect(link.nextDeparture).toBe(Infinity)
      link.resume()
    })
    sim.run()
    expect(arrived).toEqual([12_260, 62_260, 74_420])
    expect(link.pausedNs).toBe(49_000)
    expect(link.busyNs).toBe(3 * 12_160)
  })

  it("ignores a pause and resume between two frames", () => {
    const { sim, lan, frame, at } = testLan()
    const link = new Link(lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 100 })
    const arrived: Array<number> = []
    link.receive = () => arrived.push(sim.now)
    for (let i = 0; i < 3; i++) link.send(frame(1482))
    at(1000, () => link.pause())
    at(2000, () => link.resume())
    sim.run()
    expect(arrived).toEqual([12_260, 24_420, 36_580])
  })
})

it("tells taps of frames sent, delivered and dropped, until they are taken away", () => {
  const { sim, lan, frame } = testLan()
  const link = new Link(lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 0, queueBytes: 1500 })
  link.receive = () => {}
  const seen: Array<ReadonlyArray<number>> = []
  const untap = link.tap((f, event) => seen.push([f, event, sim.now]))
  link.send(frame(1482))
  link.send(frame(1482))
  sim.run()
  untap()
  link.send(frame(1482))
  sim.run()
  expect(seen).toEqual([
    [0, TapEvent.Sent, 0],
    [1, TapEvent.Sent, 0],
    [1, TapEvent.Dropped, 0],
    [0, TapEvent.Delivered, 12_160]
  ])
})

describe("laws", () => {
  const command = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant("send" as const), value: fc.integer({ min: 1, max: 1500 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("wait" as const), value: fc.integer({ min: 0, max: 40_000 }) })
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("pause", "resume", "down", "up"), value: fc.constant(0) }) }
  )

  it("any history conserves frames, keeps their order, and never counts more busy time than has passed", () => {
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 120 }),
        fc.constantFrom(GIGABIT, FAST_ETHERNET, 333_000_000),
        (commands, rate) => {
          const { sim, lan, frame, lost } = testLan()
          const link = new Link(lan, {
            name: "up",
            bitsPerSecond: rate,
            latencyNs: 700,
            queueBytes: 20_000,
            loss: 0.05
          })
          const arrived: Array<number> = []
          link.receive = (f) => arrived.push(f)
          let sent = 0
          let minimumBusy = 0
          for (const { do: what, value } of commands) {
            if (what === "send") {
              link.send(frame(value))
              sent++
            } else if (what === "wait") sim.run(sim.now + value)
            else if (what === "pause") link.pause()
            else if (what === "resume") link.resume()
            else link.setUp(what === "up")
            lan.checkInvariants()
            expect(link.busyNs).toBeGreaterThanOrEqual(minimumBusy)
            expect(link.busyNs).toBeLessThanOrEqual(sim.now)
            minimumBusy = link.busyNs
          }
          link.resume()
          sim.run()
          lan.checkInvariants()
          expect(link.inFlight).toBe(0)
          expect(arrived.length + lost.length).toBe(sent)
          expect(arrived).toEqual([...arrived].sort((a, b) => a - b))
        }
      ),
      { seed: 20120731, numRuns: 300 }
    )
  })
})
