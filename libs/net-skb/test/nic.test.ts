import { type Card, CARD_NAMES, cardOf, CARDS, DatagramSocket } from "@swaplab/net-skb"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Toy } from "./toy.ts"

const MS = 1_000_000

/** A socket that everything goes to; its queue is emptied after each step so that memory is only held by the NIC. */
const receiver = (toy: Toy): DatagramSocket => new DatagramSocket(toy.stack, toy.stack.udpMemory, 1e9)

describe("receive ring without memory", () => {
  it("a refilling NIC lives on what is posted, then goes deaf, and its watchdog brings it back", () => {
    const toy = new Toy({ nic: CARDS.kmalloc })
    const socket = receiver(toy)
    toy.nic.open(toy.ctx)
    expect(toy.nic.rx.posted).toBe(256)
    toy.exhaust()
    for (let i = 0; i < 400; i++) {
      toy.arrive(socket.port)
      toy.pass(0.1 * MS)
    }
    // the queue holds the memory, so nothing could be refilled
    expect(socket.received).toBe(256)
    expect(toy.nic.rxMissed).toBe(144)
    expect(toy.nic.allocRxBuffFailed).toBeGreaterThan(0)
    expect(toy.nic.rx.empty).toBe(256)
    toy.relent()
    toy.arrive(socket.port)
    expect(toy.nic.rxMissed).toBe(145)
    // an empty ring gets no interrupts: only the watchdog notices
    toy.pass(2000 * MS)
    expect(toy.nic.rx.posted).toBe(256)
    toy.arrive(socket.port)
    toy.pass(1 * MS)
    expect(socket.received).toBe(257)
    toy.nic.checkInvariants()
  })

  const recycling = CARD_NAMES.map((name): [string, Card] => [name, cardOf(name)]).filter(([, { driver }]) =>
    driver === "recycling"
  )

  it.each(recycling)(
    "a recycling NIC (%s) drops everything, keeps its ring, and recovers at once",
    (_name, nic) => {
      const toy = new Toy({ nic })
      const socket = receiver(toy)
      toy.nic.open(toy.ctx)
      const ring = toy.nic.rx.posted
      toy.exhaust()
      for (let i = 0; i < 300; i++) {
        toy.arrive(socket.port, 1000)
        toy.pass(0.1 * MS)
      }
      // a fragment page that was cut before may serve one packet, but its head cannot be had
      expect(socket.received).toBe(0)
      expect(toy.nic.rxDroppedTotal).toBe(300)
      expect(toy.nic.rxMissed).toBe(0)
      toy.relent()
      toy.arrive(socket.port, 1000)
      toy.pass(0.1 * MS)
      expect(socket.received).toBe(1)
      expect(toy.nic.rx.posted).toBe(ring)
      toy.nic.checkInvariants()
    }
  )

  it("igb uses both halves of a page when the first is free again", () => {
    const toy = new Toy({ nic: CARDS.igb })
    const socket = receiver(toy)
    toy.nic.open(toy.ctx)
    const pages = toy.stack.skbs.pages.inUse
    for (let i = 0; i < 600; i++) {
      toy.arrive(socket.port, 1000)
      toy.pass(0.1 * MS)
      socket.drain(toy.ctx)
    }
    expect(socket.received).toBe(600)
    // half pages stay with their slots; only header fragments come and go
    expect(Math.abs(toy.stack.skbs.pages.inUse - pages)).toBeLessThan(70)
    toy.nic.checkInvariants()
  })

  it("frames, skbs, pages and objects are conserved for any arrivals", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CARD_NAMES),
        fc.array(fc.record({ gapUs: fc.nat(200), len: fc.nat(1400), act: fc.nat(12) }), { maxLength: 300 }),
        (name, steps) => {
          const toy = new Toy({ nic: cardOf(name) })
          const socket = receiver(toy)
          toy.nic.open(toy.ctx)
          for (const { gapUs, len, act } of steps) {
            if (act === 0) toy.exhaust(20)
            else if (act === 1) toy.relent()
            else if (act === 2) socket.drain(toy.ctx)
            else toy.arrive(act === 3 ? 77 : socket.port, len, act === 4 ? 0x88cc : 17)
            toy.pass(gapUs * 1000)
            toy.nic.checkInvariants()
            toy.stack.checkInvariants()
          }
          const { rx } = toy.nic
          expect(
            socket.received + socket.drops + rx.missed + rx.dropped + toy.stack.noSocket + toy.stack.otherProtocols +
              rx.arrived
          ).toBe(toy.packets.allocated)
          toy.relent()
          toy.pass(10 * MS)
          socket.close(toy.ctx)
          toy.nic.close(toy.ctx)
          toy.stack.netdev.drain(toy.ctx)
          expect(toy.packets.inUse).toBe(0)
          expect(toy.stack.skbs.inUse).toBe(0)
          expect(toy.stack.skbs.pages.inUse).toBe(0)
          expect(toy.objects.objects).toBe(0)
          toy.packets.checkInvariants()
        }
      ),
      { seed: 7, numRuns: 60 }
    )
  })
})

