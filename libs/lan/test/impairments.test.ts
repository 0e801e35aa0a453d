import { DropReason, type GilbertElliott, type Impairments, Link } from "@swaplab/lan"
import { Random } from "@swaplab/sim"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { testLan } from "./frames.ts"

const GIGABIT = 1_000_000_000
const FRAMES = 20_000

/** Sends so many frames through a link with these faults. */
const through = (set: (impairments: Impairments) => void, frames = FRAMES, loss = 0) => {
  const net = testLan()
  const link = new Link(net.lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 500, loss })
  const arrived: Array<number> = []
  link.receive = (frame) => arrived.push(frame)
  set(link.impairments)
  for (let i = 0; i < frames; i++) link.send(net.frame(1482))
  net.sim.run()
  net.lan.checkInvariants()
  return { ...net, link, arrived }
}

describe("loss", () => {
  it.each([
    { share: 0.01, lost: 207 },
    { share: 0.5, lost: 9971 },
    { share: 1, lost: FRAMES }
  ])("independent, $share: $lost of 20,000 frames", ({ share, lost }) => {
    const { link, arrived } = through((faults) => faults.setLoss(share))
    expect(link.impairments.faultLostFrames).toBe(lost)
    expect(link.dropped[DropReason.Loss]).toBe(lost)
    expect(arrived.length).toBe(FRAMES - lost)
    // within four standard deviations of what the share says
    expect(Math.abs(lost - FRAMES * share)).toBeLessThanOrEqual(4 * Math.sqrt(FRAMES * share * (1 - share)))
  })

  /** netem's loop, frame by frame. */
  const naive = (model: GilbertElliott): { lost: number; bursts: number } => {
    const random = new Random(1, "lan", "up", "burst loss")
    let bad = false
    let lost = 0
    let bursts = 0
    for (let i = 0; i < FRAMES; i++) {
      const was = bad
      if (random.unit() < (was ? model.toGood : model.toBad)) bad = !bad
      if (bad && !was) bursts++
      if (random.unit() < (was ? model.lossBad : model.lossGood)) lost++
    }
    return { lost, bursts }
  }

  it.each<GilbertElliott & { readonly lost: number; readonly bursts: number }>([
    { toBad: 0.01, toGood: 0.1, lossBad: 1, lossGood: 0, lost: 1894, bursts: 187 },
    { toBad: 0.001, toGood: 0.05, lossBad: 0.5, lossGood: 0.001, lost: 122, bursts: 13 },
    { toBad: 1, toGood: 1, lossBad: 1, lossGood: 0, lost: FRAMES / 2, bursts: FRAMES / 2 },
    { toBad: 0, toGood: 0, lossBad: 1, lossGood: 0, lost: 0, bursts: 0 }
  ])("bursts, p $toBad r $toGood 1-h $lossBad 1-k $lossGood: $lost frames in $bursts bursts", (row) => {
    const { link } = through((faults) => faults.setBurstLoss(row))
    expect({ lost: link.impairments.burstLostFrames, bursts: link.impairments.bursts }).toEqual(naive(row))
    expect(link.impairments.burstLostFrames).toBe(row.lost)
    expect(link.impairments.bursts).toBe(row.bursts)
  })

  it("of a fault comes on top of the link's own, and changes none of its draws", () => {
    const own = through(() => {}, FRAMES, 0.01).lost.map((drop) => drop.frame)
    const both = through((faults) => faults.setLoss(0.02), FRAMES, 0.01)
    const all = new Set(both.lost.map((drop) => drop.frame))
    expect(own.every((frame) => all.has(frame))).toBe(true)
    expect(both.link.impairments.faultLostFrames).toBe(all.size - own.length)
  })
})

