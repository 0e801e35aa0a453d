// Every row of the table of cards, by what its columns say.
import { isCardName } from "#src/cards.ts"
import { CARD_NAMES, cardOf, DatagramSocket, Socket } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { Toy } from "./toy.ts"

const MS = 1_000_000

const opened = (name: (typeof CARD_NAMES)[number]): { readonly toy: Toy; readonly socket: DatagramSocket } => {
  const toy = new Toy({ nic: cardOf(name) })
  const socket = new DatagramSocket(toy.stack, toy.stack.udpMemory, 1e9)
  toy.nic.open(toy.ctx)
  return { toy, socket }
}

/** Notes whether what it gets is marked. */
class Marks extends Socket {
  readonly #marks: Array<boolean>

  constructor(toy: Toy, marks: Array<boolean>) {
    super(toy.stack, toy.stack.udpMemory, 1e9, 1e9)
    this.#marks = marks
  }

  override rcv(ctx: Context, skb: number): void {
    this.#marks.push(this.stack.skbs.pfmemalloc[skb] !== 0)
    this.stack.skbs.kfree(ctx, skb)
  }
}

it("knows its names and no others", () => {
  expect(CARD_NAMES.every(isCardName)).toBe(true)
  expect(["e1001", "toString", ""].some(isCardName)).toBe(false)
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
    if (card.refill === "half") expect(toy.nic.rx.posted).toBeGreaterThanOrEqual(card.ring / 2)
    else expect(toy.nic.rx.posted).toBe(card.ring)
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
    const refilling = card.driver === "refilling"
    // where the headers of each packet need memory, packets wait in their slots or are dropped while their pages stay
    const waits = card.page?.header === "packet" && card.page.withoutHeader === "waits"
    const drops = card.page?.header === "packet" && card.page.withoutHeader === "drops"
    // a transfer of a USB card is there, but its frames need heads
    expect([nic.rxMissed > 0, nic.rxDroppedTotal > 0]).toEqual([
      refilling && !drops,
      !refilling || drops || card.usb !== null
    ])
    expect([nic.rx.empty > 0, nic.allocRxBuffFailed > 0]).toEqual([
      refilling && !waits && (!drops || card.refill === "half"),
      refilling && !drops
    ])
    // a USB card keeps 20 KiB of frames
    expect(nic.rx.arrived).toBe(waits ? card.ring : card.usb === null ? 0 : 19)
    // a refilling card can deliver what was posted, if that needs no heads; a recycling one nothing that needs a new buffer
    expect(socket.received > 0).toBe(refilling && !waits && !drops && card.usb === null)
    toy.relent()
    toy.pass(2001 * MS)
    const before = socket.received
    toy.arrive(socket.port, 1000)
    toy.pass(MS)
    expect(socket.received).toBe(before + 1)
    expect([nic.rx.arrived, nic.rx.starves]).toEqual([0, false])
    nic.checkInvariants()
    nic.close(toy.ctx)
  })

  it(`buffers: ${card.buffers}`, () => {
    const { toy } = opened(name)
    const { pages, inUse } = toy.stack.skbs
    const ownSkb = card.driver === "refilling" ? card.page?.header !== "packet" : card.buffers === "kmalloc"
    // an skb per slot stands in the ring unless the buffer alone does, or packets are copied out of buffers of the card's own
    expect(inUse).toBe(ownSkb ? card.ring : 0)
    const copies = card.copyBreak >= card.bufferBytes
    expect(pages.inUse > 0).toBe(card.buffers !== "kmalloc" && card.buffers !== "data" && !copies)
    // half pages: one page a slot at least
    expect(pages.inUse >= card.ring).toBe(card.buffers === "page")
    // data without skbs are objects all the same
    expect(toy.objects.objects > 0).toBe(
      !copies && (card.buffers !== "page" || ownSkb) && (ownSkb || card.buffers === "data")
    )
    expect((card.page !== null) === (card.buffers === "page")).toBe(true)
  })

  it("gives everything back when it goes down", () => {
    const { socket, toy } = opened(name)
    for (let i = 0; i < 20; i++) toy.arrive(socket.port, 1000)
    toy.nic.close(toy.ctx)
    socket.close(toy.ctx)
    toy.stack.netdev.drain(toy.ctx)
    const { objects, packets, stack } = toy
    expect([objects.objects, packets.inUse, stack.skbs.inUse, stack.skbs.pages.inUse]).toEqual([0, 0, 0, 0])
  })

  it("carries the mark of the reserve up where its driver's buffers have it", () => {
    const switches = { skbReserve: true, memallocSockets: true, pageToSkb: true, skbAllocPage: true, gfpSocket: true }
    const toy = new Toy({ nic: card, switches })
    const marks: Array<boolean> = []
    const nbd = new Marks(toy, marks)
    nbd.setMemalloc()
    // what the ring is filled with comes from the reserve, or cannot be had
    toy.exhaust(60)
    toy.nic.open(toy.ctx)
    toy.relent()
    for (let i = 0; i < 5; i++) toy.arrive(nbd.port, 1000)
    toy.pass(MS)
    // igb's slots need a head by GFP_ATOMIC before their page, and so have none
    const marked = card.buffers === "kmalloc" || (card.page?.reserve === true && card.page.header === "packet")
    expect(marks.includes(true)).toBe(marked)
    toy.nic.checkInvariants()
  })

  it("says what it is in the reference", () => {
    expect(card.meaning).not.toBe("")
    expect(opened(name).toy.nic.rx.refills).toBe(card.driver === "refilling")
  })
})
