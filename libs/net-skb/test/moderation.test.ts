// Interrupt moderation: each driver's default under load and for one packet, what ethtool -C makes of it, and the rules by which
// gaps follow the load.
import { FOLLOWS, type Load } from "#src/moderation-rules.ts"
import { Moderation } from "#src/moderation.ts"
import {
  CARD_NAMES,
  type CardName,
  cardOf,
  CARDS,
  coalesceRefused,
  coalescingOf,
  DatagramSocket
} from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { Toy } from "./toy.ts"

const GIGABIT = 1e9
const MS = 1_000_000

const receiver = (toy: Toy): DatagramSocket => new DatagramSocket(toy.stack, toy.stack.udpMemory, 1e9)

/** A machine whose card moderates as its driver does. */
const machine = (name: CardName, asked = {}, rate = GIGABIT): Toy =>
  new Toy({ nic: { ...cardOf(name), interruptDelayNs: 0, coalesce: coalescingOf(cardOf(name), rate, asked) } })

/** Interrupts a second while full frames arrive back to back on a gigabit for 20 ms, after another 20 ms. */
const underLoad = (toy: Toy): number => {
  const { port } = receiver(toy)
  toy.nic.open(toy.ctx)
  const next = toy.sim.queue.register(() => {
    toy.arrive(port, 1472)
    toy.sim.queue.at(toy.sim.now + 12_304, next, 0)
  })
  toy.sim.queue.at(0, next, 0)
  toy.sim.run(20 * MS)
  const before = toy.nic.interrupts
  toy.sim.run(40 * MS)
  return (toy.nic.interrupts - before) * 50
}

/** From the arrival of one packet, after a second of silence, to its reader, without CPU time. */
const alone = (toy: Toy): number => {
  const socket = receiver(toy)
  toy.nic.open(toy.ctx)
  toy.pass(1000 * MS)
  toy.arrive(socket.port, 100)
  const since = toy.sim.now
  while (socket.received === 0) toy.pass(100)
  return toy.sim.now - since
}

describe("drivers without ethtool", () => {
  it.each(
    [
      // four packets in 50 us are no bulk yet; the first packet after silence at once
      ["e1000", 20_000, 0],
      ["e1000e", 20_000, 0],
      // (1486 + 24) / 2 quarters of a microsecond, in whole ones: 188
      ["igb", 5300, 0],
      // 121 bytes a microsecond is bulk: 8000
      ["ixgbe", 8000, 0],
      // 5 frames take 49 us after the first, so the 20 us of the time come first
      ["tg3", 40_000, 20],
      // 18 us
      ["bnx2", 40_000, 18],
      // each frame
      ["cxgb4", 81_000, 0],
      // 4 frames
      ["r8169", 20_300, 200],
      // each frame: no more than one packet a poll, so it never leaves its throughput mode
      ["forcedeth", 81_000, 0],
      ["virtio-net", 81_000, 0]
    ] as const
  )("%s: %i interrupts a second on a full gigabit, %i us for one packet", (name, rate, us) => {
    expect(Math.abs(underLoad(machine(name)) / rate - 1)).toBeLessThan(0.04)
    expect(Math.abs(alone(machine(name)) - us * 1000)).toBeLessThan(200)
  })

  it("on 100 Mbit, e1000 keeps 4000 a second and r8169 waits for 102 us", () => {
    const slow = coalescingOf(CARDS.e1000, 1e8)
    expect([slow.gapUsecs, slow.follows]).toEqual([250, "nothing"])
    expect(Math.abs(alone(machine("r8169", {}, 1e8)) - 102_000)).toBeLessThan(200)
  })

  it("the constant of a scenario counts where nobody asks for the driver's", () => {
    const toy = new Toy({ nic: { ...CARDS.bnx2, interruptDelayNs: 0, interruptGapNs: 125_000 } })
    expect(Math.abs(underLoad(toy) / 8000 - 1)).toBeLessThan(0.04)
  })
})

