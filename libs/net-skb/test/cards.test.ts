// Every row of the table of cards, by what its columns say.
import { isCardName } from "#src/cards.ts"
import { RxRing } from "#src/rx-ring.ts"
import { CARD_NAMES, cardOf, DatagramSocket } from "@swaplab/net-skb"
import { describe, expect, it } from "vitest"
import { Toy } from "./toy.ts"

const MS = 1_000_000

const opened = (name: (typeof CARD_NAMES)[number]): { readonly toy: Toy; readonly socket: DatagramSocket } => {
  const toy = new Toy({ nic: cardOf(name) })
  const socket = new DatagramSocket(toy.stack, toy.stack.udpMemory, 1e9)
  toy.nic.open(toy.ctx)
  return { toy, socket }
}

it("knows its names and no others", () => {
  expect(CARD_NAMES.every(isCardName)).toBe(true)
  expect(["e1000e", "toString", ""].some(isCardName)).toBe(false)
})

describe.each(CARD_NAMES)("%s", (name) => {
  const card = cardOf(name)

  it("boots with a full ring and receives and refills more packets than it has slots", () => {
    const { socket, toy } = opened(name)
    expect([toy.nic.rx.posted, toy.nic.rx.size]).toEqual([card.ring, card.ring])
    for (let i = 0; i < 3 * card.ring; i++) {
      toy.arrive(socket.port, i % 1400)
      toy.pass(0.1 * MS)
      socket.drain(toy.ctx)
    }
    toy.pass(2001 * MS)
    expect([socket.received, toy.nic.rxMissed, toy.nic.rxDroppedTotal]).toEqual([3 * card.ring, 0, 0])
    expect(toy.nic.rx.posted).toBe(card.ring)
    toy.nic.checkInvariants()
  })

  it(`${card.driver}: without memory it ${card.driver === "refilling" ? "goes deaf" : "drops and keeps its ring"}`, () => {
    const { socket, toy } = opened(name)
    toy.exhaust()
    for (let i = 0; i < card.ring + 300; i++) {
      toy.arrive(socket.port, 1000)
      toy.pass(0.1 * MS)
    }
    const { nic } = toy
    expect([nic.rxMissed > 0, nic.allocRxBuffFailed > 0, nic.rx.empty > 0, nic.rxDroppedTotal > 0]).toEqual(
      card.driver === "refilling" ? [true, true, true, false] : [false, false, false, true]
    )
    // a refilling card can deliver what was posted, a recycling one nothing that needs a new buffer
    expect(socket.received > 0).toBe(card.driver === "refilling")
    toy.relent()
    toy.pass(2001 * MS)
    toy.arrive(socket.port, 1000)
    const before = socket.received
    toy.pass(MS)
    expect(socket.received).toBe(before + 1)
    nic.checkInvariants()
  })

  it(`buffers: ${card.buffers}`, () => {
    const { toy } = opened(name)
    const { pages, inUse } = toy.stack.skbs
    // an skb per slot stands in the ring unless the buffer alone does, or packets are copied out of buffers of the card's own
    expect(inUse).toBe(card.driver === "refilling" || card.buffers === "kmalloc" ? card.ring : 0)
    const copies = card.copyBreak >= card.bufferBytes
    expect(pages.inUse > 0).toBe(card.buffers !== "kmalloc" && !copies)
    // half pages: one page a slot at least
    expect(pages.inUse >= card.ring).toBe(card.buffers === "page")
  })

  it("says what it is in the reference", () => {
    expect(card.meaning).not.toBe("")
    expect(new RxRing(opened(name).toy.stack, card).refills).toBe(card.driver === "refilling")
  })
})