describe("interrupts and softirqs", () => {
  it("keeps the gap between interrupts and handles what came meanwhile in one poll", () => {
    const toy = new Toy({ nic: { ...CARDS.e1000, interruptDelayNs: 0, interruptGapNs: 50_000 } })
    const socket = receiver(toy)
    toy.nic.open(toy.ctx)
    for (let i = 0; i < 20; i++) {
      toy.arrive(socket.port)
      toy.pass(10_000)
    }
    toy.pass(MS)
    expect(socket.received).toBe(20)
    // one at once, then one per 50 µs
    expect(toy.nic.interrupts).toBe(5)
  })

  it("300 packets a round, ten rounds, then ksoftirqd", () => {
    // 4000 packets are waiting when the interrupt comes
    const toy = new Toy({ nic: { ...CARDS.r8169, ring: 4000, copyBreak: 16384 } })
    const socket = receiver(toy)
    toy.nic.open(toy.ctx)
    for (let i = 0; i < 4000; i++) toy.arrive(socket.port, 10)
    toy.pass(100 * MS)
    expect(toy.ksoftirqdWoken).toBe(1)
    expect(toy.softirq.timeSqueeze).toBe(10)
    // rounds end when 300 are exceeded: five polls of 64
    expect(socket.received).toBe(10 * 5 * 64)
    expect(toy.softirq.pending).toBe(true)
    let ns = 0
    while (toy.softirq.pending) ns += toy.softirq.ksoftirqd()
    expect(socket.received).toBe(4000)
    expect(ns).toBeGreaterThan(800 * 1500)
    // interrupts work again
    toy.arrive(socket.port, 10)
    toy.pass(MS)
    expect(socket.received).toBe(4001)
  })

  it("the CPU time of a poll delays the next one", () => {
    const toy = new Toy({ nic: { ...CARDS.e1000, interruptDelayNs: 0, interruptGapNs: 0 } })
    const socket = receiver(toy)
    toy.nic.open(toy.ctx)
    toy.arrive(socket.port)
    toy.pass(0)
    expect(socket.received).toBe(1)
    expect(toy.softirq.busyUntil).toBeGreaterThanOrEqual(1500)
    toy.arrive(socket.port)
    toy.pass(1000)
    expect(socket.received).toBe(1)
    toy.pass(2000)
    expect(socket.received).toBe(2)
  })
})