describe("order", () => {
  it.each([
    { delayNs: 1, share: 1, late: 10, reordered: 0, order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
    // a frame comes every 12,160 ns
    { delayNs: 12_159, share: 0.3, late: 5, reordered: 0, order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
    // frame 8 is late, too, and does not overtake 7
    { delayNs: 12_161, share: 0.3, late: 5, reordered: 4, order: [0, 2, 1, 4, 3, 6, 5, 7, 9, 8] },
    { delayNs: 30_000, share: 0.5, late: 6, reordered: 4, order: [0, 2, 1, 4, 3, 5, 6, 9, 7, 8] }
  ])("late by $delayNs ns, a share of $share: $late late, $reordered of them overtaken", (row) => {
    const { link, arrived } = through((faults) => faults.setReordering({ probability: row.share, ...row }), 10)
    expect(arrived).toEqual(row.order)
    expect(link.impairments.lateFrames).toBe(row.late)
    expect(link.impairments.reorderedFrames).toBe(row.reordered)
  })

  it("a cable that is pulled loses what is late", () => {
    const net = testLan()
    const link = new Link(net.lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 0 })
    link.receive = () => {}
    link.impairments.setReordering({ probability: 1, delayNs: 1_000_000 })
    link.send(net.frame(1482))
    net.at(20_000, () => {
      expect(link.inFlight).toBe(1)
      link.setUp(false)
      expect(link.inFlight).toBe(0)
    })
    net.sim.run()
    expect(net.lost).toEqual([{ frame: 0, reason: DropReason.LinkDown, at: 20_000 }])
    net.lan.checkInvariants()
  })
})

describe("duplicates", () => {
  it.each([
    { share: 0.01, copies: 178 },
    { share: 1, copies: FRAMES }
  ])("a share of $share: $copies copies of 20,000 frames", ({ share, copies }) => {
    const { link, arrived } = through((faults) => faults.setDuplication(share))
    expect(link.duplicatedFrames).toBe(copies)
    expect(link.deliveredFrames).toBe(FRAMES + copies)
    expect(arrived.length).toBe(FRAMES + copies)
  })

  it("the copy follows its original at the same instant", () => {
    const net = testLan()
    const link = new Link(net.lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 100 })
    const arrived: Array<ReadonlyArray<number>> = []
    link.receive = (frame) => arrived.push([frame, net.sim.now])
    link.impairments.setDuplication(1)
    link.send(net.frame(1482))
    net.sim.run()
    expect(arrived).toEqual([[0, 12_260], [1, 12_260]])
  })
})

it("frames under way keep the fate that they left with", () => {
  const net = testLan()
  const link = new Link(net.lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 0 })
  link.receive = () => {}
  link.impairments.setLoss(1)
  link.send(net.frame(1482))
  link.impairments.setLoss(0)
  expect(link.impairments.active).toBe(false)
  link.send(net.frame(1482))
  net.sim.run()
  expect(net.lost.map((drop) => drop.frame)).toEqual([0])
})

it("any history of faults conserves frames, with copies counted", () => {
  const share = fc.constantFrom(0, 0.2, 1)
  const command = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant("send" as const), value: fc.integer({ min: 1, max: 1500 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("wait" as const), value: fc.integer({ min: 0, max: 40_000 }) })
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom("loss", "burst", "late", "twice", "rate", "latency", "pause", "resume", "down", "up"),
        value: share
      })
    }
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 150 }), (commands) => {
      const { sim, lan, frame, lost } = testLan()
      const link = new Link(lan, { name: "up", bitsPerSecond: GIGABIT, latencyNs: 700, queueBytes: 20_000, loss: 0.05 })
      let arrived = 0
      link.receive = () => arrived++
      let sent = 0
      for (const { do: what, value } of commands) {
        if (what === "send") {
          link.send(frame(value))
          sent++
        } else if (what === "wait") sim.run(sim.now + value)
        else if (what === "loss") link.impairments.setLoss(value)
        else if (what === "burst") {
          link.impairments.setBurstLoss({ toBad: value, toGood: 0.3, lossBad: 0.9, lossGood: 0 })
        } else if (what === "late") link.impairments.setReordering({ probability: value, delayNs: 9000 })
        else if (what === "twice") link.impairments.setDuplication(value)
        else if (what === "rate") link.setRate(value === 0 ? 333_000_000 : GIGABIT / 10)
        else if (what === "latency") link.setLatency(Math.round(value * 50_000))
        else if (what === "pause") link.pause()
        else if (what === "resume") link.resume()
        else link.setUp(what === "up")
        lan.checkInvariants()
        expect(link.busyNs).toBeLessThanOrEqual(sim.now)
      }
      link.resume()
      sim.run()
      lan.checkInvariants()
      expect(link.inFlight).toBe(0)
      expect(arrived + lost.length).toBe(sent + link.duplicatedFrames)
    }),
    { seed: 20120731, numRuns: 300 }
  )
})
