// A card on USB: transfers of many frames, their memory, the card's buffer, the backlog.
import type { UrbRing } from "#src/usbnet.ts"
import { CARDS, DatagramSocket, Socket } from "@swaplab/net-skb"
import type { Context } from "@swaplab/page-alloc"
import { describe, expect, it } from "vitest"
import { Toy, type ToyOptions } from "./toy.ts"

const US = 1000
const MS = 1_000_000
const FULL = 1472

/** A machine with a USB card that is up, and a reader. */
const machine = (
  options: ToyOptions = {}
): { readonly toy: Toy; readonly socket: DatagramSocket; readonly rx: UrbRing } => {
  const toy = new Toy({ nic: CARDS.smsc95xx, ...options })
  const socket = new DatagramSocket(toy.stack, toy.stack.udpMemory, 1e9)
  toy.nic.open(toy.ctx)
  return { toy, socket, rx: toy.nic.rx as UrbRing }
}

/** Frames of `len` bytes of payload, `gapNs` apart, from now on. */
const stream = (toy: Toy, port: number, frames: number, gapNs: number, len = FULL): void => {
  let left = frames
  const next = toy.sim.queue.register(() => {
    toy.arrive(port, len)
    if (--left > 0) toy.sim.queue.at(toy.sim.now + gapNs, next, 0)
  })
  toy.sim.queue.at(toy.sim.now, next, 0)
}

describe("transfers", () => {
  it("one frame waits for 136 us, and then for the microframe", () => {
    const { socket, toy } = machine()
    stream(toy, socket.port, 1, 0)
    toy.sim.run(249 * US)
    expect(socket.received).toBe(0)
    toy.sim.run(251 * US)
    expect([socket.received, toy.nic.interrupts]).toEqual([1, 1])
  })

  it("at 100 Mbit a frame comes before the card gives up: twelve to a transfer", () => {
    const { socket, toy } = machine()
    stream(toy, socket.port, 120, 123_040)
    toy.sim.run(20 * MS)
    expect([socket.received, toy.nic.interrupts]).toEqual([120, 10])
    toy.nic.checkInvariants()
  })

  it("frames of a transfer share its data: no more memory than one, until the last of them is read", () => {
    const kept: Array<number> = []
    class Keeps extends Socket {
      override rcv(_ctx: Context, skb: number): void {
        kept.push(skb)
      }
    }
    const { rx, toy } = machine()
    const { skbs } = toy.stack
    const idle = toy.objects.objects
    stream(toy, new Keeps(toy.stack, toy.stack.udpMemory, 1e9, 1e9).port, 5, US)
    toy.sim.run(MS)
    expect(kept).toHaveLength(5)
    // five heads and one data area, which is one page here; what each counts is its own length
    expect([toy.objects.objects - idle, skbs.shared.inUse]).toEqual([6, 1])
    expect(kept.map((skb) => skbs.truesize[skb])).toEqual(kept.map(() => 1500 + 18 + 224))
    for (const skb of kept.splice(1)) skbs.kfree(toy.ctx, skb)
    expect([toy.objects.objects - idle, skbs.shared.inUse]).toEqual([2, 1])
    skbs.kfree(toy.ctx, kept[0])
    expect([toy.objects.objects - idle, skbs.shared.inUse, rx.posted]).toEqual([0, 0, 4])
  })
})

describe("without memory", () => {
  it("the last transfers fill up, then the card keeps 20 KiB, then frames are lost; a tick after memory all go on", () => {
    const { rx, socket, toy } = machine()
    // whoever has the heads, but no new transfer
    const submit = toy.stack.netdev.skb.bind(toy.stack.netdev)
    let lacks = true
    toy.stack.netdev.skb = (ctx, length) => lacks ? -1 : submit(ctx, length)
    stream(toy, socket.port, 100, 123_040)
    toy.sim.run(20 * MS)
    // 4 transfers of 12 frames, 13 frames of 1524 bytes in the card
    expect([socket.received, rx.arrived, rx.missed, rx.posted]).toEqual([48, 13, 39, 0])
    expect(rx.allocFailed).toBeGreaterThan(15)
    toy.nic.checkInvariants()
    lacks = false
    toy.sim.run(23 * MS)
    expect([socket.received, rx.arrived, rx.posted]).toEqual([61, 0, 4])
    toy.nic.checkInvariants()
  })

  it("clones cannot be made: what is left of the transfer is lost", () => {
    const { rx, socket, toy } = machine()
    const clone = toy.stack.skbs.clone.bind(toy.stack.skbs)
    let left = 3
    toy.stack.skbs.clone = (ctx, skb) => left-- > 0 ? clone(ctx, skb) : -1
    stream(toy, socket.port, 8, US)
    toy.sim.run(MS)
    expect([socket.received, rx.dropped, toy.nic.rxDroppedTotal]).toEqual([3, 5, 5])
    socket.close(toy.ctx)
    toy.nic.close(toy.ctx)
    expect([toy.packets.inUse, toy.stack.skbs.inUse, toy.objects.objects]).toEqual([0, 0, 0])
  })

  it("clones of a transfer from the reserve are marked, as it is", () => {
    const marks: Array<number> = []
    class Marks extends Socket {
      override rcv(ctx: Context, skb: number): void {
        marks.push(this.stack.skbs.pfmemalloc[skb])
        this.stack.skbs.kfree(ctx, skb)
      }
    }
    const toy = new Toy({ nic: CARDS.smsc95xx, switches: { skbReserve: true, memallocSockets: true } })
    const nbd = new Marks(toy.stack, toy.stack.udpMemory, 1e9, 1e9)
    nbd.setMemalloc()
    toy.exhaust(20)
    toy.nic.open(toy.ctx)
    stream(toy, nbd.port, 3, US)
    toy.sim.run(MS)
    expect(marks).toEqual([1, 1, 1])
  })
})

describe("the backlog", () => {
  it("takes one packet more than net.core.netdev_max_backlog, and counts what it drops", () => {
    const { rx, socket, toy } = machine({ sysctls: { "net.core.netdev_max_backlog": 9 } })
    stream(toy, socket.port, 30, US, 20)
    toy.sim.run(MS)
    expect([socket.received, rx.backlog.dropped, toy.nic.rxDroppedTotal]).toEqual([10, 20, 20])
  })

  it("goes up 64 packets a poll", () => {
    const { socket, toy } = machine()
    stream(toy, socket.port, 100, 100, 20)
    while (socket.received === 0) toy.pass(US)
    expect(socket.received).toBe(64)
    toy.pass(MS)
    expect(socket.received).toBe(100)
  })

  it("every transfer and every packet costs CPU time", () => {
    const { socket, toy } = machine()
    stream(toy, socket.port, 5, US)
    toy.sim.run(250 * US)
    // one posted anew, five packets that are received, and read by their socket
    const reading = 5 * 120
    expect(toy.softirq.busyUntil - 250 * US).toBe(4000 + 5 * 1500 + reading)
  })
})