describe("ethtool -C", () => {
  it.each(
    [
      ["e1000", { "rx-usecs": 125 }, 8000, 0],
      ["e1000", { "rx-usecs": 3 }, 20_000, 0],
      ["e1000", { "rx-usecs": 0 }, 81_000, 0],
      ["bnx2", { "rx-usecs": 100, "rx-frames": 4 }, 20_300, 100],
      ["bnx2", { "rx-usecs": 100 }, 9030, 100],
      ["tg3", { "rx-usecs": 500, "rx-frames": 0 }, 1970, 500],
      ["cxgb4", { "rx-usecs": 100, "rx-frames": 8 }, 10_150, 100]
    ] as const
  )("%s with %j: %i a second, %i us for one packet", (name, asked, rate, us) => {
    expect(Math.abs(underLoad(machine(name, asked)) / rate - 1)).toBeLessThan(0.04)
    expect(Math.abs(alone(machine(name, asked)) - us * 1000)).toBeLessThan(200)
  })

  it.each(
    [
      ["e1000", { "rx-frames": 4 }, "rx-frames", "nothing: its driver takes only rx-usecs"],
      ["e1000", { "rx-usecs": 5 }, "rx-usecs", "0, 3 or 10 to 10000"],
      ["ixgbe", { "rx-usecs": 1023 }, "rx-usecs", "0, 1 or 2 to 1022"],
      ["tg3", { "rx-usecs": 0 }, "rx-usecs", "1 to 1023"],
      ["cxgb4", { "rx-usecs": 7 }, "rx-usecs", "5, 10, 20, 50 or 100"],
      ["r8169", { "rx-usecs": 50 }, "rx-usecs", "nothing: its driver has no ethtool -C (Operation not supported)"],
      ["bnx2", { "rx-usecs": 50, "rx-frames": 4 }, "rx-frames", null]
    ] as const
  )("%s, asked for %j: %s may be %s", (name, asked, key, words) => {
    expect(coalesceRefused(cardOf(name), asked, key)).toBe(words)
  })

  it("what a driver does without ethtool, ethtool may ask for", () => {
    for (const name of CARD_NAMES) {
      const card = cardOf(name)
      const { adaptive } = card.coalesceKeys["rx-usecs"] ?? { adaptive: null }
      const own = { "rx-usecs": adaptive ?? card.moderates.rxUsecs, "rx-frames": card.moderates.rxFrames }
      for (const key of ["rx-usecs", "rx-frames"] as const) {
        if (card.coalesceKeys[key] === undefined) continue
        expect([name, coalesceRefused(card, own, key)]).toEqual([name, null])
        expect([name, coalescingOf(card, GIGABIT, { [key]: own[key] })]).toEqual([name, card.moderates])
      }
    }
  })
})

describe("rules", () => {
  const load = (rxPackets: number, rxBytes: number, txPackets = 0, txBytes = 0): Load => ({
    rxPackets,
    rxBytes,
    txPackets,
    txBytes
  })

  /** The gaps after each load, in microseconds. */
  const gaps = (name: keyof typeof FOLLOWS, from: number, loads: ReadonlyArray<Load>): ReadonlyArray<number> => {
    const rule = FOLLOWS[name](from)
    return loads.map((of) => {
      rule.completed(0, of)
      return rule.moderated(0, 0) / 1000
    })
  }

  it("e1000_set_itr: bulk at once, back in steps of a quarter of the rate", () => {
    const bulk = load(10, 15_000)
    const little = load(2, 200)
    expect(gaps("itr", 50, [little, bulk, little, little, little, little])).toEqual([
      49.92,
      249.856,
      // 4000 and a quarter of 20,000
      111.104,
      71.424,
      52.48,
      49.92
    ])
    // more than 35 small packets are no bulk; few with more than 10,000 bytes are
    expect(gaps("itr", 50, [load(40, 12_000), load(9, 10_100), load(40, 26_000)])).toEqual([49.92, 249.856, 111.104])
    // what is sent counts as well
    expect(gaps("itr", 50, [load(1, 66, 45, 66_000)])).toEqual([249.856])
  })

  it("igb_update_ring_itr: by the mean size, the conservative least", () => {
    expect(gaps("packet-size", 162, [load(0, 0), load(4, 264), load(2, 3028), load(4, 3904), load(1, 9000)])).toEqual([
      162,
      49,
      192,
      83,
      375
    ])
  })

  it("ixgbe_set_itr: by bytes a microsecond, smoothed", () => {
    // 50 us with 1200 bytes are 24 a microsecond: by one class at a time, and a tenth of the way
    expect(gaps("byte-rate", 50, [load(1, 1200), load(1, 1300), load(1, 60)])).toEqual([50, 53, 52])
  })

  it("nv_change_interrupt_mode: more than four packets and the timer takes over, for 2048 quiet polls", () => {
    const rule = FOLLOWS.timer(0)
    rule.completed(1000, load(4, 400))
    expect(rule.moderated(5000, 1000)).toBe(5000)
    rule.completed(6000, load(3, 300, 2, 3000))
    expect(rule.moderated(7000, 6000)).toBe(133_120)
    expect(rule.moderated(2000 * 133_120 + 1, 6000)).toBe(2001 * 133_120)
    // 2048 ticks without work later each packet interrupts again
    expect(rule.moderated(2051 * 133_120 + 1, 6000)).toBe(2051 * 133_120 + 1)
  })

  it("looks at no frame too late where frames are counted", () => {
    const moderation = new Moderation({ ...CARDS.bnx2.moderates, rxFrames: 3 }, 0)
    expect(moderation.earliest(100)).toBe(100)
    expect([moderation.received(100), moderation.received(200)]).toEqual([18_100, 18_100])
    expect(moderation.earliest(300)).toBe(300)
    expect(moderation.received(300)).toBe(300)
    moderation.interrupted()
    expect(moderation.received(400)).toBe(18_400)
  })
})