describe("transmit ring", () => {
  it("cuts a long skb into segments; PSH only on the last; holds the skb until it has left", () => {
    const toy = new Toy()
    toy.nic.open(toy.ctx)
    const { stack } = toy
    const skb = stack.skbs.tryAllocSkb(toy.ctx, 272, 0x20, 0)
    Object.assign(stack.tx, { dst: 1, sport: 9, port: 3, seq: 1000, ack: 5, wnd: 6, flags: 0x18, len: 3000, mss: 1448 })
    const before = stack.skbs.inUse
    expect(toy.nic.transmit(toy.ctx, skb)).toBe(0)
    const { packets } = toy
    expect(toy.sentFrames.map((f) => [packets.seq[f], packets.len[f], packets.flags[f], packets.bytes[f]])).toEqual([
      [1000, 1448, 0x10, 1500],
      [2448, 1448, 0x10, 1500],
      [3896, 104, 0x18, 156]
    ])
    expect(stack.skbs.inUse).toBe(before)
    toy.pass(MS)
    expect(stack.skbs.inUse).toBe(before - 1)
    expect(toy.nic.tx.inRing).toBe(0)
  })

  it("keeps an skb while the link is paused", () => {
    let departedFrames = 0
    const toy = new Toy({
      wire: {
        transmit: () => Number.POSITIVE_INFINITY,
        get departedFrames() {
          return departedFrames
        }
      }
    })
    toy.nic.open(toy.ctx)
    const { stack } = toy
    const before = stack.skbs.inUse
    const skb = stack.skbs.tryAllocSkb(toy.ctx, 272, 0x20, 0)
    Object.assign(stack.tx, { dst: 1, sport: 9, port: 3, seq: 0, ack: 0, wnd: 0, flags: 0x10, len: 2000, mss: 1448 })
    toy.nic.transmit(toy.ctx, skb)
    toy.pass(10 * MS)
    departedFrames = 1
    toy.pass(10 * MS)
    expect(stack.skbs.inUse).toBe(before + 1)
    departedFrames = 2
    toy.pass(MS)
    expect(stack.skbs.inUse).toBe(before)
  })

  it("sends in order, whatever is in its rows when they have to become more", () => {
    const toy = new Toy()
    toy.nic.open(toy.ctx)
    const { stack } = toy
    const before = stack.skbs.inUse
    let seq = 0
    // the rows in use lie across the end of the ring when a burst comes that does not fit
    for (const burst of [20, 25, 40, 7, 60, 120, 300]) {
      for (let i = 0; i < burst; i++) {
        const header = { dst: 1, sport: 9, port: 3, seq: seq++, ack: 0, wnd: 0, flags: 0x10, len: 0, mss: 1448 }
        Object.assign(stack.tx, header)
        toy.nic.transmit(toy.ctx, stack.skbs.tryAllocSkb(toy.ctx, 272, 0x20, 0))
      }
      // time for some of them
      toy.pass(0.01 * MS)
      toy.nic.checkInvariants()
    }
    for (let i = 0; i < 20; i++) toy.pass(MS)
    expect(toy.sentFrames.map((frame) => toy.packets.seq[frame])).toEqual(Array.from({ length: seq }, (_, i) => i))
    expect([toy.nic.tx.inRing, toy.nic.tx.inQueue, stack.skbs.inUse]).toEqual([0, 0, before])
  })

  it("queues 1000 skbs behind 256 descriptors, then drops", () => {
    const toy = new Toy()
    toy.nic.open(toy.ctx)
    const { stack } = toy
    Object.assign(stack.tx, { dst: 1, sport: 9, port: 3, seq: 0, ack: 0, wnd: 0, flags: 0x10, len: 0, mss: 1448 })
    let dropped = 0
    for (let i = 0; i < 1300; i++) {
      const skb = stack.skbs.tryAllocSkb(toy.ctx, 272, 0x20, 0)
      dropped += toy.nic.transmit(toy.ctx, skb)
    }
    expect(dropped).toBe(1300 - 1256)
    expect(toy.nic.tx.inQueue).toBe(1000)
    for (let i = 0; i < 20; i++) toy.pass(MS)
    expect(toy.sentFrames.length).toBe(1256)
    toy.nic.checkInvariants()
  })
})
